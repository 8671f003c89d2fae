/** Finds kallsyms in memory. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { type Job, toEnd } from "../../base/job.ts";
import { type KallsymsTables, readKallsyms } from "./kallsyms.ts";
import { nameStarts } from "./kallsymsNames.ts";
import type { SymbolSource } from "../source.ts";
import type { TargetMemory } from "../targetMemory.ts";

/** Number of bytes that are read at once. */
const STEP_BYTES = 4096;
/** Number of bytes between two pauses of the search. */
const PAUSE_BYTES = 1n << 20n;
/** Number of tokens of a table. */
const TOKENS = 256;
/** Maximum length of a token in bytes. A token is two letters to a few words; the longest seen has 40 bytes. */
const MAX_TOKEN_BYTES = 256;
/** Maximum distance from names to tokens in bytes: Debian's 160,000 symbols take 2.2 MB. */
const MAX_NAMES_BYTES = 16 * 1024 * 1024;
/** Minimum number of symbols of a kernel. */
const MIN_SYMBOLS = 1000;

/** Progress of a search in bytes. */
export interface KallsymsProgress {
  readonly done: number;
  readonly total: number;
}

/**
 * Finds kallsyms if VMCOREINFO does not locate it (before 6.0, or no VMCOREINFO): by the shape of
 * `kallsyms_token_index`, then by the tables that scripts/kallsyms.c writes around it. @param start,end runtime range
 * of the kernel image; missing pages are skipped @returns undefined if nothing there is kallsyms
 */
export function* findingKallsyms(
  memory: TargetMemory,
  start: bigint,
  end: bigint,
): Job<SymbolSource | undefined, KallsymsProgress> {
  const total = Number(end - start);
  for (const { address: tokenIndex, isIndex } of tokenIndexes(memory, start, end)) {
    const progress = { done: Number(tokenIndex - start), total };
    if (!isIndex) yield progress;
    const tokenTable = isIndex ? tokenTableBefore(memory, tokenIndex) : undefined;
    if (tokenTable === undefined) continue;
    for (const found of namesBefore(memory, tokenTable)) {
      yield progress;
      if (!found) continue;
      const { numSyms, names, count } = found;
      for (const places of addressTables(memory, { numSyms, tokenIndex, count })) {
        const tables = { numSyms, names, tokenTable, tokenIndex, ...places };
        const symbols = attempt(() => readKallsyms(memory, tables, { start, end }));
        if (!(symbols instanceof Fault)) return symbols;
      }
    }
  }
  return undefined;
}

/** Returns the result of `findingKallsyms`, run without pauses. */
export const findKallsyms = (memory: TargetMemory, start: bigint, end: bigint): SymbolSource | undefined =>
  toEnd(findingKallsyms(memory, start, end));

/** An address of the kernel image: of a token index, or where the search pauses. */
interface SearchAddress {
  readonly address: bigint;
  readonly isIndex: boolean;
}

/** Yields the addresses where 256 ascending 16-bit numbers begin with 0, and an address for each pause. */
function* tokenIndexes(memory: TargetMemory, start: bigint, end: bigint): Generator<SearchAddress> {
  const little = memory.byteOrder === "little";
  for (let page = start; page < end; page += BigInt(STEP_BYTES)) {
    if ((page - start) % PAUSE_BYTES === 0n) yield { address: page, isIndex: false };
    const bytes = attempt(() => memory.read(page, STEP_BYTES));
    if (bytes instanceof Fault) continue;
    const view = viewOf(bytes);
    for (let at = 0; at < STEP_BYTES; at += 4) {
      if (view.getUint16(at, little) !== 0 || !ascendsTo(view.getUint16(at + 2, little), 0)) continue;
      const address = page + BigInt(at);
      const table = attempt(() => memory.read(address, TOKENS * 2));
      if (!(table instanceof Fault) && isTokenIndex(viewOf(table), little)) yield { address, isIndex: true };
    }
  }
}

const ascendsTo = (next: number, last: number): boolean => next >= last + 2 && next <= last + MAX_TOKEN_BYTES;

function isTokenIndex(view: DataView, little: boolean): boolean {
  for (let i = 1; i < TOKENS; i++)
    if (!ascendsTo(view.getUint16(i * 2, little), view.getUint16(i * 2 - 2, little))) return false;
  return true;
}

/**
 * Returns the address of the token table; undefined if there is none. The table ends, except for padding, where its
 * index begins; each token ends with its only NUL.
 */
