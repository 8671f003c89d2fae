import type { ByteOrder } from "../../src/base/bytes.ts";
import { Fault } from "../../src/base/fault.ts";
import type { KallsymsTables } from "../../src/debuginfo/symbols/kallsyms.ts";
import type { TargetMemory } from "../../src/debuginfo/targetMemory.ts";

export interface KallsymsOptions {
  readonly order?: ByteOrder;
  readonly wordSize?: 4 | 8;
  readonly encoding: "absolute" | "baseRelative" | "absolutePercpu" | "placeRelative" | "plain";
  /** Two-byte lengths, as since 6.1. */
  readonly wide?: boolean;
  /** Where the addresses lie: before the count (to 6.4) or after the tokens. */
  readonly layout?: "before" | "after";
  /** 64-bit markers, as before 4.20. */
  readonly wideMarkers?: boolean;
}

export interface KallsymsImage {
  readonly memory: TargetMemory;
  readonly tables: KallsymsTables;
  readonly start: bigint;
  readonly end: bigint;
}

/** Memory of `bytes` at `start`, and a fault elsewhere. */
export function memoryOf(
  start: bigint,
  bytes: Uint8Array,
  order: ByteOrder = "little",
  wordSize: 4 | 8 = 8,
): TargetMemory {
  return {
    byteOrder: order,
    wordSize,
    read(address, length) {
      const from = Number(address - start);
      if (from < 0 || from + length > bytes.length) throw Fault.at("missing", address, "not in this image");
      return bytes.slice(from, from + length);
    },
  };
}

/** Letters stand for themselves; these tokens stand for words, as the compressor would have chosen them. */
const words = new Map([
  [1, "Tsys_"],
  [2, "init"],
  [3, "D__"],
]);

/** Writes the tables of scripts/kallsyms.c for symbols in address order, each `[type and name, address]`. */
export function kallsymsImage(
  symbols: readonly (readonly [typeAndName: string, address: bigint])[],
  options: KallsymsOptions,
): KallsymsImage {
  const { order = "little", wordSize = 8, encoding, wide = true, layout = "before", wideMarkers = false } = options;
  const little = order === "little";
  const start = wordSize === 8 ? 0xffffffff82000000n : 0xc1000000n;
  const base = symbols.find(([, address]) => address > 0x10000000n)?.[1] ?? 0n;
  const bytes: number[] = new Array<number>(4096 + 40).fill(0x90);
  const addressHere = (): bigint => start + BigInt(bytes.length);
  const align = (): void => {
    while (bytes.length % wordSize) bytes.push(0);
  };
  const put = (value: bigint, size: number): void => {
    for (let i = 0; i < size; i++) bytes.push(Number((value >> BigInt(8 * (little ? i : size - 1 - i))) & 0xffn));
  };
  const tables: { -readonly [K in keyof KallsymsTables]: KallsymsTables[K] } = {
    names: 0n,
    numSyms: 0n,
    tokenTable: 0n,
    tokenIndex: 0n,
  };

  const putAddresses = (): void => {
    align();
    if (encoding === "absolute") {
      tables.addresses = addressHere();
      for (const [, address] of symbols) put(address, wordSize);
      return;
    }
    tables.offsets = addressHere();
    for (const [, address] of symbols) {
      const low = address < 0x10000000n;
      if (encoding === "placeRelative") put(BigInt.asUintN(32, address - addressHere()), 4);
      else if (encoding === "plain") put(address, 4);
      else if (encoding === "baseRelative") put(BigInt.asUintN(32, address - base), 4);
      else put(BigInt.asUintN(32, low ? address : base - 1n - address), 4);
    }
    align();
    if (encoding === "placeRelative" || encoding === "plain") return;
    tables.relativeBase = addressHere();
    put(base, wordSize);
  };

  if (layout === "before") putAddresses();
  align();
  tables.numSyms = addressHere();
  put(BigInt(symbols.length), 4);
  align();
  tables.names = addressHere();
  const markers: number[] = [];
  symbols.forEach(([text], i) => {
    if (i % 256 === 0) markers.push(bytes.length - Number(tables.names - start));
    const encoded = compress(text);
    if (wide && encoded.length > 127) bytes.push(0x80 | (encoded.length & 0x7f), encoded.length >> 7);
    else bytes.push(encoded.length);
    bytes.push(...encoded);
  });
  align();
  for (const marker of markers) put(BigInt(marker), wideMarkers ? wordSize : 4);
  align();
  tables.tokenTable = addressHere();
  const index: number[] = [];
  const first = bytes.length;
  for (let i = 0; i < 256; i++) {
    index.push(bytes.length - first);
    bytes.push(...new TextEncoder().encode(words.get(i) ?? (i >= 0x20 && i < 0x7f ? String.fromCharCode(i) : "zz")), 0);
  }
  align();
  tables.tokenIndex = addressHere();
  for (const at of index) put(BigInt(at), 2);
  if (layout === "after") putAddresses();
  while (bytes.length % 4096) bytes.push(0);
  return { memory: memoryOf(start, Uint8Array.from(bytes), order, wordSize), tables, start, end: addressHere() };
}

function compress(text: string): number[] {
  const encoded: number[] = [];
  for (let at = 0; at < text.length;) {
    const word = [...words].find(([, word]) => text.startsWith(word, at));
    encoded.push(word ? word[0] : text.charCodeAt(at));
    at += word ? word[1].length : 1;
  }
  return encoded;
}
