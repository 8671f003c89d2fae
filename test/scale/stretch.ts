/**
 * Stretches a dump to 24 TiB: the memory of a small x86_64 guest in 64 clusters spread over the whole range, with page
 * tables that point there, and 16 million filler pages that share one page of zeros. The file is sparse.
 *
 * Run `node test/scale/stretch.ts DUMP OUTPUT` to keep one: 0.6 GB on disk, a minute.
 */
import { closeSync, openSync, writeSync } from "node:fs";
import { Fault } from "../../src/base/fault.ts";
import { openFile } from "../../src/base/file.ts";
import { toEnd } from "../../src/base/job.ts";
import type { DumpImage } from "../../src/dump/format.ts";
import { openDump } from "../../src/dump/formats.ts";
import { writingKdump } from "../../src/dump/kdump/writeKdump.ts";
import { taskTable } from "../../src/linux/sched/task.ts";
import { utsname } from "../../src/linux/utsname.ts";
import { sessionOver, type Session } from "../../src/session/open/open.ts";

export const STRETCHED_BYTES = 24 * 2 ** 40;
const PAGE = 4096;
const CLUSTERS = 64;
export const FILLERS = 16_000_000;
/** Memory that moves as one: the kernel maps its memory with pages of this size. */
const CHUNK = 2 << 20;
const CHUNK_PAGES = CHUNK / PAGE;

/** `__START_KERNEL_map` (arch/x86/include/asm/page_64_types.h). */
const START_KERNEL_MAP = 0xffffffff80000000n;

// Bits of page-table entries (arch/x86/include/asm/pgtable_types.h).
const PRESENT = 1n;
const PSE = 0x80n;
const FRAME = 0x000ffffffffff000n;
const LARGE_FRAME = 0x000fffffffe00000n;

/** A run of chunks and the page frame number to which its first page moves. */
interface Cluster {
  readonly first: number;
  readonly end: number;
  readonly pfn: number;
}

/** Cuts chunks into clusters; the kernel image stays in one, because it is found by the offset of its first page. */
function clusters(chunks: number, image: { readonly first: number; readonly end: number }): Cluster[] {
  const others = [
    [0, image.first],
    [image.end, chunks],
  ] as const;
  const size = Math.ceil((chunks - (image.end - image.first)) / (CLUSTERS - 3));
  const runs: { first: number; end: number }[] = [image];
  for (const [from, to] of others)
    for (let first = from; first < to; first += size) runs.push({ first, end: Math.min(to, first + size) });
  runs.sort((a, b) => a.first - b.first);
  const most = STRETCHED_BYTES / CHUNK;
  const last = runs.length - 1;
  // The last cluster ends at the top.
  return runs.map(({ first, end }, i) => ({
    first,
    end,
    pfn: (i === last ? most - (end - first) : Math.floor((most / runs.length) * i)) * CHUNK_PAGES,
  }));
}

class Stretching {
  readonly clusters: readonly Cluster[];
  /** Distance in bytes by which the kernel image moved. */
  readonly imageShift: bigint;
  /** Rewritten page tables, by their old page frame number. */
  readonly tables = new Map<number, Uint8Array>();
  private readonly moved: Float64Array;
  private readonly image: DumpImage;

  constructor({ dump, kernel }: Session) {
    this.image = dump;
    // Up to the end of memory; what is behind it, such as a ROM, is not moved.
    const chunks = Math.floor(memoryEnd(dump) / CHUNK_PAGES);
    const bounds = ["_stext", "_end"].map((name) => kernel.symbols.find(name)?.address ?? 0n);
    const [start = 0, end = 0] = bounds.map((address) => Number(this.physical(kernel, address)) / CHUNK);
    this.clusters = clusters(chunks, { first: Math.floor(start), end: Math.ceil(end) });
    this.moved = new Float64Array(chunks);
    for (const { first, end: last, pfn } of this.clusters)
      for (let chunk = first; chunk < last; chunk++) this.moved[chunk] = pfn * PAGE + (chunk - first) * CHUNK;
    const place = BigInt(Math.floor(start) * CHUNK);
    this.imageShift = this.place(place) - place;
    const roots = new Set([kernel.memory.canonical(rootOf(kernel.memory))]);
    for (const task of taskTable(kernel).tasks)
      if (task.at("mm").value() !== 0n) roots.add(this.physical(kernel, task.at("mm").deref().at("pgd").value()));
    for (const root of roots) this.rewrite(root, 4);
  }

  private physical({ memory }: Session["kernel"], address: bigint): bigint {
    // The end of the image need not be mapped.
    const found = memory.translate(address);
    return found instanceof Fault ? address - START_KERNEL_MAP + imageBase(memory) : found.physical;
  }

  /** Returns where a physical address moves. */
  place(physical: bigint): bigint {
    const to = this.moved[Number(physical / BigInt(CHUNK))];
    return to === undefined ? physical : BigInt(to) + (physical % BigInt(CHUNK));
  }