function tokenTableBefore(memory: TargetMemory, tokenIndex: bigint): bigint | undefined {
  const index = viewOf(memory.read(tokenIndex, TOKENS * 2));
  const starts = Array.from({ length: TOKENS }, (_, i) => index.getUint16(i * 2, memory.byteOrder === "little"));
  const last = starts[TOKENS - 1] ?? 0;
  const nearest = tokenIndex - BigInt(last) - 2n;
  for (let start = nearest & ~3n; start > nearest - BigInt(MAX_TOKEN_BYTES); start -= 4n) {
    const table = attempt(() => memory.read(start, last));
    if (table instanceof Fault) return undefined;
    if (starts.every((at, i) => table.indexOf(0, at) === (starts[i + 1] ?? 0) - 1)) return start;
  }
  return undefined;
}

interface FoundNames {
  readonly numSyms: bigint;
  readonly names: bigint;
  readonly count: number;
}

/**
 * Yields the possible places of `kallsyms_num_syms` before the token table: a number after which that many names and
 * their markers follow. Yields undefined for a pause.
 */
function* namesBefore(memory: TargetMemory, tokenTable: bigint): Generator<FoundNames | undefined> {
  const bytes = readBackwards(memory, tokenTable, MAX_NAMES_BYTES);
  const view = viewOf(bytes);
  const little = memory.byteOrder === "little";
  const origin = tokenTable - BigInt(bytes.length);
  const word = memory.wordSize;
  // The tables are aligned to a word of the machine, and so is the end of `bytes`.
  for (let at = bytes.length - 2 * word; at >= 0; at -= word) {
    const count = view.getUint32(at, little);
    const room = bytes.length - at - word;
    if (count < MIN_SYMBOLS || count * 3 > room || count * 64 < room) continue;
    if (word === 8 && view.getUint32(at + 4, little) !== 0) continue;
    // Pause before each candidate, because checking its names takes milliseconds.
    yield undefined;
    if (!hasMarkers(bytes.subarray(at + word), count, little, word)) continue;
    yield { numSyms: origin + BigInt(at), names: origin + BigInt(at + word), count };
  }
}

/**
 * Whether `kallsyms_markers` follow the names: the offset of every 256th name, in 32 bits since 4.20, before that in a
 * long.
 */
function hasMarkers(names: Uint8Array, count: number, little: boolean, word: number): boolean {
  for (const wide of [true, false]) {
    const starts = nameStarts(names, count, wide);
    if (!starts) continue;
    const lastStart = starts[count - 1] ?? 0;
    const second = starts[256] ?? 0;
    // The last name has at most a few hundred bytes, so that the markers begin soon after it.
    for (let at = lastStart - (lastStart % word); at < Math.min(lastStart + 600, names.length - 2 * word); at += 4) {
      const view = viewOf(names);
      if (view.getUint32(at, little) !== 0) continue;
      if (view.getUint32(at + 4, little) === second) return true;
      if (word === 8 && view.getBigUint64(at, little) === 0n && view.getBigUint64(at + 8, little) === BigInt(second))
        return true;
    }
  }
  return false;
}

/** Returns the possible tables of addresses, by layout: before the count until 6.4, after the tokens since. */
function addressTables(
  memory: TargetMemory,
  { numSyms, tokenIndex, count }: { numSyms: bigint; tokenIndex: bigint; count: number },
): Pick<KallsymsTables, "offsets" | "relativeBase" | "addresses">[] {
  const word = BigInt(memory.wordSize);
  const offsetsBytes = (BigInt(count * 4) + word - 1n) & -word;
  const after = tokenIndex + BigInt(TOKENS * 2);
  return [
    { offsets: numSyms - word - offsetsBytes, relativeBase: numSyms - word },
    { offsets: after, relativeBase: after + offsetsBytes },
    { offsets: after },
    { addresses: numSyms - BigInt(count) * word },
  ];
}

/**
 * Returns the bytes before an address, backwards up to the first page that cannot be read; at least `limit` bytes if
 * all pages can be read, and less than one page more.
 */
function readBackwards(memory: TargetMemory, end: bigint, limit: number): Uint8Array {
  const parts: Uint8Array[] = [];
  let length = 0;
  let at = end;
  while (length < limit) {
    const size = at % BigInt(STEP_BYTES) || BigInt(STEP_BYTES);
    const from = at - size;
    const part = attempt(() => memory.read(from, Number(size)));
    if (part instanceof Fault) break;
    parts.unshift(part);
    length += part.length;
    at = from;
  }
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const part of parts) {
    bytes.set(part, offset);
    offset += part.length;
  }
  return bytes;
}
