/** Reads the table of page frames of a Xen dom0 from its own memory. */
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import type { Note } from "../format.ts";
import type { PhysicalPages } from "../ranges.ts";
import { FrameTable } from "./guestFrames.ts";

/** XEN_ELFNOTE_CRASH_INFO; its last word is `dom0_pfn_to_mfn_frame_list_list` (crash_xen_info_t of Xen's elfcore.h). */
const CRASH_INFO = 0x1000001;
/** Minimum size of the note in bytes; older hypervisors do not write all words before the last. */
const CRASH_INFO_BYTES = 8 * 8;
const ENTRY_BYTES = 8;
/** FOREIGN_FRAME_BIT and IDENTITY_FRAME_BIT: pages that are not the guest's memory (arch/x86/include/asm/xen/page.h). */
const NOT_MEMORY = 0xc000000000000000n;
/** Maximum number of frames, 64 GiB: as many as a Map of V8 can have. */
const MAX_FRAMES = 1 << 24;

/**
 * Returns the frames of dom0; undefined if the dump is not of a Xen host, or dom0 is not paravirtualized. The table has
 * three levels, and the note has the frame of the first: a page with the frames of pages with the frames of the last
 * level, which has the host's frame of each page of dom0 (arch/x86/xen/p2m.c, xen_build_mfn_list_list).
 * @param limit maximum number of frames
 * @throws Fault unknown if dom0 has more
 */
export function dom0Frames(
  notes: readonly Note[],
  host: PhysicalPages,
  name: string,
  limit = MAX_FRAMES,
): FrameTable | undefined {
  const info = notes.find((note) => note.name === "Xen" && note.type === CRASH_INFO)?.desc;
  if (!info || info.length < CRASH_INFO_BYTES) return undefined;
  const top = viewOf(info).getBigUint64(info.length - (info.length % ENTRY_BYTES) - ENTRY_BYTES, true);
  if (top === 0n) return undefined;
  const table = new FrameTable();
  const perPage = host.pageSize / ENTRY_BYTES;
  // Holes of the first two levels all lead to one page without frames (p2m_mid_missing_mfn, p2m_missing).
  const without = new Set<bigint>();
  for (const [i, middle] of entriesOf(host, Number(top))) {
    const before = table.size;
    if (without.has(middle)) continue;
    for (const [j, leaf] of entriesOf(host, Number(middle))) {
      const known = table.size;
      if (leaf === 0n || without.has(leaf)) continue;
      for (const [k, mfn] of entriesOf(host, Number(leaf))) {
        if ((mfn & NOT_MEMORY) !== 0n) continue;
        if (table.size === limit)
          throw Fault.of("unknown", `${name}: dom0 has more than ${limit} pages, which is the limit`);
        table.add((i * perPage + j) * perPage + k, Number(mfn));
      }
      if (table.size === known) without.add(leaf);
    }
    if (table.size === before) without.add(middle);
  }
  return table.size > 0 ? table : undefined;
}

/** Yields the entries of a page with their indexes; none if the dump does not contain the page. */
function* entriesOf(host: PhysicalPages, mfn: number): Generator<[number, bigint]> {
  const page = Number.isSafeInteger(mfn) && mfn > 0 ? host.page(mfn) : undefined;
  if (!page || page instanceof Fault) return;
  const view = viewOf(page);
  for (let i = 0; i * ENTRY_BYTES < page.length; i++) yield [i, view.getBigUint64(i * ENTRY_BYTES, true)];
}