  private rewrite(table: bigint, level: number): void {
    const pfn = Number(table) / PAGE;
    const page = this.image.page(pfn);
    if (this.tables.has(pfn) || page instanceof Fault) return;
    const copy = new Uint8Array(page);
    this.tables.set(pfn, copy);
    const view = new DataView(copy.buffer);
    for (let at = 0; at < PAGE; at += 8) {
      const entry = view.getBigUint64(at, true);
      if ((entry & PRESENT) === 0n) continue;
      const isLarge = level > 1 && (entry & PSE) !== 0n;
      if (isLarge && level > 2) throw new Error("a guest with pages of 1 GiB cannot be stretched");
      const frame = isLarge ? LARGE_FRAME : FRAME;
      if (level > 1 && !isLarge) this.rewrite(entry & frame, level - 1);
      view.setBigUint64(at, (entry & ~frame) | this.place(entry & frame), true);
    }
  }
}

/** Physical address of the kernel's page tables, of which the first level is the page of the first entry read. */
function rootOf(memory: Session["kernel"]["memory"]): bigint {
  const trail: { readonly entryAddress: bigint }[] = [];
  memory.translate(START_KERNEL_MAP + 0x1000000n, trail as never);
  const [first] = trail;
  if (!first) throw new Error("the kernel's page tables were not found");
  return first.entryAddress & FRAME;
}

function imageBase(memory: Session["kernel"]["memory"]): bigint {
  const start = memory.translate(START_KERNEL_MAP + 0x1000000n);
  if (start instanceof Fault) throw start;
  return start.physical - 0x1000000n;
}

/** Page frame number behind the first run of pages. */
function memoryEnd(image: DumpImage): number {
  let pfn = image.next(0);
  while (image.has(pfn)) pfn++;
  return pfn;
}

/** Returns the new page frame numbers, ascending, and for each the old one; -1 is a filler page. */
function pages(stretching: Stretching): { readonly pfns: Float64Array; readonly sources: Int32Array } {
  const own = stretching.clusters.reduce((sum, { first, end }) => sum + (end - first) * CHUNK_PAGES, 0);
  const count = own + FILLERS;
  const pfns = new Float64Array(count);
  const sources = new Int32Array(count).fill(-1);
  const each = Math.floor(FILLERS / stretching.clusters.length);
  let at = 0;
  for (const [i, { first, end, pfn }] of stretching.clusters.entries()) {
    const isLast = i === stretching.clusters.length - 1;
    const fillers = isLast ? FILLERS - each * i : each;
    const fill = (from: number): void => {
      for (let j = 0; j < fillers; j++) pfns[at++] = from + j;
    };
    if (isLast) fill(pfn - fillers);
    for (let j = 0; j < (end - first) * CHUNK_PAGES; j++) {
      pfns[at] = pfn + j;
      sources[at++] = first * CHUNK_PAGES + j;
    }
    if (!isLast) fill(pfn + (end - first) * CHUNK_PAGES);
  }
  return { pfns, sources };
}

/** Writes the stretched copy of a dump. */
export function stretchDump(source: string, target: string): void {
  const session = sessionOver(openDump([openFile(source)]), { vmcore: [source] });
  const { dump, kernel, memory } = session;
  const stretching = new Stretching(session);
  const { pfns, sources } = pages(stretching);
  const indexOf = new Map<number, number>();
  for (const [i, from] of sources.entries()) if (from >= 0) indexOf.set(pfns[i]!, from);
  const absent = Fault.of("excluded", "filler");
  const physBase = BigInt(memory.vmcoreinfo?.text("NUMBER(phys_base)") ?? 0) + stretching.imageShift;
  const vmcoreinfo = [...(memory.vmcoreinfo?.lines ?? [])].map(([key, value]) =>
    key === "NUMBER(phys_base)" ? `${key}=${physBase}\n` : `${key}=${value}\n`,
  );
  const fd = openSync(target, "w");
  const file = { write: (bytes: Uint8Array, offset: number) => void writeSync(fd, bytes, 0, bytes.length, offset) };
  const none = { sysname: "Linux", nodename: "", release: "", version: "", machine: "", domainname: "" };
  toEnd(
    writingKdump(file, {
      byteOrder: "little",
      abi: { longSize: 8, align64: 8, timevalSize: 16 },
      pageSize: PAGE,
      maxPfn: STRETCHED_BYTES / PAGE,
      utsname: { ...none, ...utsname(kernel) },
      timestamp: 0,
      cpus: kernel.cpuNotes.length,
      physBase,
      dumpLevel: 0,
      // Those of QEMU have the old address of the page tables.
      notes: dump.notes.filter(({ name }) => name === "CORE"),
      vmcoreinfo: vmcoreinfo.join(""),
      eraseinfo: "",
      pfns,
      excluded: new Float64Array(),
      source: undefined,
      page(pfn) {
        const from = indexOf.get(pfn);
        return from === undefined ? absent : (stretching.tables.get(from) ?? dump.page(from));
      },
    }),
  );
  closeSync(fd);
  session.close();
}

const [, program, source, target] = process.argv;
if (program?.endsWith("stretch.ts") && source !== undefined && target !== undefined) stretchDump(source, target);
