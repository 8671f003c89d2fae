/** Symbols of loaded modules. */
import { derivedFor } from "../../model/derived.ts";
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { lastAtOrBelow } from "../../base/search.ts";
import type { KSymbol, SymbolSource } from "../../debuginfo/source.ts";
import { nameHash } from "../../debuginfo/symbols/nameIndex.ts";
import type { Obj } from "../../model/object.ts";
import { type ModuleRange, moduleName, moduleRanges } from "./module.ts";

/** Maximum number of symbols of one module; large GPU drivers have about 60,000. */
const MAX_SYMBOLS = 1 << 19;
/**
 * Maximum number of symbols of all modules, so that damaged module structs do not exhaust the memory of this program.
 */
const MAX_ALL_SYMBOLS = 1 << 22;
/** Maximum length of a symbol's name in bytes. */
const MAX_NAME = 512;
const SHN_UNDEF = 0;

/**
 * Layout of an ELF symbol: size of the symbol in bytes, offsets of its fields (`size` is st_size), and whether values
 * have 64 bits (gABI, "Symbol Table").
 */
const SYM64 = { bytes: 24, info: 4, section: 6, value: 8, size: 16, wide: true } as const;
const SYM32 = { bytes: 16, info: 12, section: 14, value: 4, size: 8, wide: false } as const;

/** Defined symbols of a module by ascending address, in columns. Names are decoded on demand. */
interface Columns {
  readonly address: BigUint64Array;
  /** Size of each symbol's object in bytes (st_size); 0 if not recorded. */
  readonly size: Float64Array;
  /** Offset into the string table. */
  readonly name: Uint32Array;
  /** Letter that nm prints. */
  readonly type: Uint8Array;
  readonly strtab: bigint;
}

/**
 * The symbols that the kernel keeps for a module (`struct mod_kallsyms`): all of its symbols during initialization,
 * then those of its core. Read on first use. If the tables cannot be read there are no symbols, and `fault` has the
 * reason.
 */
export class ModuleSymbols implements SymbolSource {
  readonly name: string;
  private readonly module: Obj<"struct module">;
  private loaded: Columns | Fault | undefined;
  private ranges: readonly ModuleRange[] | undefined;
  private hashes: Int32Array | Fault | undefined;
  private byName: ReadonlyMap<string, readonly number[]> | undefined;

  /** Reads the module's name. @throws Fault if it cannot be read */
  constructor(module: Obj<"struct module">) {
    this.module = module;
    this.name = moduleName(module);
  }

  /** Why there are no symbols; undefined if there are. */
  get fault(): Fault | undefined {
    const columns = this.load();
    return columns instanceof Fault ? columns : undefined;
  }

  named(name: string): readonly KSymbol[] {
    if (!this.mayHave(name)) return [];
    const columns = this.load();
    if (columns instanceof Fault) return [];
    this.byName ??= groupByName(columns, (i) => this.nameOf(columns, i));
    return (this.byName.get(name) ?? []).map((i) => this.symbol(columns, i));
  }

  at(address: bigint): KSymbol | undefined {
    const columns = this.load();
    const range = this.rangeOf(address);
    if (columns instanceof Fault || !range) return undefined;
    let i = lastAtOrBelow(columns.address, address);
    while (i >= 0 && isMappingSymbol(this.nameOf(columns, i))) i--;
    const start = columns.address[i];
    if (start === undefined || start < range.base) return undefined;
    // If several symbols have the same address, prefer a global function, else the first.
    let best = i;
    for (; i >= 0 && columns.address[i] === start; i--) {
      if (columns.type[best] !== 0x54 /* T */ && !isMappingSymbol(this.nameOf(columns, i))) best = i;
    }
    return this.symbol(columns, best);
  }

  *all(): Generator<KSymbol> {
    const columns = this.load();
    if (columns instanceof Fault) return;
    for (let i = 0; i < columns.name.length; i++) {
      const symbol = this.symbol(columns, i);
      if (!isMappingSymbol(symbol.name)) yield symbol;
    }
  }

  private load(): Columns | Fault {
    return (this.loaded ??= attempt(() => readColumns(this.module)));
  }

  /**
   * Returns false if no symbol's name has the hash of this name. This avoids loading the symbols of modules that do not
   * define a name, because loading all takes longer than unwinding the panic's stack.
   */
  private mayHave(name: string): boolean {
    if (this.loaded === undefined) this.hashes ??= attempt(() => readHashes(this.module));
    if (this.hashes === undefined || this.hashes instanceof Fault) return true;
    const bytes = new TextEncoder().encode(name);
    return this.hashes.includes(nameHash(bytes, 0, MAX_NAME));
  }

  private rangeOf(address: bigint): ModuleRange | undefined {
    if (!this.ranges) {
      const ranges = attempt(() => moduleRanges(this.module));
      this.ranges = ranges instanceof Fault ? [] : ranges;
    }
    return this.ranges.find(({ base, size }) => address >= base && address < base + BigInt(size));
  }

  private nameOf(columns: Columns, i: number): string {
    const name = attempt(() =>
      this.module.kernel.memory.cString(columns.strtab + BigInt(columns.name[i] ?? 0), MAX_NAME),
    );
    return name instanceof Fault ? "" : name;
  }

  private symbol(columns: Columns, i: number): KSymbol {
    const address = columns.address[i] ?? 0n;
    return {
      name: this.nameOf(columns, i),
      address,
      size: columns.size[i] || this.distanceToNext(columns, i, address),
      type: String.fromCharCode(columns.type[i] ?? 0x3f),
      module: this.name,
    };
  }

