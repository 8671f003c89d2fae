import { deflateSync } from "node:zlib";
import { snappyCompress } from "hysnappy";

/** A piece of physical memory. */
export interface BuiltRange {
  readonly physical: number;
  readonly bytes: Uint8Array;
}

function limeHeader(magic: string, version: number, { physical, bytes }: BuiltRange): Buffer {
  const header = Buffer.alloc(32);
  header.write(magic, "latin1");
  header.writeUInt32LE(version, 4);
  header.writeBigUInt64LE(BigInt(physical), 8);
  header.writeBigUInt64LE(BigInt(physical + bytes.length - 1), 16);
  return header;
}

/** A LiME image: LiME's README, "LiME Memory Range Header Version 1 Specification". */
export const limeFile = (ranges: readonly BuiltRange[]): Uint8Array =>
  Buffer.concat(ranges.flatMap((range) => [limeHeader("EMiL", 1, range), range.bytes]));

const CHUNK = 1 << 16;

/** A compressed AVML image: AVML's image.rs; framing as in google/snappy, framing_format.txt. */
export function avmlFile(ranges: readonly BuiltRange[]): Uint8Array {
  return Buffer.concat(
    ranges.flatMap((range) => {
      const stream = Buffer.concat([Buffer.from("ff060000734e61507059", "hex"), ...chunks(range.bytes)]);
      const size = Buffer.alloc(8);
      size.writeUInt32LE(stream.length);
      return [limeHeader("AVML", 2, range), stream, size];
    }),
  );
}

function* chunks(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += CHUNK) {
    const plain = bytes.slice(at, at + CHUNK);
    const packed = snappyCompress(plain);
    const isSmaller = packed.length < plain.length;
    const data = isSmaller ? packed : plain;
    const header = Buffer.alloc(8); // type, length of three bytes, checksum, which readers may ignore
    header.writeUInt32LE(((data.length + 4) << 8) | (isSmaller ? 0 : 1));
    yield Buffer.concat([header, data]);
  }
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};
const u64 = (value: number | bigint): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(BigInt(value));
  return bytes;
};
const counted = (text: string): Buffer => Buffer.concat([Buffer.from([text.length]), Buffer.from(text)]);

/** A page in a migration stream. */
export interface StreamPage {
  readonly block: string;
  readonly offset: number;
  readonly page: Uint8Array;
  /** "flags" writes the flags alone, for pages that are refused. */
  readonly as?: "stored" | "zlib" | { readonly flags: number };
}

export interface BuiltStream {
  readonly machine?: string;
  readonly blocks: readonly (readonly [name: string, size: number])[];
  readonly pages: readonly StreamPage[];
  readonly capabilities?: readonly string[];
  /** State of CPUs: registers by position in the section "cpu". */
  readonly cpus?: readonly Uint8Array[];
  /** A section of another kind between the parts of the RAM. */
  readonly hasForeignSection?: boolean;
}

/** A QEMU migration stream: QEMU's docs/devel/migration/main.rst and migration/ram.c. */
export function qemuStreamFile(stream: BuiltStream): Uint8Array {
  const { machine = "pc-q35-7.2", blocks, pages, cpus = [] } = stream;
  const total = blocks.reduce((sum, [, size]) => sum + size, 0);
  const footer = (id: number): Buffer => Buffer.concat([Buffer.from([0x7e]), u32(id)]);
  const capabilities = stream.capabilities ?? [];
  return Buffer.concat([
    Buffer.from("QEVM\0\0\0\x03\x07"),
    u32(machine.length),
    Buffer.from(machine),
    ...(capabilities.length > 0
      ? [
          Buffer.from([5]),
          counted("configuration/capabilities"),
          u32(1),
          u32(capabilities.length),
          ...capabilities.map(counted),
        ]
      : []),
    ...[Buffer.from([1]), u32(2), counted("ram"), u32(0), u32(4)],
    u64(BigInt(total) | 4n),
    ...blocks.flatMap(([name, size]) => [counted(name), u64(size)]),
    ...[u64(0x10), footer(2)],
    ...(stream.hasForeignSection
      ? [Buffer.from([1]), u32(7), counted("dirty-bitmap"), u32(0), u32(1), Buffer.from("anything~"), footer(7)]
      : []),
    ...[Buffer.from([3]), u32(2)],
    ...streamPages(pages),
    ...[u64(0x10), footer(2)],
    ...cpus.flatMap((state, i) => [
      Buffer.from([4]),
      u32(9 + i),
      counted("cpu"),
      u32(i),
      u32(12),
      state,
      footer(9 + i),
    ]),
    Buffer.from([0]),
  ]);
}

function* streamPages(pages: readonly StreamPage[]): Generator<Uint8Array> {
  let before = "";
  for (const { block, offset, page, as = "stored" } of pages) {
    const isZero = as === "stored" && page.every((byte) => byte === page[0]);
    const flags = typeof as === "object" ? as.flags : isZero ? 2 : as === "zlib" ? 0x100 : 8;
    yield u64(BigInt(offset) | BigInt(flags | (block === before ? 0x20 : 0)));
    if (block !== before) yield counted(block);
    before = block;
    const packed = as === "zlib" ? deflateSync(page) : page;
    if (typeof as === "object") continue;
    if (isZero) yield page.subarray(0, 1);
    else if (as === "zlib") yield* [u32(packed.length), packed];
    else yield page;
  }
}
