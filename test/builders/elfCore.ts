import type { ByteOrder } from "../../src/base/bytes.ts";
import { ImageWriter } from "./image.ts";
import { noteBytes, type BuiltNote } from "./notes.ts";

export interface BuiltSegment {
  readonly physical: number | bigint;
  readonly virtual?: number | bigint;
  readonly bytes: Uint8Array;
  /** What the machine had; as much as the file holds unless given. */
  readonly memorySize?: number | bigint;
}

export interface BuiltCore {
  readonly byteOrder?: ByteOrder;
  readonly elfClass?: 32 | 64;
  readonly machine?: number;
  readonly type?: number;
  readonly flags?: number;
  readonly notes?: readonly BuiltNote[];
  readonly segments: readonly BuiltSegment[];
  /** Bytes between the ELF header and the program headers. */
  readonly gap?: number;
  readonly phentsize?: number;
  /** Writes the number of program headers into section header 0 (PN_XNUM). */
  readonly xnum?: boolean;
}

/** An ELF core file: elf(5). */
export function elfCore(core: BuiltCore): Uint8Array {
  const order = core.byteOrder ?? "little";
  const elf64 = (core.elfClass ?? 64) === 64;
  const out = new ImageWriter(order);
  const word = elf64 ? 8 : 4;
  const headerSize = elf64 ? 64 : 52;
  const shentsize = elf64 ? 64 : 40;
  const phentsize = core.phentsize ?? (elf64 ? 56 : 32);
  const notes = core.notes ? noteBytes(core.notes, order) : undefined;
  const phnum = core.segments.length + (notes ? 1 : 0);
  const shoff = core.xnum ? headerSize + (core.gap ?? 0) : 0;
  const phoff = headerSize + (core.gap ?? 0) + (core.xnum ? shentsize : 0);

  out.put(0, `\x7fELF${elf64 ? "\x02" : "\x01"}${order === "little" ? "\x01" : "\x02"}\x01`);
  out.u16(16, core.type ?? 4);
  out.u16(18, core.machine ?? 62);
  out.u32(20, 1);
  out.word(24 + word, word, phoff);
  out.word(24 + 2 * word, word, shoff);
  const after = 24 + 3 * word;
  out.u32(after, core.flags ?? 0);
  out.u16(after + 4, headerSize);
  out.u16(after + 6, phentsize);
  out.u16(after + 8, core.xnum ? 0xffff : phnum);
  out.u16(after + 10, core.xnum ? shentsize : 0);
  out.u16(after + 12, core.xnum ? 1 : 0);
  out.put(headerSize, "");
  if (core.xnum) out.u32(shoff + (elf64 ? 44 : 28), phnum);

  let data = phoff + phnum * phentsize;
  let at = phoff;
  const header = (
    type: number,
    bytes: Uint8Array,
    virtual: number | bigint,
    physical: number | bigint,
    memory: number | bigint,
  ): void => {
    out.u32(at, type);
    const fields = [data, virtual, physical, bytes.length, memory];
    fields.forEach((value, i) => out.word(at + (elf64 ? 8 : 4) + i * word, word, value));
    out.put(at + phentsize - 1, "\0");
    out.put(data, bytes);
    at += phentsize;
    data += bytes.length;
  };
  if (notes) header(4, notes, 0, 0, 0);
  for (const { physical, virtual, bytes, memorySize } of core.segments)
    header(1, bytes, virtual ?? physical, physical, memorySize ?? bytes.length);
  return out.done();
}
