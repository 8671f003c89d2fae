/** Implements gdb's `info line`, `info symbol`, `info address` and `info scope`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex0x } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { sizeOf } from "../../../../debuginfo/ctype.ts";
import type { KSymbol } from "../../../../debuginfo/source.ts";
import { symbolPlace } from "../../../../debuginfo/symbols/symbolText.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { typeName } from "../../../../model/typeName.ts";
import { address } from "../../../language/address.ts";
import type { Context } from "../../../language/command.ts";
import { type Pieces, record, text, addressJson } from "../../../../say/piece.ts";
import type { Records } from "../../../../say/table.ts";

/** Formats an address as gdb does in angle brackets: `schedule`, `schedule+5`. */
export function symbolic(kernel: Kernel, at: bigint): string {
  const symbol = kernel.symbols.at(at);
  return symbol ? symbolPlace(symbol, at) : "";
}

/** The records of gdb's `info`. */
export const infoRecords: readonly Records[] = [
  {
    line: "gdb info line schedule",
    fields: {
      file: { kind: "text" },
      line: { kind: "number" },
      start: { kind: "address", about: "of the line's first instruction" },
      end: { kind: "address", about: "of the instruction after the line's" },
    },
  },
  {
    line: "gdb info symbol schedule",
    fields: {
      symbol: { kind: "text" },
      offset: { kind: "number", unit: "bytes" },
      module: { kind: "text" },
    },
  },
  { line: "gdb info address schedule", fields: { symbol: { kind: "text" }, address: { kind: "address" } } },
  {
    line: "gdb info scope schedule",
    fields: { name: { kind: "text" }, type: { kind: "text" }, parameter: { kind: "flag", about: "or a variable" } },
  },
];

export function* infoLine(context: Context, words: string): Pieces {
  const { kernel } = context;
  const at = address(context, words.replace(/^\*/, ""));
  const source = kernel.code.scopes(at)[0]?.source;
  if (!source)
    return yield text(`No line number information available for address ${hex0x(at)} <${symbolic(kernel, at)}>`);
  const { start, end } = kernel.code.lineRange(at) ?? { start: at, end: at + 1n };
  const { file, line } = source;
  yield record(
    { file, line, start: addressJson(start), end: addressJson(end) },
    `Line ${line} of "${file}" starts at address ${hex0x(start)} <${symbolic(kernel, start)}> and ends at ${hex0x(end)} <${symbolic(kernel, end)}>.`,
  );
}

/** Maps the symbol types of nm(1) to sections. */
const SECTIONS: Readonly<Record<string, string>> = { t: ".text", d: ".data", r: ".rodata", b: ".bss", w: ".text" };

const sectionOf = ({ type, module }: KSymbol): string => {
  const section = SECTIONS[type.toLowerCase()] ?? "an unknown place";
  return `${section.startsWith(".") ? `section ${section}` : section}${module === undefined ? "" : ` of ${module}`}`;
};

export function* infoSymbol(context: Context, words: string): Pieces {
  const at = address(context, words);
  const symbol = context.kernel.symbols.at(at);
  if (!symbol) return yield text(`No symbol matches ${words}.`);
  const offset = at - symbol.address;
  yield record(
    { symbol: symbol.name, offset: Number(offset), module: symbol.module ?? null },
    `${symbol.name}${offset === 0n ? "" : ` + ${offset}`} in ${sectionOf(symbol)}`,
  );
}

export function* infoAddress({ kernel }: Context, name: string): Pieces {
  const symbol = kernel.symbols.find(name);
  if (!symbol) throw new UsageError(`No symbol "${name}" in current context.`);
  const what = kernel.types.function(name) ? "a function at address" : "static storage at address";
  yield record(
    { symbol: name, address: addressJson(symbol.address) },
    `Symbol "${name}" is ${what} ${hex0x(symbol.address)}.`,
  );
}

export function* infoScope(context: Context, words: string): Pieces {
  const at = address(context, words.replace(/^\*/, ""));
  const scopes = context.kernel.code.scopes(at);
  if (scopes.length === 0) throw new UsageError(`no scope is known at ${words}: give a vmlinux with debuginfo`);
  const variables = scopes.flatMap((scope) => scope.variables());
  if (variables.length === 0) return yield text(`Symbol table for \`${words}' has no locals at that address.`);
  for (const { name, type, parameter, location } of variables) {
    const size = attempt(() => sizeOf(type));
    const where = location ? "" : " optimized out,";
    yield record(
      { name, type: typeName(type), parameter },
      `Symbol ${name} is ${parameter ? "a parameter" : "a variable"} of type ${typeName(type)},${where} length ${size instanceof Fault ? "unknown" : size}.`,
    );
  }
}
