/** Opens ELF cores. */
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import {
  elfHeader,
  ET_CORE,
  isElf,
  programHeaders,
  PT_LOAD,
  PT_NOTE,
  wordSizeOf,
  type ElfHeader,
  type ProgramHeader,
} from "../../elf/elfHeader.ts";
import type { DumpFormat, DumpImage, OpenOptions, Segment } from "../format.ts";
import { dom0Frames } from "../xen/frameLists.ts";
import { Ranges } from "../ranges.ts";
import { eraseinfoOf, readNotes, vmcoreinfoOf, type FileRange } from "../../elf/notes.ts";

/** e_flags of a core that makedumpfile could not complete (makedumpfile's elf_info.h). */
const DUMP_ELF_INCOMPLETE = 1;
const NT_AUXV = 6;
const NT_FILE = 0x46494c45;

/** ELF cores of /proc/vmcore, `makedumpfile -E`, QEMU's dump-guest-memory and /proc/kcore. */
export const elf: DumpFormat = {
  name: "ELF core",
  row: {
    writers:
      "`/proc/vmcore` and `/proc/kcore`, `makedumpfile -E`, QEMU `dump-guest-memory`, `virsh dump --memory-only`, netdump, firmware that saves selected regions",
    reads:
      "32-bit and 64-bit, both byte orders, any number and order of segments; the notes of CPUs, VMCOREINFO, ERASEINFO and device dumps; the memory of a paravirtualized Xen dom0",
    source: "elf(5); fs/proc/vmcore.c; makedumpfile's elf_info.h; Xen's include/public/elfnote.h",
    tested:
      "dumps of kdump, makedumpfile and QEMU, `/proc/kcore` of a guest of x86_64 in the guest itself, and built files",
  },
  probe: isElf,
  open(files, options) {
    const [file] = files;
    if (!file || files.length > 1) throw Fault.of("corrupt", "an ELF core is one file, not a set");
    return openElf(file, options);
  },
};

/** Whether a file with these first bytes is an ELF core, of a kernel or of a process. */
export const isElfCore = (head: Uint8Array): boolean =>
  isElf(head) && head.length > 18 && viewOf(head).getUint16(16, head[5] === 1) === ET_CORE;

function openElf(file: RandomFile, options: OpenOptions): DumpImage {
  const header = elfHeader(file);
  if (header.type !== ET_CORE) {
    throw Fault.of(
      "corrupt",
      `${file.name} is not a dump: it is an ELF file, but not a core (perhaps a vmlinux or a module)`,
    );
  }
  const loads = new Ranges();
  const notePlaces: FileRange[] = [];
  for (const segment of programHeaders(file, header)) {
    if (segment.type === PT_LOAD) addSegment(loads, segment);
    if (segment.type === PT_NOTE) notePlaces.push({ offset: Number(segment.offset), size: Number(segment.filesz) });
  }
  const notes = readNotes(file, notePlaces, header.byteOrder);
  if (loads.lackPhysical && notes.some((note) => note.type === NT_AUXV || note.type === NT_FILE)) {
    throw Fault.of("corrupt", `${file.name} is not a dump of a kernel, but the core of a process, which gdb reads`);
  }
  const vmcoreinfo = vmcoreinfoOf(notes);
  const eraseinfo = eraseinfoOf(notes);
  const pages = loads.pages(file, pageSizeOf(vmcoreinfo), options);
  const frames = dom0Frames(notes, pages, file.name);
  return {
    ...(frames?.present(pages) ?? pages),
    file,
    format: elf.name,
    byteOrder: header.byteOrder,
    wordSize: wordSizeOf(header),
    elfMachine: header.machine,
    notes,
    vmcoreinfo,
    facts: {
      files: [file.name],
      ...(eraseinfo === undefined ? {} : { eraseinfo }),
      ...((header.flags & DUMP_ELF_INCOMPLETE) === 0 ? {} : { incomplete: "no space" }),
      ...(loads.extent > file.size ? { cut: { size: file.size, expected: loads.extent } } : {}),
    },
    get segments() {
      return segments(file, header);
    },
    close: () => file.close(),
  };
}

function addSegment(loads: Ranges, { paddr, offset, filesz, memsz }: ProgramHeader): void {
  // Also drops segments that /proc/kcore marks as having no physical address: all bits set (fs/proc/kcore.c).
  if (paddr + memsz > BigInt(Number.MAX_SAFE_INTEGER)) return;
  loads.add({
    physical: Number(paddr),
    offset: Number(offset),
    fileSize: isExact(offset, filesz, paddr) ? Number(filesz) : 0,
    memorySize: Number(memsz),
  });
}

/** Size that offsets and addresses are multiples of if they have more than 53 bits, so that numbers hold them exactly. */
const EXACT_MULTIPLE = 4096n;
/** Maximum offset in a file, within the signed `loff_t` of Linux. /proc/kcore has offsets of at most 56 bits. */
const MAX_OFFSET = 2n ** 62n;

/**
 * Whether numbers hold the offsets of a segment exactly. In /proc/kcore the offset is the virtual address without its
 * highest bits, 56 bits with five-level page tables (arch/x86/include/asm/pgtable_64.h, kc_vaddr_to_offset).
 */
function isExact(offset: bigint, filesz: bigint, paddr: bigint): boolean {
  const end = offset + filesz;
  return (
    end <= BigInt(Number.MAX_SAFE_INTEGER) ||
    (end <= MAX_OFFSET && offset % EXACT_MULTIPLE === 0n && paddr % EXACT_MULTIPLE === 0n)
  );
}

/**
 * Returns the PT_LOAD segments. They are computed at each call, because most readers need no virtual addresses and some
 * dumps have 100,000 segments.
 */
function segments(file: RandomFile, header: ElfHeader): Segment[] {
  return [...programHeaders(file, header)]
    .filter((one) => one.type === PT_LOAD)
    .map((one) => ({ virtual: one.vaddr, physical: one.paddr, fileSize: one.filesz, memorySize: one.memsz }));
}

/**
 * Returns the page size from VMCOREINFO, because ELF does not record it. Without VMCOREINFO 4096 is used, which gives
 * the same bytes.
 */
function pageSizeOf(vmcoreinfo: string | undefined): number {
  const size = Number(/^PAGESIZE=(\d+)$/m.exec(vmcoreinfo ?? "")?.[1] ?? 4096);
  return size >= 4096 && size <= 1 << 20 && Number.isInteger(Math.log2(size)) ? size : 4096;
}
