/** The command `info` of gdb: lines, symbols, scopes, types, functions, and the selected frame. */
import { attempt, Fault } from "../../../base/fault.ts";
import { hex0x } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { sizeOf } from "../../../debuginfo/ctype.ts";
import type { KSymbol, VariableDeclaration, VariableLocation } from "../../../debuginfo/source.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { addressText } from "../../../model/symbolText.ts";
import { typeName } from "../../../model/typeName.ts";
import { readUnsigned, viewOf } from "../../../base/bytes.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import { runBacktrace } from "./frame.ts";
import { gdbCommand } from "./gdbCommand.ts";
import { addressValue, place } from "./place.ts";
import { frameRecords, infoArguments, infoFrame, infoLocals, infoRegisters } from "./infoFrame.ts";
import { infoFunctions, infoTypes } from "./infoNames.ts";
import { unsupported } from "./unsupported.ts";
import type { Context, Running } from "../../language/command.ts";
import { type Pieces, record, text, addressJson } from "../../../say/piece.ts";
import type { Records } from "../../../say/table.ts";

export const info = gdbCommand({
  name: "info",
  summary: "facts about code, symbols and the selected frame, as gdb",
  usage:
    "line | symbol | address | scope [function | *address | name]\nregisters | locals | args | frame | stack [name ...]\ntypes | functions [regexp]",
  description: `The second word can be abbreviated.

  line FUNCTION or *ADDRESS   the source line and the addresses of its code
  symbol ADDRESS              the symbol that contains an address, and its section
  address NAME                where a symbol is
  scope FUNCTION or *ADDRESS  the variables that are visible there, and where they are
  registers [NAME ...]        the registers of the selected frame that are known
  locals, args                the variables of the selected frame
  frame                       the selected frame: its address, caller, and saved registers
  types, functions [REGEXP]   names that match, by the file that declares them

A frame is selected with frame, up and down. Lines, variables and files need a vmlinux with DWARF.`,
  examples: [
    { line: "info symbol schedule+5", shows: "The symbol at an address." },
    { line: "info registers", shows: "The registers of the selected frame." },
    { line: "info frame", shows: "The selected frame." },
    { line: "info types ^rcu", shows: "Types whose names match." },
  ],
  records: () => infoRecords,
  run: runInfo,
});

/** The second words of `info`, by their shortest forms. */
const subjects: readonly (readonly [name: RegExp, run: (context: Context, words: string) => Running])[] = [
  [/^li(n|ne)?$/, infoLine],
  [/^sy(m|mb|mbo|mbol)?$/, infoSymbol],
  [/^ad(d|dr|dre|dres|dress)?$/, infoAddress],
  [/^sc(o|op|ope)?$/, infoScope],
  [/^(r|re|reg|regi|regis|registe|register|registers|all-reg|all-registers)$/, infoRegisters],
  [/^lo(c|ca|cal|cals)?$/, infoLocals],
  [/^ar(g|gs)?$/, infoArguments],
  [/^(f|fr|fra|fram|frame)$/, infoFrame],
  [/^(s|st|sta|stac|stack)$/, runBacktrace],
  [/^(ty|typ|type|types)$/, infoTypes],
  [/^(fu|fun|func|funct|functi|functio|function|functions)$/, infoFunctions],
];

/** Runs `info`. @throws UsageError for another second word, Fault */
export function* runInfo(context: Context, words: string): Running {
  const [, what = "", rest = ""] = /^(\S*)\s*(.*)$/s.exec(words) ?? [];
  const run = subjects.find(([name]) => name.test(what))?.[1];
  if (what === "") throw new WrongUse("a second word is missing");
  if (!run) throw new UsageError(unsupported("info", words));
  yield* run(context, rest);
}

/** The records of `info`. */
const infoRecords: readonly Records[] = [
  {
    line: "info line schedule",
    fields: {
      file: { kind: "text" },
      line: { kind: "number" },
      start: { kind: "address", about: "of the line's first instruction" },
      end: { kind: "address", about: "of the instruction after the line's" },
    },
  },
  {
    line: "info symbol schedule",
    fields: {
      symbol: { kind: "text" },
      offset: { kind: "number", unit: "bytes" },
      module: { kind: "text" },
    },
  },
  { line: "info address schedule", fields: { symbol: { kind: "text" }, address: { kind: "address" } } },
  ...frameRecords,
  {
    line: "info types ^list_head$",
    fields: { name: { kind: "text" }, file: { kind: "text" }, line: { kind: "number" } },
  },
  { line: "info functions ^yield$", fields: { name: { kind: "text" }, address: { kind: "address" } } },
  {
    line: "info scope schedule",
    fields: { name: { kind: "text" }, type: { kind: "text" }, parameter: { kind: "flag", about: "or a variable" } },
  },
];