  /** Returns the number of bytes to the next symbol or to the end of the range. */
  private distanceToNext(columns: Columns, i: number, address: bigint): number {
    const range = this.rangeOf(address);
    const end = range ? range.base + BigInt(range.size) : address;
    const next = columns.address[lastAtOrBelow(columns.address, address) + 1] ?? end;
    return Number((next < end ? next : end) - address);
  }
}

/** Returns the symbols of one loaded module. @throws Fault if the module's name cannot be read */
export const moduleSymbols = (module: Obj<"struct module">): ModuleSymbols => new ModuleSymbols(module);

/**
 * Whether a name is not a symbol's: empty, or a mapping symbol of the assembler (kernel/module/kallsyms.c:
 * is_mapping_symbol).
 */
const isMappingSymbol = (name: string): boolean => name === "" || /^(\$|\.L|L0)/.test(name);

function groupByName(columns: Columns, nameOf: (i: number) => string): Map<string, number[]> {
  const map = new Map<string, number[]>();
  for (let i = 0; i < columns.name.length; i++) {
    const name = nameOf(i);
    const same = map.get(name);
    if (same) same.push(i);
    else if (!isMappingSymbol(name)) map.set(name, [i]);
  }
  return map;
}

/**
 * Returns the struct with the addresses of the tables: `struct mod_kallsyms` since v4.5 (commit 8244062ef1e5); before,
 * the module itself. @throws Fault
 */
function tables(module: Obj<"struct module">): Obj {
  if (!module.has("kallsyms")) return module;
  const kallsyms = module.at("kallsyms");
  if (kallsyms.value() === 0n) throw Fault.of("missing", "the module has no symbol table");
  return kallsyms.deref();
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

/** Number of module symbols read so far, for each purpose. */
const symbolsRead = derivedFor("symbols read", (_kernel, _what: string) => ({ count: 0 }));

/**
 * Counts the entries of a symbol table that is about to be read towards the limit for all modules, and returns their
 * number. @param what the purpose, which has a common limit for all modules @throws Fault if a limit is exceeded
 */
function symbolCount(table: Obj, what: string): number {
  const count = table.at("num_symtab").number();
  const all = symbolsRead(table.kernel, what);
  if (count > MAX_SYMBOLS) throw Fault.of("corrupt", `the module has ${count} symbols; the limit is ${MAX_SYMBOLS}`);
  if ((all.count += count) > MAX_ALL_SYMBOLS)
    throw Fault.of("corrupt", `the modules have ${all.count} symbols so far; the limit is ${MAX_ALL_SYMBOLS}`);
  return count;
}

/** Returns the hashes of the names of all symbols, in the order of the symbol table. @throws Fault */
function readHashes(module: Obj<"struct module">): Int32Array {
  const { memory, arch } = module.kernel;
  const table = tables(module);
  const count = symbolCount(table, "names of module symbols");
  const { bytes } = arch.wordSize === 8 ? SYM64 : SYM32;
  const symtab = viewOf(memory.read(table.at("symtab").value(), count * bytes));
  // st_name is the first word of a symbol of either size.
  const offsets = Uint32Array.from({ length: count }, (_, i) =>
    symtab.getUint32(i * bytes, arch.byteOrder === "little"),
  );
  const strtab = table.at("strtab").value();
  const last = offsets.reduce((a, b) => Math.max(a, b), 0);
  const end = last + new TextEncoder().encode(memory.cString(strtab + BigInt(last), MAX_NAME)).length;
  const names = memory.read(strtab, end);
  return Int32Array.from(offsets, (offset) => nameHash(names, offset, MAX_NAME));
}

/** Reads the symbol table of a module. @throws Fault */
function readColumns(module: Obj<"struct module">): Columns {
  const { kernel } = module;
  const table = tables(module);
  const count = symbolCount(table, "module symbols");
  const layout = kernel.arch.wordSize === 8 ? SYM64 : SYM32;
  const symtab = viewOf(kernel.memory.read(table.at("symtab").value(), count * layout.bytes));
  // Exists since Linux kernel commit 1c7651f43777 ("kallsyms: store type information in its own array") (in v5.2).
  const letters = table.has("typetab") ? kernel.memory.read(table.at("typetab").value(), count) : undefined;
  const little = kernel.arch.byteOrder === "little";
  const word = (at: number): bigint =>
    layout.wide ? symtab.getBigUint64(at, little) : BigInt(symtab.getUint32(at, little));
  const defined: number[] = [];
  const address = new BigUint64Array(count);
  for (let i = 0; i < count; i++) {
    address[i] = word(i * layout.bytes + layout.value);
    if (symtab.getUint16(i * layout.bytes + layout.section, little) !== SHN_UNDEF) defined.push(i);
  }
  defined.sort((a, b) => compare(address[a] ?? 0n, address[b] ?? 0n) || a - b);
  return {
    address: BigUint64Array.from(defined, (i) => address[i] ?? 0n),
    size: Float64Array.from(defined, (i) => Number(word(i * layout.bytes + layout.size))),
    name: Uint32Array.from(defined, (i) => symtab.getUint32(i * layout.bytes, little)),
    type: Uint8Array.from(defined, (i) => letters?.[i] ?? symtab.getUint8(i * layout.bytes + layout.info)),
    strtab: table.at("strtab").value(),
  };
}
