import { ByteWriter } from "./byteWriter.ts";
import { ImageWriter } from "./image.ts";
import { noteBytes } from "./notes.ts";

/** A tag of a VMware checkpoint: a number of 4 or 8 bytes, or a block. */
export interface BuiltTag {
  readonly name: string;
  readonly indexes?: readonly number[];
  readonly value: number | bigint | Uint8Array;
  readonly isCompressed?: boolean;
}

export interface BuiltCheckpoint {
  readonly magic?: number;
  readonly groups: Readonly<Record<string, readonly BuiltTag[]>>;
  /** Bytes of padding before the data of a block. */
  readonly padding?: number;
}

/** A VMware checkpoint file: the structures in Volatility's vmware.py. */
export function vmwareFile({ magic = 0xbed2bed2, groups, padding = 3 }: BuiltCheckpoint): Uint8Array {
  const out = new ImageWriter("little");
  const names = Object.keys(groups);
  [magic, 8, names.length].forEach((word, i) => out.u32(4 * i, word));
  names.forEach((name, i) => {
    const at = 12 + 80 * i;
    const start = Math.max(out.end, 12 + 80 * names.length);
    out.put(at, name);
    out.u64(at + 64, start);
    out.put(start, Buffer.concat([...(groups[name] ?? []).map((tag) => tagBytes(tag, padding)), Buffer.alloc(2)]));
    out.u64(at + 72, out.end - start);
  });
  return out.done();
}

function tagBytes({ name, indexes = [], value, isCompressed = false }: BuiltTag, padding: number): Uint8Array {
  const isBlock = value instanceof Uint8Array;
  const size = isBlock ? (isCompressed ? 62 : 63) : typeof value === "bigint" ? 8 : 4;
  const out = new ByteWriter().u16((name.length << 8) | (indexes.length << 6) | size);
  out.u8(...Buffer.from(name));
  for (const index of indexes) out.u32(index);
  if (!isBlock) return Buffer.from(out.int(size, value).done());
  out.u64(value.length).u64(value.length).u16(padding);
  return Buffer.concat([out.done(), Buffer.alloc(padding), value]);
}

/** A page of a Xen guest: its own frame, and the host's if the guest is paravirtualized. */
export interface BuiltGuestPage {
  readonly pfn: number;
  readonly mfn?: number;
  readonly bytes: Uint8Array;
}

export interface BuiltXenCore {
  readonly pages: readonly BuiltGuestPage[];
  /** Registers of a CPU by offset in struct vcpu_guest_context. */
  readonly cpus?: readonly Readonly<Record<number, bigint>>[];
  readonly pageSize?: number;
  readonly withoutHeader?: boolean;
}

/** A core of a Xen guest: Xen's docs/misc/dump-core-format.txt. */
export function xenCoreFile(core: BuiltXenCore): Uint8Array {
  const { pages, cpus = [], pageSize = 4096 } = core;
  const isPv = pages.some(({ mfn }) => mfn !== undefined);
  const frames = new ByteWriter();
  for (const { pfn, mfn } of pages) {
    frames.u64(pfn);
    if (isPv) frames.u64(mfn ?? 0);
  }
  const header = new ByteWriter().u64(isPv ? 0xf00febed : 0xf00febee).u64(cpus.length);
  header.u64(pages.length).u64(pageSize);
  const note = { name: "Xen", type: core.withoutHeader ? 7 : 0x2000001, desc: Uint8Array.from(header.done()) };
  const sections: [name: string, type: number, bytes: Uint8Array][] = [
    ["", 0, new Uint8Array(0)],
    [".shstrtab", 3, new Uint8Array(0)],
    [".note.Xen", 7, noteBytes([note], "little")],
    [".xen_prstatus", 1, Buffer.concat(cpus.map(context))],
    [isPv ? ".xen_p2m" : ".xen_pfn", 1, Uint8Array.from(frames.done())],
    [".xen_pages", 1, Buffer.concat(pages.map(({ bytes }) => bytes))],
  ];
  const names = Buffer.from(sections.map(([name]) => `${name}\0`).join(""));
  sections[1]![2] = names;
  const out = new ImageWriter("little");
  out.put(0, "\x7fELF\x02\x01\x01");
  out.u16(16, 4);
  out.u16(18, 62);
  out.u32(20, 1);
  out.u64(40, 64);
  out.u16(52, 64);
  out.u16(58, 64);
  out.u16(60, sections.length);
  out.u16(62, 1);
  let data = 64 + 64 * sections.length;
  sections.forEach(([name, type, bytes], i) => {
    const at = 64 + 64 * i;
    out.u32(at, names.indexOf(`${name}\0`));
    out.u32(at + 4, type);
    out.u64(at + 24, data);
    out.u64(at + 32, bytes.length);
    out.u64(at + 56, 0);
    out.put(data, bytes);
    data += bytes.length;
  });
  return out.done();
}

/** sizeof(struct vcpu_guest_context) of x86_64 (Xen's include/public/arch-x86/xen.h). */
const CONTEXT_BYTES = 5168;

function context(registers: Readonly<Record<number, bigint>>): Uint8Array {
  const out = new ImageWriter("little");
  out.put(CONTEXT_BYTES - 1, "\0");
  for (const [at, value] of Object.entries(registers)) out.u64(Number(at), value);
  return out.done();
}
