/** Patterns that `search` looks for. */
import type { ByteOrder } from "../../../../base/bytes.ts";
import { valueBytes } from "../../../../model/object.ts";

/** A pattern to look for in memory. */
export interface Needle {
  /** The user's text, printed after the found value; only for symbols and expressions. */
  readonly label: string | undefined;
  /** Length of a match in bytes. */
  readonly length: number;
  /** Whether a match can extend over two pages. */
  readonly crosses: boolean;
  /** Returns the offset of the first match at or after `from`; -1 if there is none. Called for every page of memory. */
  find(bytes: Uint8Array, from: number): number;
}

/** Matches text at any address. */
export function textNeedle(text: string): Needle {
  const wanted = Buffer.from(text, "utf8");
  return {
    label: undefined,
    length: wanted.length,
    crosses: true,
    find: (bytes, from) => asBuffer(bytes).indexOf(wanted, from),
  };
}

const asBuffer = (bytes: Uint8Array): Buffer => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

export interface NumberShape {
  /** Size in bytes. */
  readonly size: 2 | 4 | 8;
  /** Bits that are not compared. */
  readonly mask: bigint;
  readonly byteOrder: ByteOrder;
}

/** Matches a number at an address that is a multiple of its size. */
export function numberNeedle(value: bigint, label: string | undefined, shape: NumberShape): Needle {
  const { size, mask, byteOrder } = shape;
  const type = { kind: "int", name: "", size, signed: false, encoding: "int" } as const;
  const bytesOf = (number: bigint): Uint8Array => valueBytes(type, number, byteOrder);
  const find =
    mask === 0n ? exactly(Buffer.from(bytesOf(value)), size) : masked(bytesOf(value | mask), bytesOf(mask), size);
  return { label, length: size, crosses: false, find };
}

/**
 * Number of bytes of a pattern that are searched natively; the last byte of an 8-byte pattern is compared here. From 8
 * bytes on, Node's Buffer.indexOf uses a search for long patterns, which takes five times as long over a megabyte.
 */
const QUICK_BYTES = 7;

/** Uses the native search for bytes, which is faster than a loop, and skips unaligned matches. */
function exactly(wanted: Buffer, size: number): Needle["find"] {
  const quick = wanted.subarray(0, QUICK_BYTES);
  const last = wanted[QUICK_BYTES];
  return (bytes, from) => {
    const buffer = asBuffer(bytes);
    for (let at = from; ; at++) {
      at = buffer.indexOf(quick, at);
      if (at < 0 || (at % size === 0 && (last === undefined || buffer[at + QUICK_BYTES] === last))) return at;
    }
  };
}

/**
 * Compares `memory | mask` with `wanted`, which is `value | mask`; both are in the target's byte order, so that whole
 * words of the host can be compared whatever its byte order is.
 */
function masked(wanted: Uint8Array, mask: Uint8Array, size: 2 | 4 | 8): Needle["find"] {
  const unit = size === 2 ? 2 : 4;
  const words = (bytes: Uint8Array): Uint16Array | Uint32Array => {
    const aligned = bytes.byteOffset % unit === 0 ? bytes : bytes.slice();
    const count = Math.floor(bytes.length / unit);
    return unit === 2
      ? new Uint16Array(aligned.buffer, aligned.byteOffset, count)
      : new Uint32Array(aligned.buffer, aligned.byteOffset, count);
  };
  const [wantedWords, ignored] = [words(wanted), words(mask)];
  const [first = 0, second = 0] = wantedWords;
  const [firstMask = 0, secondMask = 0] = ignored;
  const step = size / unit;
  return (bytes, from) => {
    const memory = words(bytes);
    for (let i = Math.ceil(from / size) * step; i + step <= memory.length; i += step) {
      if (((memory[i] ?? 0) | firstMask) >>> 0 !== first) continue;
      if (step === 1 || ((memory[i + 1] ?? 0) | secondMask) >>> 0 === second) return i * unit;
    }
    return -1;
  };
}
