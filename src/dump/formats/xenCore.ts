/** Opens cores of Xen guests. */
import { viewOf } from "../../base/bytes.ts";
import { Fault, orThrow } from "../../base/fault.ts";
import { type RandomFile, readBytes, sliceFile } from "../../base/file.ts";
import { type ElfFile, openElf } from "../../elf/elf.ts";
import { elfHeader, ET_CORE, isElf, wordSizeOf } from "../../elf/elfHeader.ts";
import { readNotes } from "../../elf/notes.ts";
import type { DumpFormat, DumpImage, OpenOptions } from "../format.ts";
import { cutFact, memoryImage } from "../memoryImage.ts";
import { PageRuns } from "../pageRuns.ts";
import { FILE_ENDS } from "../pages.ts";
import { type ProcessorRegisters, processorNotes } from "../processorNotes.ts";
import { CONTEXT_BYTES, contextRegisters } from "../xen/guestContext.ts";
import { FrameTable, type GuestPages, MAX_FRAME } from "../xen/guestFrames.ts";

/** XEN_ELFNOTE_DUMPCORE_HEADER: four words, the magic number, CPUs, pages, page size. */
const HEADER_NOTE = 0x2000001;
const HEADER_NOTE_BYTES = 32;
/** Maximum number of CPUs that are read; a header may give more. */
const MAX_CPUS = 4096;
/** Shift from CR3 to a page frame (Xen's xen_cr3_to_pfn of x86_64). */
const FRAME_SHIFT = 12n;
/** Maximum number of pages (64 GiB). A larger count is refused, because it may be damaged. */
const MAX_PAGES = 1 << 24;
/** Number of entries of the table of frames that are read at once. */
const BATCH = 1 << 15;

/** ELF cores with sections instead of program headers. */
export const xenCore: DumpFormat = {
  name: "Xen core",
  row: {
    writers: "`xl dump-core`, libvirt's `virsh dump` of Xen guests",
    reads:
      "hardware-virtualized and paravirtualized guests; the registers of x86_64 CPUs. Guests of more than 64 GiB are refused",
    source: "Xen's docs/misc/dump-core-format.txt and include/public/arch-x86/xen.h",
    tested: "a file that libkdumpfile's test generator writes, and built files",
  },
  probe: isXenCore,
  open([file, second], options) {
    if (!file || second) throw Fault.of("corrupt", "a Xen core is one file, not a set");
    return openXenCore(file, options);
  },
};

/** Whether a file is an ELF core of 64 bits with sections and without program headers. */
function isXenCore(head: Uint8Array): boolean {
  if (!isElf(head) || head.length < 64 || head[4] !== 2) return false;
  const view = viewOf(head);
  const little = head[5] === 1;
  return view.getUint16(16, little) === ET_CORE && view.getUint16(56, little) === 0 && view.getUint16(60, little) > 1;
}

function openXenCore(file: RandomFile, options: OpenOptions): DumpImage {
  const elf = openElf(file);
  const { pageSize, count, cpus: cpuCount } = headerOf(elf);
  const pages = sectionOf(elf, ".xen_pages");
  const runs = new PageRuns(file.name);
  const frames = elf.section(".xen_p2m") ? new FrameTable() : undefined;
  let page = 0;
  for (const [guest, host] of framesOf(elf, count, frames !== undefined)) {
    const frame = frames ? host : guest;
    if (frame < MAX_FRAME) {
      runs.add(frame, page * pageSize, pageSize);
      frames?.add(guest, frame);
    }
    page++;
  }
  const read = (at: number): Uint8Array | Fault => {
    const bytes = readBytes(pages, at, pageSize);
    return bytes instanceof Fault || bytes.length === pageSize ? bytes : Fault.of("truncated", FILE_ENDS);
  };
  const host = runs.pages(pageSize, read, options);
  const guest = frames?.present(host);
  const cpus = processorsOf(elf, cpuCount).map((one) => (guest ? withGuestRoot(one, guest) : one));
  return memoryImage(xenCore.name, [file], guest ?? host, {
    byteOrder: elf.byteOrder,
    wordSize: wordSizeOf(elfHeader(file)),
    elfMachine: elf.machine,
    notes: processorNotes(cpus),
    ...(cpus.length > 0 ? { cpus: cpus.length } : {}),
    ...cutFact(file, (elf.section(".xen_pages")?.offset ?? 0) + count * pageSize),
  });
}

