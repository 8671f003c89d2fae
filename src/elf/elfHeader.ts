/** Reads ELF headers and program headers. */
import { elfMachineOf } from "../arch/architectures.ts";
import { viewOf, type ByteOrder } from "../base/bytes.ts";
import { Fault, orThrow } from "../base/fault.ts";
import { type RandomFile, readBytes } from "../base/file.ts";

/** Values from the gABI, "ELF Header" and "Program Header", and elf(5). */
export const ET_EXEC = 2;
export const ET_DYN = 3;
export const ET_CORE = 4;
export const PT_LOAD = 1;
export const PT_NOTE = 4;
const ELFCLASS32 = 1;
const ELFCLASS64 = 2;
const ELFDATA2LSB = 1;
const ELFDATA2MSB = 2;
const PN_XNUM = 0xffff;

/** Number of bytes of program headers read at once. */
const BATCH = 1 << 18;
/**
 * Maximum number of program headers, because a damaged count must not fill memory. No machine's memory has more pieces.
 */
const MAX_SEGMENTS = 1 << 22;

export interface ElfHeader {
  readonly byteOrder: ByteOrder;
  readonly elf64: boolean;
  /** ET_*. */
  readonly type: number;
  /** EM_*. */
  readonly machine: number;
  readonly flags: number;
  readonly phoff: number;
  readonly phentsize: number;
  /** Number of program headers, also if it needs more than 16 bits. */
  readonly phnum: number;
  readonly shoff: number;
  readonly shentsize: number;
  /** From the header: 0 if the count is in the first section header. */
  readonly shnum: number;
  /** From the header: SHN_XINDEX if the index is in the first section header. */
  readonly shstrndx: number;
}

/** A program header. Fields beyond 2^53 are invalid, but keep their order. */
export interface ProgramHeader {
  readonly type: number;
  readonly offset: bigint;
  readonly vaddr: bigint;
  readonly paddr: bigint;
  readonly filesz: bigint;
  readonly memsz: bigint;
}

export const isElf = (head: Uint8Array): boolean =>
  head[0] === 0x7f && head[1] === 0x45 && head[2] === 0x4c && head[3] === 0x46;

/** Reads the ELF header. @throws Fault corrupt or truncated when it is not a usable ELF header */
export function elfHeader(file: RandomFile): ElfHeader {
  const head = orThrow(readBytes(file, 0, 64));
  if (!isElf(head)) throw Fault.of("corrupt", `${file.name}: not an ELF file`);
  const [elfClass, data] = [head[4], head[5]];
  if (elfClass !== ELFCLASS32 && elfClass !== ELFCLASS64) {
    throw Fault.of("corrupt", `${file.name}: unknown ELF class ${elfClass ?? "(none)"}`);
  }
  if (data !== ELFDATA2LSB && data !== ELFDATA2MSB) {
    throw Fault.of("corrupt", `${file.name}: unknown ELF byte order ${data ?? "(none)"}`);
  }
  const isElf64 = elfClass === ELFCLASS64;
  if (head.length < (isElf64 ? 64 : 52)) throw Fault.of("truncated", `${file.name}: ends within its ELF header`);
  const little = data === ELFDATA2LSB;
  const view = viewOf(head);
  const word = (at: number): number => (isElf64 ? Number(view.getBigUint64(at, little)) : view.getUint32(at, little));
  const counts = isElf64 ? 52 : 40;
  const header = {
    byteOrder: little ? ("little" as const) : ("big" as const),
    elf64: isElf64,
    type: view.getUint16(16, little),
    machine: view.getUint16(18, little),
    phoff: word(isElf64 ? 32 : 28),
    shoff: word(isElf64 ? 40 : 32),
    flags: view.getUint32(counts - 4, little),
    phentsize: view.getUint16(counts + 2, little),
    phnum: view.getUint16(counts + 4, little),
    shentsize: view.getUint16(counts + 6, little),
    shnum: view.getUint16(counts + 8, little),
    shstrndx: view.getUint16(counts + 10, little),
  };
  if (header.phnum !== PN_XNUM) return header;
  // For more segments than 16 bits can count, sh_info of section header 0 has the number.
  const { shoff } = header;
  const info = shoff > 0 ? orThrow(readBytes(file, shoff + (isElf64 ? 44 : 28), 4)) : new Uint8Array(0);
  return info.length === 4 ? { ...header, phnum: viewOf(info).getUint32(0, little) } : header;
}

/**
 * Yields the program headers, as many as the file holds. @throws Fault corrupt when their count or size is impossible
 */
export function* programHeaders(file: RandomFile, elf: ElfHeader): Generator<ProgramHeader> {
  const { phentsize, phnum } = elf;
  if (phnum === 0) return;
  if (phentsize < (elf.elf64 ? 56 : 32))
    throw Fault.of("corrupt", `${file.name}: program headers cannot have ${phentsize} bytes; the header is damaged`);
  if (phnum > MAX_SEGMENTS)
    throw Fault.of(
      "corrupt",
      `${file.name}: ${phnum} program headers exceed the limit of ${MAX_SEGMENTS}; the header is damaged`,
    );
  const read = elf.elf64 ? programHeader64 : programHeader32;
  const perBatch = Math.max(1, Math.floor(BATCH / phentsize));
  for (let first = 0; first < phnum; first += perBatch) {
    const count = Math.min(perBatch, phnum - first);
    const bytes = orThrow(readBytes(file, elf.phoff + first * phentsize, count * phentsize));
    const view = viewOf(bytes);
    for (let at = 0; at + phentsize <= bytes.length; at += phentsize) yield read(view, at, elf.byteOrder === "little");
    if (bytes.length < count * phentsize) return;
  }
}

const programHeader64 = (view: DataView, at: number, little: boolean): ProgramHeader => ({
  type: view.getUint32(at, little),
  offset: view.getBigUint64(at + 8, little),
  vaddr: view.getBigUint64(at + 16, little),
  paddr: view.getBigUint64(at + 24, little),
  filesz: view.getBigUint64(at + 32, little),
  memsz: view.getBigUint64(at + 40, little),
});

const programHeader32 = (view: DataView, at: number, little: boolean): ProgramHeader => ({
  type: view.getUint32(at, little),
  offset: BigInt(view.getUint32(at + 4, little)),
  vaddr: BigInt(view.getUint32(at + 8, little)),
  paddr: BigInt(view.getUint32(at + 12, little)),
  filesz: BigInt(view.getUint32(at + 16, little)),
  memsz: BigInt(view.getUint32(at + 20, little)),
});

/**
 * Returns the size of a `long` of the machine in bytes. It can differ from the ELF class: QEMU and LPAE kernels write
 * 64-bit ELF for 32-bit machines.
 */
export const wordSizeOf = (elf: ElfHeader): 4 | 8 => (elf.elf64 ? (elfMachineOf(elf.machine)?.wordSize ?? 8) : 4);
