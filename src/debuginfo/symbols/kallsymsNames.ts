/** Decompresses names of kallsyms. */
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { HASH_FACTOR, nameHash, NameIndex } from "./nameIndex.ts";
import type { TargetMemory } from "../targetMemory.ts";

/** Maximum length of a name in bytes: KSYM_NAME_LEN of 6.1 and later. */
const MAX_NAME_BYTES = 512;

/** Reads the 256 tokens of which names are made. @throws Fault corrupt, and faults of the memory */
export function readTokens(memory: TargetMemory, tokenTable: bigint, tokenIndex: bigint): Uint8Array[] {
  const index = viewOf(memory.read(tokenIndex, 512));
  const little = memory.byteOrder === "little";
  const last = index.getUint16(510, little);
  const table = memory.read(tokenTable, last + MAX_NAME_BYTES);
  return Array.from({ length: 256 }, (_, i) => {
    const start = index.getUint16(i * 2, little);
    const end = table.indexOf(0, start);
    if (end < 0 || end > start + MAX_NAME_BYTES)
      throw Fault.at("corrupt", tokenTable, `a kallsyms token has no end within ${MAX_NAME_BYTES} bytes`);
    return table.subarray(start, end);
  });
}

/**
 * Returns the offset of each name's length byte; undefined if they exceed the table. @param wide whether a length above
 * 127 has two bytes
 */
export function nameStarts(bytes: Uint8Array, count: number, wide: boolean): Uint32Array | undefined {
  const starts = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    if (at >= bytes.length) return undefined;
    starts[i] = at;
    const first = bytes[at] ?? 0;
    at += wide && first & 0x80 ? 2 + ((first & 0x7f) | ((bytes[at + 1] ?? 0) << 7)) : 1 + first;
  }
  return at <= bytes.length ? starts : undefined;
}

/** Names as compressed by scripts/kallsyms.c, decoded when needed. */
export class KallsymsNames {
  readonly count: number;
  private readonly bytes: Uint8Array;
  private readonly starts: Uint32Array;
  private readonly wide: boolean;
  private readonly tokens: readonly Uint8Array[];
  private readonly texts: readonly string[];
  private index: NameIndex | undefined;

  constructor(bytes: Uint8Array, starts: Uint32Array, wide: boolean, tokens: readonly Uint8Array[]) {
    this.count = starts.length;
    this.bytes = bytes;
    this.starts = starts;
    this.wide = wide;
    this.tokens = tokens;
    this.texts = tokens.map((token) => new TextDecoder("latin1").decode(token));
  }

  /** Returns nm's type letter, then the name. */
  typeAndName(i: number): string {
    const { bytes } = this;
    let at = this.starts[i] ?? 0;
    let length = bytes[at++] ?? 0;
    if (this.wide && length & 0x80) length = (length & 0x7f) | ((bytes[at++] ?? 0) << 7);
    let text = "";
    for (const end = at + length; at < end && text.length < MAX_NAME_BYTES; at++)
      text += this.texts[bytes[at] ?? 0] ?? "";
    return text;
  }

  /** Returns the indexes of a name in order. */
  named(name: string): number[] {
    this.index ??= this.buildIndex();
    const wanted = new TextEncoder().encode(name);
    const hits: number[] = [];
    for (const i of this.index.candidates(nameHash(wanted, 0, wanted.length)))
      if (this.typeAndName(i).slice(1) === name) hits.push(i);
    return hits;
  }

  private buildIndex(): NameIndex {
    const { bytes, starts, wide, tokens } = this;
    const hashes = Int32Array.from(tokens, (token) => nameHash(token, 0, token.length));
    const factors = Int32Array.from(tokens, (token) => power(HASH_FACTOR, token.length));
    // A name's first token begins with the type letter, which is not part of the name.
    const firsts = Int32Array.from(tokens, (token) => nameHash(token, 1, token.length));
    const index = new NameIndex(this.count);
    for (let i = this.count - 1; i >= 0; i--) {
      let at = starts[i] ?? 0;
      let length = bytes[at++] ?? 0;
      if (wide && length & 0x80) length = (length & 0x7f) | ((bytes[at++] ?? 0) << 7);
      const end = at + length;
      let hash = length === 0 ? 0 : (firsts[bytes[at++] ?? 0] ?? 0);
      for (; at < end; at++) {
        const token = bytes[at] ?? 0;
        hash = (Math.imul(hash, factors[token] ?? 0) + (hashes[token] ?? 0)) | 0;
      }
      index.add(hash, i);
    }
    return index;
  }
}

function power(factor: number, exponent: number): number {
  let result = 1;
  for (let i = 0; i < exponent; i++) result = Math.imul(result, factor);
  return result;
}