/** Reads the note that describes the guest. @throws Fault corrupt if there is none, or its values are impossible */
function headerOf(elf: ElfFile): { readonly pageSize: number; readonly count: number; readonly cpus: number } {
  const { name } = elf.file;
  const { offset, size } = elf.section(".note.Xen") ?? { offset: 0, size: 0 };
  const note = readNotes(elf.file, [{ offset, size }], elf.byteOrder).find((one) => one.type === HEADER_NOTE);
  if (!note || note.desc.length < HEADER_NOTE_BYTES)
    throw Fault.of("corrupt", `${name} is not a dump: it is an ELF core without program headers`);
  const word = (at: number): number => Number(viewOf(note.desc).getBigUint64(at, elf.byteOrder === "little"));
  const [count, pageSize] = [word(16), word(24)];
  if (!(pageSize >= 4096 && pageSize <= 1 << 16) || !Number.isInteger(Math.log2(pageSize)))
    throw Fault.of("corrupt", `${name}: a Xen core cannot have pages of ${pageSize} bytes`);
  if (!(count <= MAX_PAGES))
    throw Fault.of("corrupt", `${name}: a Xen core has ${count} pages, but the limit is ${MAX_PAGES}`);
  return { pageSize, count, cpus: Math.min(MAX_CPUS, word(8)) };
}

/** Returns the contents of a section, up to the end of the file. */
function sectionOf(elf: ElfFile, name: string): RandomFile {
  const section = elf.section(name);
  if (!section) throw Fault.of("corrupt", `${elf.file.name}: the Xen core has no section ${name}`);
  return sliceFile(elf.file, section.offset, section.size);
}

/**
 * Yields the two frames of each stored page: the guest's and the host's. If the table has only one frame for each page,
 * it is both.
 */
function* framesOf(elf: ElfFile, count: number, hasPairs: boolean): Generator<readonly [number, number]> {
  const table = sectionOf(elf, hasPairs ? ".xen_p2m" : ".xen_pfn");
  const entryBytes = hasPairs ? 16 : 8;
  const little = elf.byteOrder === "little";
  const entries = Math.min(count, Math.floor(table.size / entryBytes));
  for (let first = 0; first < entries; first += BATCH) {
    const bytes = orThrow(readBytes(table, first * entryBytes, Math.min(BATCH, entries - first) * entryBytes));
    const view = viewOf(bytes);
    for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
      const guest = Number(view.getBigUint64(at, little));
      yield [guest, hasPairs ? Number(view.getBigUint64(at + 8, little)) : guest];
    }
  }
}

/** Returns the registers of each CPU; none if their contexts do not have the size of those of x86_64. */
function processorsOf(elf: ElfFile, count: number): readonly ProcessorRegisters[] {
  if (elf.section(".xen_prstatus")?.size !== count * CONTEXT_BYTES) return [];
  const contexts = sectionOf(elf, ".xen_prstatus");
  return Array.from({ length: Math.min(count, Math.floor(contexts.size / CONTEXT_BYTES)) }, (_, i) =>
    contextRegisters(orThrow(readBytes(contexts, i * CONTEXT_BYTES, CONTEXT_BYTES))),
  );
}

/** Returns registers whose page-table root is an address of the guest. */
function withGuestRoot(registers: ProcessorRegisters, { guestFrame }: GuestPages): ProcessorRegisters {
  const frame = Number((registers["cr3"] ?? 0n) >> FRAME_SHIFT);
  return { ...registers, cr3: BigInt(guestFrame(frame)) << FRAME_SHIFT };
}
