/** The kernel's own symbol table. */
import { partitionPoint } from "../../base/search.ts";
import { isEndMark, isLinkerMark, isLockKey } from "./linkerMark.ts";
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { KallsymsNames, nameStarts, readTokens } from "./kallsymsNames.ts";
import type { KSymbol, SymbolSource } from "../source.ts";
import type { TargetMemory } from "../targetMemory.ts";

/** Runtime addresses of the tables of scripts/kallsyms.c, from VMCOREINFO (6.0 on) or `findKallsyms`. */
export interface KallsymsTables {
  readonly names: bigint;
  /** Address of the variable `kallsyms_num_syms`. */
  readonly numSyms: bigint;
  readonly tokenTable: bigint;
  readonly tokenIndex: bigint;
  /** With `kallsyms_offsets` entries have 32 bits; absent in kernels with `kallsyms_addresses`. */
  readonly offsets?: bigint | undefined;
  /** Address of the variable `kallsyms_relative_base`; removed in 7.0. */
  readonly relativeBase?: bigint | undefined;
  readonly addresses?: bigint | undefined;
}

/**
 * Maximum numbers of symbols, and of bytes of their names, because a damaged table can claim any size: real kernels
 * have about 200,000 symbols in 3 MiB.
 */
const MAX_SYMBOLS = 4 * 1024 * 1024;
const MAX_NAMES_BYTES = 64 * 1024 * 1024;
/**
 * Maximum size of a symbol in bytes. The table has no sizes: a symbol ends where the next begins, but not after a gap
 * between regions.
 */
const MAX_SYMBOL_BYTES = 16n * 1024n * 1024n;
/** Maximum number of symbols considered at one address; real kernels have dozens. */
const MAX_ALIASES = 4096;

/** Where `_stext` is: exactly, or within a range. */
export type StextPlace = bigint | { readonly start: bigint; readonly end: bigint };

/**
 * Reads the kernel's own symbol table. @param stext runtime address of `_stext`, which selects the encoding because the
 * table does not name it @throws Fault corrupt when no encoding fits; faults of the memory
 */
export function readKallsyms(memory: TargetMemory, tables: KallsymsTables, stext: StextPlace): SymbolSource {
  const count = viewOf(memory.read(tables.numSyms, 4)).getUint32(0, memory.byteOrder === "little");
  if (count === 0 || count > MAX_SYMBOLS)
    throw Fault.at("corrupt", tables.numSyms, `kallsyms has ${count} symbols, not 1 to ${MAX_SYMBOLS}`);
  const namesBytes = tables.tokenTable - tables.names;
  if (namesBytes <= 0n || namesBytes > MAX_NAMES_BYTES)
    throw Fault.at("corrupt", tables.names, "kallsyms_names does not end before its tokens");
  const bytes = memory.read(tables.names, Number(namesBytes));
  const tokens = readTokens(memory, tables.tokenTable, tables.tokenIndex);
  // Since 6.1 the length of a name above 127 has two bytes; both forms are tried because nothing records it.
  for (const wide of [true, false]) {
    const starts = nameStarts(bytes, count, wide);
    if (!starts) continue;
    const names = new KallsymsNames(bytes, starts, wide, tokens);
    for (const addresses of candidateAddresses(memory, tables, count)) {
      if (fits(names, addresses, stext)) return new Kallsyms(names, addresses);
    }
  }
  throw Fault.at(
    "corrupt",
    tables.names,
    "no known encoding of kallsyms gives the address of _stext; the dump is damaged or the encoding is new",
  );
}

/** Returns the address of symbol `i`, decoded at each call. */
type Addresses = (i: number) => bigint;

/** Computes a symbol's address from its signed 32-bit entry, the entry's own address and `kallsyms_relative_base`. */
type Encoding = (entry: number, place: bigint, base: bigint) => bigint;

/** Meanings of 32-bit entries over time: kallsyms_sym_address() of kernel/kallsyms.c. */
const encodings: readonly { readonly needsBase: boolean; readonly decode: Encoding }[] = [
  // CONFIG_KALLSYMS_ABSOLUTE_PERCPU (x86_64 from 4.6 to 6.14): per-CPU offsets are positive, other entries negative
  { needsBase: true, decode: (entry, _, base) => (entry >= 0 ? BigInt(entry) : base - 1n - BigInt(entry)) },
  { needsBase: true, decode: (entry, _, base) => base + BigInt(entry >>> 0) },
  // 7.0: relative to the entry's own address
  { needsBase: false, decode: (entry, place) => place + BigInt(entry) },
  // 7.0 on 32-bit machines: the address
  { needsBase: false, decode: (entry) => BigInt(entry >>> 0) },
];

