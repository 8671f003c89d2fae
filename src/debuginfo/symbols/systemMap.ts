/** Symbols of a System.map. */
import { lastAtOrBelow } from "../../base/search.ts";
import { isEndMark } from "./linkerMark.ts";
import { Fault } from "../../base/fault.ts";
import type { RandomFile } from "../../base/file.ts";
import { NameIndex, nameHash } from "./nameIndex.ts";
import type { KSymbol, SymbolSource } from "../source.ts";

/** Maximum size of the file in bytes; real files have about 5 MiB. */
const MAX_FILE = 256 << 20;
/** Maximum length of a line and of a name in bytes. */
const MAX_NAME = 4096;
/**
 * Maximum size of a symbol in bytes. The file has no sizes: a symbol ends where the next begins, but not after a gap
 * between regions.
 */
const MAX_SYMBOL_BYTES = 16n << 20n;
const NEWLINE = 10;

/**
 * Address in hexadecimal, nm's letter, name. /proc/kallsyms has the same form with module names; those lines are
 * skipped.
 */
const LINE = /^([0-9a-f]{8,16}) ([A-Za-z?]) ([^\s[]+)$/;

/** Whether a file with these first bytes is a System.map or a copy of /proc/kallsyms. */
export const isSystemMap = (head: Uint8Array): boolean =>
  LINE.test(Buffer.from(head.subarray(0, MAX_NAME)).toString("latin1").split("\n", 1)[0] ?? "");

/**
 * Reads a `System.map`, which scripts/mksysmap makes from `nm -n vmlinux`: one symbol per line, by address. @throws
 * Fault when it is not a System.map, or too large
 */
export function openSystemMap(file: RandomFile): SymbolSource {
  if (file.size > MAX_FILE)
    throw Fault.of("corrupt", `${file.name} has ${file.size} bytes; a System.map has at most ${MAX_FILE}`);
  const map = new SystemMap(file.name, file.read(0, file.size));
  if (map.isEmpty) throw Fault.of("corrupt", `${file.name} is not a System.map: it has no line "address type name"`);
  return map;
}

class SystemMap implements SymbolSource {
  readonly name: string;
  private readonly bytes: Uint8Array;
  /** Start of each symbol's line, and its address, in address order. */
  private readonly lines: Uint32Array;
  private readonly addresses: BigUint64Array;
  private names: NameIndex | undefined;

  constructor(name: string, bytes: Uint8Array) {
    this.name = name;
    this.bytes = bytes;
    const found: { readonly start: number; readonly address: bigint }[] = [];
    for (let start = 0; start < bytes.length; start = this.end(start) + 1) {
      const match = LINE.exec(this.text(start));
      if (match) found.push({ start, address: BigInt(`0x${match[1]}`) });
    }
    // The file is usually sorted. Per-CPU symbols of x86_64 come first in address order too.
    found.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : a.start - b.start));
    this.lines = Uint32Array.from(found, ({ start }) => start);
    this.addresses = BigUint64Array.from(found, ({ address }) => address);
  }

  get isEmpty(): boolean {
    return this.lines.length === 0;
  }

  named(name: string): readonly KSymbol[] {
    this.names ??= this.indexNames();
    return [...this.names.candidates(nameHash(new TextEncoder().encode(name), 0, MAX_NAME))]
      .map((i) => this.symbol(i))
      .filter((symbol) => symbol.name === name);
  }

  at(address: bigint): KSymbol | undefined {
    const last = lastAtOrBelow(this.addresses, address);
    let best: KSymbol | undefined;
    for (let i = last; i >= 0 && this.addresses[i] === this.addresses[last]; i--) {
      const symbol = this.symbol(i);
      if (!best || symbol.type === "T" || best.type !== "T") best = symbol;
    }
    if (best && address > best.address && !/^[tw]$/i.test(best.type) && isEndMark(best.name)) return undefined;
    return best && address - best.address < BigInt(best.size) ? best : undefined;
  }

  *all(): Generator<KSymbol> {
    for (let i = 0; i < this.lines.length; i++) yield this.symbol(i);
  }

  /** Indexes the names, from the last symbol to the first, so that candidates are in address order. */
  private indexNames(): NameIndex {
    const index = new NameIndex(this.lines.length);
    for (let i = this.lines.length - 1; i >= 0; i--)
      index.add(nameHash(new TextEncoder().encode(this.symbol(i).name), 0, MAX_NAME), i);
    return index;
  }

  private symbol(i: number): KSymbol {
    const [, , type = "?", name = ""] = LINE.exec(this.text(this.lines[i] ?? 0)) ?? [];
    const address = this.addresses[i] ?? 0n;
    const gap = (this.addresses[lastAtOrBelow(this.addresses, address) + 1] ?? address) - address;
    return { name, address, size: gap <= MAX_SYMBOL_BYTES ? Number(gap) : 0, type };
  }

  private text(start: number): string {
    const end = Math.min(this.end(start), start + MAX_NAME);
    return Buffer.from(this.bytes.buffer, this.bytes.byteOffset + start, end - start)
      .toString("latin1")
      .trimEnd();
  }

  private end(start: number): number {
    const end = this.bytes.indexOf(NEWLINE, start);
    return end < 0 ? this.bytes.length : end;
  }
}
