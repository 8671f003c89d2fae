/** The `whatis` command: shows and searches declarations of types and symbols. */
import { Fault } from "../../../base/fault.ts";
import { UsageError } from "../../../base/usageError.ts";
import { bare, sizeOf, type CType, type StructType } from "../../../debuginfo/ctype.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { declare, typeName } from "../../../model/typeName.ts";
import { describeType } from "../../../model/typeText.ts";
import { evaluateIn } from "../../language/address.ts";
import { command, type Context } from "../../language/command.ts";
import { count } from "../../language/number.ts";
import { table } from "../../../render/layout.ts";
import type { Table, Fields } from "../../../say/table.ts";
import { progress, record, text, type Piece, type Pieces } from "../../../say/piece.ts";
import { structDeclaration, declarationFields } from "../../say/structDeclaration.ts";
import { formatOptions, structReference, type StructReference } from "../../say/structView.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const whatis = command({
  name: "whatis",
  readsOnly: true,
  summary: "show the declaration of a type or a symbol",
  usage: "[[-o] [struct | union | typedef | symbol]] |\n[[-r [size|range]] [-m member]]",
  options: [
    { flag: "-o", help: "also show the offsets of members" },
    { flag: "-r", argument: "size", help: "every struct and union of this size, or of sizes from low-high" },
    {
      flag: "-m",
      argument: "member",
      help: "every struct and union that has a member of this type, or a pointer to it",
    },
  ],
  description: `Shows the declaration of a type or of a symbol.

With -r and -m, searches all structs and unions: by size, by the type of a member at any depth, or by both. For -m a part of the member's type name is enough.`,
  examples: [
    { line: "whatis list_head", shows: "A struct." },
    { line: "whatis task_struct.comm", shows: "A member, and its offset." },
    { line: "whatis schedule", shows: "A function." },
    { line: "whatis -r 16-24 -m list_head", shows: "Small structs that hold a list head." },
  ],
  records: () => [
    { line: "whatis list_head", fields: typeFields },
    { line: "whatis task_struct.comm", fields: declarationFields },
    { line: "whatis -r", fields: sizesTable.columns },
  ],
  needs: ["types"],
  *run(context, args) {
    const { kernel } = context;
    const range = args.value("-r");
    const member = args.value("-m");
    if (range !== undefined || member !== undefined) return yield* search(kernel, range, member);
    if (args.rest.length === 0) throw new WrongUse("a type or a symbol is missing");
    const { radix = 10 } = formatOptions(context);
    let keyword: string | undefined;
    for (const word of args.rest) {
      if (keyword === undefined && args.rest.length > 1 && isKeyword(word)) {
        keyword = word;
        continue;
      }
      const member = memberOfType(kernel, word);
      if (member) yield* structDeclaration(context, member, args);
      else yield declaration(context, word, keyword !== undefined, { offsets: args.has("-o"), radix });
      keyword = undefined;
    }
  },
});

/** The fields of a type or a variable. */
const typeFields: Fields = {
  name: { kind: "text" },
  size: { kind: "number", unit: "bytes", about: "of a type" },
  type: { kind: "text", about: "of a symbol; null without debuginfo for it" },
};

const isKeyword = (word: string): boolean => ["struct", "union", "enum"].includes(word);

/**
 * Returns the declaration of a word. As in C, a bare name is a variable before it is a tag.
 * @param isTag whether the name follows `struct`, `union` or `enum`
 * @throws UsageError when the name is neither a type nor a symbol
 */
function declaration(
  context: Context,
  word: string,
  isTag: boolean,
  options: { offsets: boolean; radix: 10 | 16 },
): Piece {
  const { types, symbols } = context.kernel;
  const symbol = isTag ? undefined : symbols.find(word);
  const variable = symbol && types.exactVariable(word);
  const kinds = variable ? [] : (["struct", "union", "typedef", "enum", "int"] as const);
  const found = kinds.map((kind) => types.find(kind, word)).find(Boolean);
  if (found) return record({ name: typeName(found), size: sizeOf(found) }, ...describeType(found, options));
  const type = variable ?? types.exactVariable(word) ?? types.function(word) ?? typeOf(context, word, !!symbol);
  if (!type && symbol) {
    const what = /^[tw]$/i.test(symbol.type) ? "text" : "data";
    return record({ name: word, type: null }, `<${what} variable, no debug info> ${word};`);
  }
  if (!type) throw new WrongUse(`cannot resolve: ${word}`);
  const line = /^\w+$/.test(word) ? `${declare(type, word)};` : typeName(type);
  return record({ name: word, type: typeName(type) }, line);
}

