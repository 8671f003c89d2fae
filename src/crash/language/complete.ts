/** Completes command lines: commands, options, symbols, types and members. */
import { bare } from "../../debuginfo/ctype.ts";
import { attempt } from "../../base/fault.ts";
import type { CType } from "../../debuginfo/ctype.ts";
import { builtinAliases, commandOfAlias } from "./alias.ts";
import { type Command, commandNamed, commandsOf, type Context } from "./command.ts";
import { filters } from "./filters.ts";

export interface Completions {
  /** The completions that can replace the text from `from` on, in display order. */
  readonly items: readonly string[];
  /** Offset in the line at which the text to replace starts. */
  readonly from: number;
}

export type Nameable = "types" | "symbols and types";

/** Matches a command that takes a type, up to its first argument. */
const TYPE_FIRST = /^\s*(?:(?:struct|union)\s|\*)\s*(?:-\S+\s+)*\w*$/;

/** Maximum number of completions, because a one-letter symbol prefix has ten thousand. */
const MAX_ITEMS = 200;

/**
 * Returns the completions at the end of a command line.
 * @param named returns the names with a prefix; a front end that completes often passes a sorted index
 */
export function complete(
  context: Context,
  line: string,
  named: (prefix: string, what: Nameable) => Iterable<string> = (prefix, what) => names(context, prefix, what),
): Completions {
  const stage = line.slice(line.lastIndexOf("|") + 1);
  const isFilter = stage.length < line.length;
  const name = /^\s*(\*|\S+)(?=\s|(?<=\*))/.exec(stage)?.[1];
  if (name === undefined)
    return starting(line, /\S*$/, isFilter ? filters.map((one) => one.name) : commandNames(context));
  const option = /(?<=\s)-\S*$/.exec(line);
  const grammar = isFilter ? filters.find((one) => one.name === name) : findCommand(context, name);
  if (option)
    return starting(
      line,
      /-\S*$/,
      (grammar?.options ?? []).map((one) => one.flag),
    );
  if (isFilter) return { items: [], from: line.length };
  if (name === "help" || name === "man") return starting(line, /\S*$/, commandNames(context));
  const member = /([A-Za-z_][\w.>[\]-]*?)(?:\.|->)(\w*)$/.exec(stage);
  if (member) return starting(line, /\w*$/, membersOf(context, member[1] ?? "", grammar?.name ?? ""));
  const what = TYPE_FIRST.test(stage) ? "types" : "symbols and types";
  return starting(line, /[A-Za-z_][\w.]*$|$/, named(/[A-Za-z_]\w*$/.exec(line)?.[0] ?? "", what));
}

const commandNames = (context: Context): string[] => [
  ...commandsOf(context).map((one) => one.name),
  ...builtinAliases.keys(),
  ...context.aliases.keys(),
];

const findCommand = (context: Context, name: string): Command | undefined =>
  commandNamed(context, commandOfAlias(context, name));

function starting(line: string, pattern: RegExp, candidates: Iterable<string>): Completions {
  const prefix = pattern.exec(line)?.[0] ?? "";
  const items = new Set<string>();
  for (const candidate of candidates) {
    if (candidate.startsWith(prefix)) items.add(candidate);
    if (items.size >= MAX_ITEMS) break;
  }
  return { items: [...items].sort(), from: line.length - prefix.length };
}

/** Yields the names that start with the prefix; none for an empty prefix. */
function* names({ kernel }: Context, prefix: string, what: Nameable): Generator<string> {
  if (prefix === "") return;
  if (what !== "types")
    for (const symbol of kernel.symbols.all()) if (symbol.name.startsWith(prefix)) yield symbol.name;
  for (const type of kernel.types.names()) if (type.name.startsWith(prefix)) yield type.name;
}

/** Lists the members of what the text names: a path from a variable, or from a struct or union. */
function membersOf({ kernel }: Context, text: string, command: string): Iterable<string> {
  const [root = "", ...path] = text.split(/\.|->/);
  const type = attempt(() => {
    const isVariable = command !== "struct" && command !== "union" && command !== "*" && kernel.hasVariable(root);
    if (isVariable) {
      const variable = kernel.variable(root);
      return path.length === 0 ? variable.type : variable.at(path.join(".")).type;
    }
    const named = kernel.types.find("struct", root) ?? kernel.types.find("union", root);
    return named && (path.length === 0 ? named : kernel.object(named, 0n).at(path.join(".")).type);
  });
  return type === undefined || !("kind" in type) || type instanceof Error ? [] : memberNames(type);
}

function* memberNames(type: CType, depth = 0): Generator<string> {
  // Real anonymous members have a few levels; a type of damaged debuginfo may contain itself.
  const MAX_DEPTH = 8;
  let target = bare(type);
  if (target.kind === "pointer") target = bare(target.target);
  if ((target.kind !== "struct" && target.kind !== "union") || depth > MAX_DEPTH) return;
  for (const member of target.members) {
    if (member.name === undefined) yield* memberNames(member.type, depth + 1);
    else yield member.name;
  }
}
