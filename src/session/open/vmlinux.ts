/** Opens a vmlinux: its symbols, types, DWARF and read-only bytes. */
import { attempt, Fault } from "../../base/fault.ts";
import { bytesFile, fileHead, openFile, type RandomFile, readBytes } from "../../base/file.ts";
import { once } from "../../base/once.ts";
import { isSystemError } from "../../base/systemError.ts";
import { type Btf, type BtfOptions, openBtf } from "../../debuginfo/btf/btf.ts";
import { openDwarf, type Dwarf } from "../../debuginfo/dwarf/dwarf.ts";
import { type ElfFile, ET_REL, openElf, SHF_ALLOC, SHF_WRITE, SHT_NOBITS } from "../../elf/elf.ts";
import { elfHeader, ET_DYN, ET_EXEC } from "../../elf/elfHeader.ts";
import { elfSymbols } from "../../debuginfo/symbols/elfSymbols.ts";
import type { SymbolSource, TypeSource } from "../../debuginfo/source.ts";
import type { ReadOnlyFallback } from "../../memory/memory.ts";
import { alternateDebug } from "../find/debugLink.ts";
import { type IndexKind, indexKinds, readIndex, writeIndex } from "./indexCache.ts";
import { BOOT_HEAD, isBootImage, kernelOfBootImage } from "./bootImage.ts";
import { whyNoElf, whyNoVmlinux } from "./notVmlinux.ts";
import { isRemoteAddress, openAddressedFile } from "../remote/addressedFile.ts";
import { OpenError, isUnreadable } from "./openError.ts";
import { isText } from "../../dump/recognize.ts";

/** An opened vmlinux. Everything but the symbols is read when first used. */
export interface Vmlinux {
  readonly path: string;
  readonly elf: ElfFile;
  readonly symbols: SymbolSource;
  btf(): Btf | undefined;
  dwarf(): Dwarf | undefined;
  /** Sets where to look up structs that a unit only declares. Call it before the DWARF is opened. */
  completeFrom(find: TypeSource["find"]): void;
  /** Stores the symbols, and the names that were looked up so far, in the index cache. */
  saveIndex(): void;
  /** Returns bytes at a link address that never change while the kernel runs; undefined for other addresses. */
  constant(address: bigint, length: number): Uint8Array | undefined;
  close(): void;
}

/**
 * Opens a kernel image with its debuginfo. The kernel in an x86 boot image (vmlinuz) is unpacked into memory.
 * @param indexes directory of the index cache; undefined for none
 * @throws OpenError if the file is not a vmlinux
 */
export function openVmlinux(path: string, indexes?: string): Vmlinux {
  const file = openKernelFile(path);
  const elf = attempt(() => openElf(file));
  const wrong =
    elf instanceof Fault
      ? whyNoElf(file, elf)
      : (whyNoVmlinux(elf) ?? (isProgram(elf) ? "is not a Linux kernel" : undefined));
  if (elf instanceof Fault || wrong !== undefined) {
    file.close();
    throw new OpenError(`${path} ${wrong}`);
  }
  const { buildId } = elf;
  const kept = (kind: IndexKind): Uint8Array | undefined =>
    indexes === undefined || buildId === undefined ? undefined : readIndex(indexes, buildId, kind);
  const symbols = attempt(() => elfSymbols(elf, undefined, kept("symbols")));
  if (symbols instanceof Fault) {
    file.close();
    throw new OpenError(`${path}: its symbols cannot be read: ${symbols.message}`);
  }
  let definitions: TypeSource["find"] | undefined;
  let opened: Dwarf | undefined;
  const saveIndex = (): void => {
    if (indexes === undefined || buildId === undefined) return;
    const made = { names: opened?.saveNames(), functions: opened?.saveFunctions(), symbols: symbols.save() };
    for (const kind of indexKinds) if (made[kind]) writeIndex(indexes, buildId, kind, made[kind]);
  };
  const dwarf = once(() => {
    opened = dwarfOf(elf, kept);
    if (definitions) opened?.completeFrom(definitions);
    return opened;
  });
  return {
    path,
    elf,
    symbols,
    btf: once(() => btfOf(elf, { declared: () => dwarf()?.types })),
    dwarf,
    completeFrom(find) {
      definitions = find;
    },
    saveIndex,
    constant: (address, length) => constantBytes(elf, symbols, address, length),
    close: () => file.close(),
  };
}

/** Some sections that every kernel has (include/asm-generic/vmlinux.lds.h). */
const KERNEL_SECTIONS: readonly string[] = ["__ksymtab", "__param", "__ex_table", ".init.text", ".data..percpu"];
/** Sections that a linker and a C library give to programs. */
const PROGRAM_SECTIONS: readonly string[] = [".interp", ".init_array", ".eh_frame_hdr"];

/** Whether an ELF file is a user-space program, such as `/bin/ls`. */
const isProgram = (elf: ElfFile): boolean =>
  PROGRAM_SECTIONS.some((name) => elf.section(name)) && !KERNEL_SECTIONS.some((name) => elf.section(name));

/** Opens a file that may be a kernel, unpacked if it is a boot image. @throws OpenError */
function openKernelFile(path: string): RandomFile {
  const file = openNamed(path, "vmlinux");
  const kernel = kernelOfBootImage(file);
  if (kernel === undefined) return file;
  file.close();
  if (kernel instanceof Fault) throw new OpenError(`${path} ${kernel.message}`);
  return kernel;
}