function* candidateAddresses(memory: TargetMemory, tables: KallsymsTables, count: number): Generator<Addresses> {
  const little = memory.byteOrder === "little";
  const { offsets, relativeBase, addresses } = tables;
  if (offsets !== undefined) {
    const entries = viewOf(memory.read(offsets, count * 4));
    const base = relativeBase === undefined ? undefined : readWord(memory, relativeBase);
    const bits = memory.wordSize * 8;
    for (const { needsBase, decode } of encodings) {
      if (needsBase !== (base !== undefined)) continue;
      yield (i) => BigInt.asUintN(bits, decode(entries.getInt32(i * 4, little), offsets + BigInt(i * 4), base ?? 0n));
    }
  } else if (addresses !== undefined) {
    const view = viewOf(memory.read(addresses, count * memory.wordSize));
    yield memory.wordSize === 8
      ? (i) => view.getBigUint64(i * 8, little)
      : (i) => BigInt(view.getUint32(i * 4, little));
  }
}

/** Whether symbols are in address order and `_stext` is at its known address, as with the right encoding. */
function fits(names: KallsymsNames, addressOf: Addresses, stext: StextPlace): boolean {
  const step = Math.max(1, Math.floor(names.count / 1024));
  for (let i = step; i < names.count; i += step) if (addressOf(i) < addressOf(i - step)) return false;
  if (typeof stext !== "bigint") {
    return names.named("_stext").some((i) => addressOf(i) >= stext.start && addressOf(i) < stext.end);
  }
  // Found by address, because an index of all names would be built for this alone.
  const last = lastNotAbove(names.count, addressOf, stext);
  for (let i = last; i >= 0 && last - i < MAX_ALIASES && addressOf(i) === stext; i--) {
    if (names.typeAndName(i).slice(1) === "_stext") return true;
  }
  return false;
}

/** Returns the index of the last symbol at or below an address; -1 if there is none. */
const lastNotAbove = (count: number, addressOf: Addresses, address: bigint): number =>
  partitionPoint(count, (i) => addressOf(i) <= address) - 1;

function readWord(memory: TargetMemory, address: bigint): bigint {
  const view = viewOf(memory.read(address, memory.wordSize));
  const little = memory.byteOrder === "little";
  return memory.wordSize === 8 ? view.getBigUint64(0, little) : BigInt(view.getUint32(0, little));
}

/**
 * Whether a symbol is the best name of its address: a global function, and not the second name that a system call
 * without arguments has for 32-bit processes (SYSCALL_DEFINE0, arch/x86/include/asm/syscall_wrapper.h).
 */
const isBest = ({ type, name }: KSymbol): boolean => type === "T" && !name.startsWith("__ia32_sys_");

/**
 * Whether a name is that of an object without bytes, which shares its address with the next one; kallsyms has no sizes.
 */
const isEmpty = (name: string): boolean => isLinkerMark(name) || isLockKey(name);

class Kallsyms implements SymbolSource {
  readonly name = "kallsyms";
  private readonly names: KallsymsNames;
  private readonly addressOf: Addresses;
  private readonly made = new Map<number, KSymbol>();

  constructor(names: KallsymsNames, addressOf: Addresses) {
    this.names = names;
    this.addressOf = addressOf;
  }

  named(name: string): readonly KSymbol[] {
    return this.names.named(name).map((i) => this.symbol(i));
  }

  at(address: bigint): KSymbol | undefined {
    const last = lastNotAbove(this.names.count, this.addressOf, address);
    if (last < 0) return undefined;
    const first = this.firstAt(last);
    let best = this.symbol(first);
    for (let i = first + 1; !isBest(best) && i <= last; i++) {
      const other = this.symbol(i);
      if (!isLinkerMark(other.name) && (other.type === "T" || (isEmpty(best.name) && !isEmpty(other.name))))
        best = other;
    }
    if (address > best.address && !/^[tw]$/i.test(best.type) && isEndMark(best.name)) return undefined;
    return address < best.address + BigInt(Math.max(best.size, 1)) ? best : undefined;
  }

  *all(): Generator<KSymbol> {
    for (let i = 0; i < this.names.count; i++) yield this.make(i);
  }

  private firstAt(last: number): number {
    let first = last;
    while (first > 0 && last - first < MAX_ALIASES && this.addressOf(first - 1) === this.addressOf(last)) first--;
    return first;
  }

  private symbol(i: number): KSymbol {
    let symbol = this.made.get(i);
    if (!symbol) this.made.set(i, (symbol = this.make(i)));
    return symbol;
  }

  private make(i: number): KSymbol {
    const text = this.names.typeAndName(i);
    const address = this.addressOf(i);
    return { name: text.slice(1), address, size: this.sizeOf(i, address), type: text.slice(0, 1) };
  }

  private sizeOf(i: number, address: bigint): number {
    let next = i + 1;
    const end = Math.min(this.names.count, i + MAX_ALIASES);
    while (next < end && this.addressOf(next) === address) next++;
    const gap = next < end ? this.addressOf(next) - address : 0n;
    return gap > 0n && gap <= MAX_SYMBOL_BYTES ? Number(gap) : 0;
  }
}
