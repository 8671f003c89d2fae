/** Saves symbol tables for later sessions. */
import { NameIndex } from "./nameIndex.ts";
import type { SymbolTable } from "./symbolTable.ts";

/** Sizes of a file's `.symtab` and of its names in bytes. */
type Sizes = readonly [symtab: number, names: number];

/** Number of symbols, `Sizes`, and padding to a multiple of 8. */
const HEADER_WORDS = 4;
const HEADER_BYTES = HEADER_WORDS * 4;

/**
 * Returns a symbol table with the index of its names as bytes, in the byte order of this host. Columns are ordered by
 * alignment, so that they can be used in place.
 */
export function saveSymbols(
  { address, name, size, section, info }: SymbolTable,
  { heads, next }: NameIndex,
  [symtab, names]: Sizes,
): Uint8Array<ArrayBuffer> {
  const header = Uint32Array.of(address.length, symtab, names, 0);
  return new Uint8Array(Buffer.concat([header, address, heads, next, name, size, section, info].map(bytesOf)));
}

const bytesOf = ({ buffer, byteOffset, byteLength }: ArrayBufferView): Uint8Array =>
  new Uint8Array(buffer, byteOffset, byteLength);

/** Returns the table that `saveSymbols` saved for these sizes; undefined for anything else. */
export function loadSymbols(
  saved: Uint8Array,
  sizes: Sizes,
): { readonly table: SymbolTable; readonly byName: NameIndex } | undefined {
  if (saved.length < HEADER_BYTES) return undefined;
  // Typed arrays of more than a byte need alignment.
  const { buffer, byteOffset, length } = saved.byteOffset % 8 === 0 ? saved : saved.slice();
  const [count = 0, symtab, names] = new Uint32Array(buffer, byteOffset, HEADER_WORDS);
  if (symtab !== sizes[0] || names !== sizes[1]) return undefined;
  const slots = NameIndex.slots(count);
  if (length !== HEADER_BYTES + count * (8 + 4 + 4 + 4 + 2 + 1) + slots * 4) return undefined;
  let at = byteOffset + HEADER_BYTES;
  const place = (bytes: number): number => (at += bytes) - bytes;
  const address = new Float64Array(buffer, place(count * 8), count);
  const heads = new Int32Array(buffer, place(slots * 4), slots);
  const next = new Int32Array(buffer, place(count * 4), count);
  const table = {
    address,
    name: new Uint32Array(buffer, place(count * 4), count),
    size: new Uint32Array(buffer, place(count * 4), count),
    section: new Uint16Array(buffer, place(count * 2), count),
    info: new Uint8Array(buffer, place(count), count),
  };
  return isAscending(address) ? { table, byName: new NameIndex(count, heads, next) } : undefined;
}

/** Whether the numbers are whole and in order. Any other damage can at worst give a wrong name. */
function isAscending(addresses: Float64Array): boolean {
  let last = -Infinity;
  for (const address of addresses) {
    if (!(address >= last) || !Number.isSafeInteger(address)) return false;
    last = address;
  }
  return true;
}
