/** The `sym` command: translates between symbols and addresses. */
import { demangled } from "../../../base/rust/demangle.ts";
import { hex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import type { KSymbol } from "../../../debuginfo/source.ts";
import { moduleName, moduleRanges, modules, type ModuleRange } from "../../../linux/module/module.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import { command, type Context, type PlacedSection } from "../../language/command.ts";
import { hexNumber } from "../../language/number.ts";
import { isPerCpu } from "../../language/perCpu.ts";
import { record, text, type Piece, type Pieces, addressJson } from "../../../say/piece.ts";
import { SymbolNotFound } from "../../language/symbolNotFound.ts";
import { symbolPiece, symbolFields } from "../../say/symbolPiece.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import type { Fields } from "../../../say/table.ts";

export const sym = command({
  name: "sym",
  readsOnly: true,
  summary: "translate between symbols and addresses",
  usage: "[-l] | [-M] | [-m module] | [-p|-n] | [-q string] | [symbol | vaddr]",
  options: [
    { flag: "-l", help: "all symbols in the order of their addresses" },
    { flag: "-M", help: "all symbols of all modules" },
    { flag: "-m", argument: "module", help: "all symbols of a module" },
    { flag: "-p", help: "also show the symbol before" },
    { flag: "-n", help: "also show the symbol after" },
    { flag: "-q", argument: "string", help: "all symbols whose names contain the string" },
  ],
  description:
    "Translates between symbols and addresses. Each line has the address, the symbol's type as nm(1) writes it, its name, its module, and for text the source line if debuginfo has it.",
  examples: [
    { line: "sym schedule", shows: "The address of a function." },
    { line: "sym -q sysrq", shows: "Symbols with sysrq in their names." },
    { line: "sym -m virtio_blk", shows: "The symbols that a module defines." },
  ],
  records: () => [
    { line: "sym schedule", fields: symbolFields },
    { line: "sym -m virtio_blk", fields: sectionMarkFields },
  ],
  *run(context, args) {
    const { kernel } = context;
    const query = args.value("-q");
    const module = args.value("-m");
    if (args.has("-l")) yield* all(context);
    else if (args.has("-M")) for (const one of modulesByAddress(kernel)) yield* moduleSymbolList(context, one);
    else if (module !== undefined) yield* namedModuleSymbols(context, module);
    else if (query !== undefined) yield* containing(kernel, query);
    else if (args.rest.length === 0) throw new WrongUse("a symbol or an address is missing");
    else for (const word of args.rest) yield* lookUp(kernel, word, args.has("-p"), args.has("-n"));
  },
});

function* lookUp(kernel: Kernel, word: string, withPrevious: boolean, withNext: boolean): Pieces {
  const named = kernel.symbols.named(word);
  const address = hexNumber(word);
  const at = named.length === 0 && address !== undefined ? kernel.symbols.at(address) : undefined;
  if (named.length === 0 && address === undefined) throw new SymbolNotFound(word);
  if (named.length === 0 && !at)
    throw new UsageError(`invalid address: ${word}; it is in no symbol of the kernel or a module`);
  for (const symbol of at ? [at] : named) {
    const before = withPrevious ? kernel.symbols.at(symbol.address - 1n) : undefined;
    if (before) yield symbolPiece(kernel, before);
    yield symbolPiece(kernel, symbol, { address: at && address });
    const after = withNext ? nextSymbol(kernel, symbol) : undefined;
    if (after) yield symbolPiece(kernel, after);
  }
}

/**
 * Returns the nearest symbol above; undefined for the last one. It does not start at this symbol's end, because there
 * is padding between functions.
 */
function nextSymbol({ symbols }: Kernel, { address }: KSymbol): KSymbol | undefined {
  let nearest: bigint | undefined;
  for (const other of symbols.all()) {
    if (other.address > address && (nearest === undefined || other.address < nearest)) nearest = other.address;
  }
  return nearest === undefined ? undefined : symbols.at(nearest);
}

function* all(context: Context): Pieces {
  const { kernel } = context;
  for (const symbol of kernel.symbols.all()) {
    // Absolute symbols are numbers, not addresses; but per-CPU symbols are absolute where their section starts at zero.
    const isNumber = "aA".includes(symbol.type) && !isPerCpu(kernel, symbol);
    if (symbol.module === undefined && !isNumber) yield symbolPiece(kernel, symbol, { plain: true });
  }
  for (const module of modulesByAddress(kernel)) yield* moduleSymbolList(context, module);
}

function* containing(kernel: Kernel, part: string): Pieces {
  let found = false;
  for (const symbol of kernel.symbols.all()) {
    if (!symbol.name.includes(part) && !demangled(symbol.name).includes(part)) continue;
    found = true;
    yield symbolPiece(kernel, symbol, { plain: true });
  }
  if (!found) yield text("(none found)");
}

function modulesByAddress(kernel: Kernel): Obj[] {
  const found = [...modules(kernel)].map((module) => ({ module, base: moduleRanges(module)[0]?.base ?? 0n }));
  return found.sort((a, b) => (a.base < b.base ? -1 : 1)).map(({ module }) => module);
}

function* namedModuleSymbols(context: Context, name: string): Pieces {
  const module = [...modules(context.kernel)].find((one) => moduleName(one) === name);
  if (!module) throw new UsageError(`no module "${name}"; "mod" lists them`);
  yield* moduleSymbolList(context, module);
}

/** Crash's names for the parts of a module's memory. */
const TITLES: Readonly<Record<ModuleRange["kind"], string>> = {
  core: "MODULE",
  init: "MODULE INIT",
  text: "MODULE TEXT",
  data: "MODULE DATA",
  rodata: "MODULE RODATA",
  ro_after_init: "MODULE RO_AFTER_INIT",
  init_text: "MODULE INIT_TEXT",
  init_data: "MODULE INIT_DATA",
  init_rodata: "MODULE INIT_RODATA",
};

function* moduleSymbolList({ kernel, modules: control }: Context, module: Obj): Pieces {
  const name = moduleName(module);
  const symbols: KSymbol[] = [];
  for (const symbol of kernel.symbols.all()) if (symbol.module === name) symbols.push(symbol);
  for (const { kind, base, size } of moduleRanges(module)) {
    const end = base + BigInt(size);
    yield text(`${hex(base)} ${TITLES[kind]} START: ${name}`);
    const marks = sectionMarks(control?.sections(name) ?? [], base, end);
    let mark = 0;
    for (const symbol of symbols) {
      if (symbol.address < base || symbol.address >= end) continue;
      for (let next; (next = marks[mark]) && next.address <= symbol.address; mark++) yield markPiece(next);
      yield symbolPiece(kernel, symbol, { plain: true });
    }
    for (const rest of marks.slice(mark)) yield markPiece(rest);
    // As in crash: the end of a part that v6.4 introduced is its last byte, the end of the two older parts is the byte
    // after it.
    const last = kind === "core" || kind === "init" ? end : end - 1n;
    yield text(`${hex(last)} ${TITLES[kind]} END: ${name}`);
  }
}

/** A mark at the start or end of a section, printed among the symbols. */
interface SectionMark {
  readonly address: bigint;
  readonly section: string;
  readonly edge: "start" | "end";
}

/** The fields of a section's start or end, which `mod -g` adds among a module's symbols. */
const sectionMarkFields: Fields = {
  address: { kind: "address" },
  section: { kind: "text" },
  edge: { kind: "text", about: "start or end" },
};

function sectionMarks(sections: readonly PlacedSection[], base: bigint, end: bigint): SectionMark[] {
  const marks = sections
    .filter(({ address }) => address >= base && address < end)
    .sort((a, b) => (a.address < b.address ? -1 : 1))
    .flatMap(({ name, address, size }): SectionMark[] => [
      { address, section: name, edge: "start" },
      { address: address + BigInt(size), section: name, edge: "end" },
    ]);
  return marks.sort((a, b) => (a.address < b.address ? -1 : a.address > b.address ? 1 : 0));
}

const markPiece = ({ address, section, edge }: SectionMark): Piece =>
  record({ address: addressJson(address), section, edge }, [
    { as: "address", text: hex(address), address },
    ` [${section}]: section ${edge}`,
  ]);
