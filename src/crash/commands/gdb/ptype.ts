/** The commands `ptype` and `whatis` of gdb: the definition of a type, or of the type of an expression. */
import { UsageError } from "../../../base/usageError.ts";
import { bare, type CType } from "../../../debuginfo/ctype.ts";
import { TokenCursor } from "../../../model/expression/lexer.ts";
import { startsType } from "../../../model/parseType.ts";
import { typeName } from "../../../model/typeName.ts";
import { describeType } from "../../../model/typeText.ts";
import { record } from "../../../say/piece.ts";
import { evaluateOrVoid } from "../../language/address.ts";
import type { Context, Running } from "../../language/command.ts";
import { gdbCommand } from "./gdbCommand.ts";
import { offsetLines } from "./memberOffsets.ts";

export const ptype = gdbCommand({
  name: "ptype",
  summary: "the definition of a type as gdb prints it",
  usage: "[/o] type | expression",
  description: `Shows how a type is defined, or the type of an expression; typedefs are resolved. /o adds the offset and the size of each member, the members of structs within, and the holes.`,
  examples: [
    { line: "ptype struct list_head", shows: "A struct." },
    { line: "ptype /o struct hrtimer", shows: "Offsets, sizes and holes." },
    { line: "ptype init_task.comm", shows: "The type of an expression." },
  ],
  records: () => [{ line: "ptype struct list_head", fields: { type: { kind: "text" } } }],
  needs: ["types"],
  run: runPtype,
});

/** Returns the type that the words name, or the type of the expression. @throws UsageError, Fault */
function typeOf(context: Context, words: string): CType {
  const { types } = context.kernel;
  if (words === "") throw new UsageError("a type or an expression is missing");
  const [, tag, name = ""] = /^(?:(struct|union|enum)\s+)?(\w+)$/.exec(words) ?? [];
  if (tag !== undefined) {
    const found = types.find(tag as "struct" | "union" | "enum", name);
    if (!found) throw new UsageError(`No ${tag} type named ${name}.`);
    return found;
  }
  const known = name === "" ? undefined : (types.exactVariable(name) ?? types.function(name));
  if (known) return known;
  return startsType(new TokenCursor(words), types.lookup) ? types.named(words) : evaluateOrVoid(context, words).type;
}

export function* runPtype(context: Context, words: string, format: string): Running {
  if (format !== "" && format !== "o") throw new UsageError(`ptype has no modifier /${format}: there is /o`);
  const type = typeOf(context, words);
  const base = bare(type);
  const shown = type.kind === "typedef" ? base : type;
  if (format === "o" && (base.kind === "struct" || base.kind === "union"))
    return yield record({ type: typeName(type) }, ...offsetLines(base));
  const lines = describeType(shown, {}).filter((line) => !/^SIZE: /.test(line));
  const [first = typeName(type), ...others] = base.kind === "enum" ? [typeName(base)] : lines;
  yield record({ type: typeName(type) }, `type = ${first}`, ...others);
}

export function* runWhatis(context: Context, words: string): Running {
  const type = typeOf(context, words);
  yield record({ type: typeName(type) }, `type = ${typeName(type)}`);
}