/**
 * Returns the kind of a file by the type in its ELF header. A "program" may be a kernel, a relocatable file may be a
 * module; a boot image is a program. Undefined for all else, and for a file that cannot be read, whose opening reports the reason.
 */
export function elfKind(path: string): "program" | "module" | undefined {
  const kind = attempt(() => {
    try {
      const head = fileHead(path, BOOT_HEAD);
      return isBootImage(head) ? "program" : kindOf(elfHeader(bytesFile(path, head)).type);
    } catch (error) {
      if (isSystemError(error)) return undefined;
      throw error;
    }
  });
  return kind instanceof Fault ? undefined : kind;
}

/** Returns the kind of an ELF file by its type (ET_*); undefined for other types. */
function kindOf(type: number): "program" | "module" | undefined {
  if (type === ET_REL) return "module";
  return type === ET_EXEC || type === ET_DYN ? "program" : undefined;
}

/** Whether a file is certainly a user-space program and not a kernel. @throws OpenError if it cannot be opened */
export function isUserProgram(path: string): boolean {
  const file = openNamed(path, "vmlinux");
  const elf = attempt(() => openElf(file));
  const isOne = !(elf instanceof Fault) && isProgram(elf);
  file.close();
  return isOne;
}

/** Opens a file that the user named, also on a web server. @throws OpenError if it does not exist or cannot be read */
export function openNamed(path: string, what: string): RandomFile {
  if (isRemoteAddress(path)) return openAddressedFile(path);
  try {
    return openFile(path);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT") throw new OpenError(`${path}: no such ${what}`);
    if (code === "EACCES" || code === "EPERM")
      throw new OpenError(`${path}: no permission to read it (open it as root, or change its mode)`);
    if (code === "ELOOP") throw new OpenError(`${path} is a symbolic link that leads to itself; name the ${what}`);
    if (code === "EISDIR") throw new OpenError(`${path} is a directory; name the ${what} in it`);
    const reason = error instanceof Error ? error.message : String(error);
    throw new OpenError(reason.startsWith(`${path}: `) ? reason : `${path}: ${reason}`);
  }
}

/** Opens the BTF of a file. Undefined if there is none or it cannot be read; commands that need types report that. */
export function btfOf(elf: ElfFile, options: Omit<BtfOptions, "pointerSize">): Btf | undefined {
  const section = elf.section(".BTF");
  if (!section || section.size === 0) return undefined;
  const contents = elf.contents(section);
  const btf = attempt(() => openBtf(contents.read(0, contents.size), { ...options, pointerSize: elf.wordSize }));
  return btf instanceof Fault ? undefined : btf;
}

/**
 * Where distributions install separate debuginfo by the path of its file, and the files that dwz shares among binaries
 * by build ID.
 */
export const DEBUG_DIRECTORIES = ["/usr/lib/debug"];

/** Returns the file to which dwz moved a part of the DWARF, if it is missing. */
export function missingAlternate(elf: ElfFile): string | undefined {
  const alternate = elf.section(".debug_info") && alternateDebug(elf, elf.file.name, DEBUG_DIRECTORIES);
  if (typeof alternate === "object") alternate.file.close();
  return typeof alternate === "string" ? alternate : undefined;
}

function dwarfOf(elf: ElfFile, kept: (kind: IndexKind) => Uint8Array | undefined): Dwarf | undefined {
  if (!elf.section(".debug_info")) return undefined;
  const alternate = alternateDebug(elf, elf.file.name, DEBUG_DIRECTORIES);
  const dwarf = attempt(() =>
    openDwarf(elf, {
      names: () => kept("names"),
      functions: () => kept("functions"),
      ...(typeof alternate === "object" && { alternate }),
    }),
  );
  return dwarf instanceof Fault ? undefined : dwarf;
}

/** x86 links data that becomes read-only after boot into .rodata, which is therefore marked writable. */
const RO_AFTER_INIT = ["__start_ro_after_init", "__end_ro_after_init"] as const;

function constantBytes(elf: ElfFile, symbols: SymbolSource, address: bigint, length: number): Uint8Array | undefined {
  const section = elf.sections.find(
    (one) => one.flags & SHF_ALLOC && address >= one.address && address < one.address + BigInt(one.size),
  );
  if (!section || section.type === SHT_NOBITS) return undefined;
  const end = section.address + BigInt(section.size);
  if (address + BigInt(length) > end) return undefined;
  if (section.flags & SHF_WRITE) {
    if (section.name !== ".rodata") return undefined;
    const [from, to] = RO_AFTER_INIT.map((name) => symbols.named(name)[0]?.address);
    if (from === undefined || to === undefined || (address < to && address + BigInt(length) > from)) return undefined;
  }
  const bytes = elf.file.read(section.offset + Number(address - section.address), length);
  return bytes.length === length ? bytes : undefined;
}

/** Returns the fallback for a kernel that runs at its link address plus `bias`. */
export const fallbackOf =
  (vmlinux: Vmlinux, bias: bigint): ReadOnlyFallback =>
  (address, length) =>
    vmlinux.constant(address - bias, length);

/** Whether a file named as a dump is text; false if it cannot be read. */
export function isTextFile(path: string): boolean {
  try {
    const file = openNamed(path, "dump");
    try {
      const head = readBytes(file, 0, 512);
      return !(head instanceof Fault) && isText(head);
    } finally {
      file.close();
    }
  } catch (error) {
    // The error was already reported.
    if (isUnreadable(error)) return false;
    throw error;
  }
}
