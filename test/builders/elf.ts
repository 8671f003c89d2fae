import type { ByteOrder } from "../../src/base/bytes.ts";
import { type RandomFile, bytesFile } from "../../src/base/file.ts";
import { ByteWriter } from "./byteWriter.ts";

export interface BuiltSection {
  readonly name: string;
  readonly bytes?: Uint8Array;
  /** Told size, where it is not that of the bytes. */
  readonly size?: number;
  readonly type?: number;
  readonly flags?: number;
  readonly address?: bigint;
  readonly link?: number;
  readonly info?: number;
}

export interface BuiltSymbol {
  readonly name: string;
  readonly value?: bigint;
  readonly size?: number;
  /** Binding << 4 | type; a global function unless told. */
  readonly info?: number;
  /** Index of its section; sections count from 1. */
  readonly section?: number;
}

export interface BuiltElf {
  readonly wordSize?: 4 | 8;
  readonly order?: ByteOrder;
  readonly type?: number;
  readonly machine?: number;
  readonly sections?: readonly BuiltSection[];
  /** Made into .symtab and .strtab, which come after the sections told. */
  readonly symbols?: readonly BuiltSymbol[];
}

const SHT_PROGBITS = 1;
export const SHT_SYMTAB = 2;
const SHT_STRTAB = 3;
export const ALLOC = 2;
export const TEXT = 6;
export const DATA = 3;
export const GLOBAL_FUNCTION = 0x12;
export const LOCAL_FUNCTION = 0x02;

/** An ELF file: header, the contents of the sections, the section headers. */
export function elfBytes(elf: BuiltElf): Uint8Array {
  const { wordSize = 8, order = "little" } = elf;
  const wide = wordSize === 8;
  const sections = [...(elf.sections ?? [])];
  if (elf.symbols) addSymbols(sections, elf.symbols, wide, order);
  sections.push({ name: ".shstrtab", type: SHT_STRTAB });
  const names = new ByteWriter().u8(0);
  const nameOffsets = sections.map(({ name }) => {
    const at = names.length;
    names.text(name);
    return at;
  });
  sections[sections.length - 1] = { name: ".shstrtab", type: SHT_STRTAB, bytes: names.done() };

  const out = new ByteWriter(order);
  out.append([0x7f, 0x45, 0x4c, 0x46, wide ? 2 : 1, order === "little" ? 1 : 2, 1]).align(16);
  out.u16(elf.type ?? 2).u16(elf.machine ?? 62).u32(1); // prettier-ignore
  out.int(wordSize, 0).int(wordSize, 0);
  const tableAt = out.length;
  out.int(wordSize, 0).u32(0).u16(wide ? 64 : 52); // prettier-ignore
  out.u16(wide ? 56 : 32).u16(0).u16(wide ? 64 : 40).u16(sections.length + 1).u16(sections.length); // prettier-ignore
  const offsets = sections.map(({ bytes }) => {
    out.align(8);
    const at = out.length;
    if (bytes) out.append(bytes);
    return at;
  });
  out.align(8).patch(tableAt, wordSize, out.length);
  out.append(new Uint8Array(wide ? 64 : 40));
  sections.forEach((section, i) => {
    const size = section.size ?? section.bytes?.length ?? 0;
    out.u32(nameOffsets[i]!).u32(section.type ?? SHT_PROGBITS).int(wordSize, section.flags ?? 0); // prettier-ignore
    out
      .int(wordSize, section.address ?? 0n)
      .int(wordSize, offsets[i]!)
      .int(wordSize, size);
    out.u32(section.link ?? 0).u32(section.info ?? 0).int(wordSize, 1).int(wordSize, 0); // prettier-ignore
  });
  return out.done();
}

export const elfFile = (elf: BuiltElf, name = "vmlinux"): RandomFile => bytesFile(name, elfBytes(elf));

function addSymbols(sections: BuiltSection[], symbols: readonly BuiltSymbol[], wide: boolean, order: ByteOrder): void {
  const names = new ByteWriter().u8(0);
  const table = new ByteWriter(order).append(new Uint8Array(wide ? 24 : 16));
  for (const { name, value = 0n, size = 0, info = GLOBAL_FUNCTION, section = 1 } of symbols) {
    const nameAt = name === "" ? 0 : names.length;
    if (name !== "") names.text(name);
    table.u32(nameAt);
    if (wide) table.u8(info, 0).u16(section).u64(value).u64(size);
    else table.u32(value).u32(size).u8(info, 0).u16(section);
  }
  sections.push({ name: ".symtab", type: SHT_SYMTAB, bytes: table.done(), link: sections.length + 2 });
  sections.push({ name: ".strtab", type: SHT_STRTAB, bytes: names.done() });
}