/**
 * Parses a member of a struct, `task_struct.comm`; undefined for a member of a variable. @throws UsageError if there is
 * no such member
 */
function memberOfType(kernel: Kernel, word: string): StructReference | undefined {
  const name = /^(\w+)\../.exec(word)?.[1];
  if (name === undefined || kernel.symbols.find(name)) return undefined;
  const isType = (["struct", "union", "typedef"] as const).some((kind) => kernel.types.find(kind, name));
  return isType ? structReference(kernel, word) : undefined;
}

/**
 * Returns the type of an expression; undefined for a single word, and if it cannot be evaluated. @param isSymbol
 * whether the text is a symbol's name, such as `schedule.cold`, which need not be an expression
 */
function typeOf(context: Context, expression: string, isSymbol: boolean): CType | undefined {
  if (/^\w+$/.test(expression)) return undefined;
  try {
    return evaluateIn(context, expression).type;
  } catch (error) {
    if (error instanceof Fault || (isSymbol && error instanceof UsageError)) return undefined;
    throw error;
  }
}

/** Depth to which nested structs are searched. */
const MAX_DEPTH = 16;
/** Number of types between two pauses. */
const PAUSE = 64;

function* search(kernel: Kernel, range: string | undefined, member: string | undefined): Pieces {
  const [low, high] = sizeRange(range);
  const hasMember = memberSearch(member ?? "");
  const found = new Map<string, number>();
  let seen = 0;
  for (const { kind, name } of kernel.types.names()) {
    if (++seen % PAUSE === 0) yield progress("searching types", seen, 0);
    if (kind !== "struct" && kind !== "union") continue;
    const type = kernel.types.find(kind, name);
    if (
      !type ||
      (type.kind !== "struct" && type.kind !== "union") ||
      type.size < low ||
      type.size > high ||
      type.size === 0
    )
      continue;
    if (member === undefined || hasMember(type, 0)) found.set(name, type.size);
  }
  if (found.size === 0) return yield text("(none found)");
  const rows = [...found].sort(([a, sizeA], [b, sizeB]) => sizeA - sizeB || (a < b ? -1 : 1));
  yield* table(kernel, sizesTable, rows);
}

/** The table of type names and their sizes in bytes. */
export const sizesTable: Table<readonly [name: string, size: number]> = {
  gap: "  ",
  columns: {
    size: { kind: "number", title: "SIZE", unit: "bytes", width: "rows", value: ([, size]) => size },
    name: { kind: "text", title: "TYPE", value: ([name]) => name },
  },
};

/** Parses a size or a range of sizes, in bytes. @throws UsageError */
function sizeRange(range: string | undefined): [number, number] {
  if (range === undefined) return [0, Infinity];
  const [low = "", high = low] = range.split("-");
  return [count(low), count(high)];
}

/**
 * Returns a test whether a struct has, at any depth, a member whose type's name contains the text. Each type is searched
 * once.
 */
function memberSearch(wanted: string): (type: StructType, depth: number) => boolean {
  const known = new Map<CType, boolean>();
  const search = (type: StructType, depth: number): boolean => {
    const answer = known.get(type);
    if (answer !== undefined) return answer;
    known.set(type, false);
    const has = type.members.some((member) => {
      if (typeName(member.type).includes(wanted)) return true;
      let inner = bare(member.type);
      while (inner.kind === "array") inner = bare(inner.element);
      return (inner.kind === "struct" || inner.kind === "union") && depth < MAX_DEPTH && search(inner, depth + 1);
    });
    known.set(type, has);
    return has;
  };
  return search;
}