function* infoLine(context: Context, words: string): Pieces {
  const { kernel } = context;
  if (words === "") throw new WrongUse("a function or *ADDRESS is missing");
  const at = place(context, words.replace(/^\*/, ""));
  const statement = kernel.code.statement(at);
  if (!statement) return yield text(`No line number information available for address ${addressText(kernel, at)}`);
  const { start, end } = statement;
  const { file, line } = statement.source;
  yield record(
    { file, line, start: addressJson(start), end: addressJson(end) },
    `Line ${line} of "${file}" starts at address ${addressText(kernel, start)} and ends at ${addressText(kernel, end)}.`,
  );
}

/** Maps the symbol types of nm(1) to sections. */
const SECTIONS: Readonly<Record<string, string>> = { t: ".text", d: ".data", r: ".rodata", b: ".bss", w: ".text" };

const sectionOf = ({ type, module }: KSymbol): string => {
  const section = SECTIONS[type.toLowerCase()] ?? "an unknown place";
  return `${section.startsWith(".") ? `section ${section}` : section}${module === undefined ? "" : ` of ${module}`}`;
};

function* infoSymbol(context: Context, words: string): Pieces {
  const at = addressValue(context, words);
  const symbol = context.kernel.symbols.at(at);
  if (!symbol) return yield text(`No symbol matches ${words}.`);
  const offset = at - symbol.address;
  yield record(
    { symbol: symbol.name, offset: Number(offset), module: symbol.module ?? null },
    `${symbol.object ?? symbol.name}${offset === 0n ? "" : ` + ${offset}`} in ${sectionOf(symbol)}`,
  );
}

function* infoAddress({ kernel }: Context, name: string): Pieces {
  const symbol = kernel.symbols.find(name);
  if (!symbol) throw new UsageError(`No symbol "${name}" in current context.`);
  const what = kernel.types.function(name) ? "a function at address" : "static storage at address";
  yield record(
    { symbol: name, address: addressJson(symbol.address) },
    `Symbol "${name}" is ${what} ${hex0x(symbol.address)}.`,
  );
}

function* infoScope(context: Context, words: string): Pieces {
  if (words === "") throw new WrongUse("a function or *ADDRESS is missing");
  const { kernel } = context;
  const at = place(context, words.replace(/^\*/, ""));
  const scopes = kernel.code.scopes(at);
  if (scopes.length === 0) throw new UsageError(`no scope is known at ${words}: give a vmlinux with debuginfo`);
  const variables = scopes.flatMap((scope) => scope.variables());
  if (variables.length === 0) return yield text(`Scope for ${words} contains no locals or arguments.`);
  yield text(`Scope for ${words}:`);
  for (const variable of variables) {
    const { name, type, parameter } = variable;
    yield record({ name, type: typeName(type), parameter }, ...variableLines(kernel, at, variable));
  }
}

/** Describes where a variable is in the code of its scope, in the lines of gdb. @param at the address of the scope */
function variableLines(kernel: Kernel, at: bigint, { name, type, location, ranges }: VariableDeclaration): string[] {
  const size = attempt(() => sizeOf(type));
  const length = size instanceof Fault ? "" : `, length ${size}`;
  if (ranges.length === 0)
    return [`Symbol ${name}${location ? ` is ${locationText(kernel, location)}${length}` : " is optimized out"}.`];
  const lines = ranges.map(
    ({ start, end, expression }) =>
      `  Range ${hex0x(at + BigInt(start))}-${hex0x(at + BigInt(end))}: ${expressionText(kernel, expression)}`,
  );
  return [`Symbol ${name} is multi-location:`, ...lines, `${length}.`];
}

/** Describes the location of a variable. */
function locationText({ arch }: Kernel, location: VariableLocation): string {
  if (location.kind === "constant") {
    if (location.bytes.length > 8) return "a constant";
    const value = readUnsigned(viewOf(location.bytes), 0, location.bytes.length, arch.byteOrder);
    return `a constant with value ${value} (${hex0x(value)})`;
  }
  return expressionText({ arch }, location.bytes);
}

/** Describes the result of a DWARF expression. */
function expressionText({ arch }: Pick<Kernel, "arch">, bytes: Uint8Array): string {
  const [operation = 0] = bytes;
  const register =
    operation >= DW_OP_reg0 && operation <= DW_OP_reg31 ? arch.dwarfRegisters[operation - DW_OP_reg0] : undefined;
  if (bytes.length === 1 && register !== undefined) return `a variable in $${register}`;
  if (operation === DW_OP_fbreg) return "a variable on the stack";
  return operation === DW_OP_addr ? "static storage" : "computed by a DWARF expression";
}

/** Operations of DWARF expressions (DWARF 5, section 7.7.1). */
const DW_OP_addr = 0x03;
const DW_OP_reg0 = 0x50;
const DW_OP_reg31 = 0x6f;
const DW_OP_fbreg = 0x91;
