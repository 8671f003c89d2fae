/** Completion in the Debug Console. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { attempt, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import { complete, type Completions } from "../../crash/language/complete.ts";
import { bare, type CType } from "../../debuginfo/ctype.ts";
import { evaluate } from "../../model/expression/evaluate.ts";
import type { Job } from "../../base/job.ts";
import { frameVariables } from "../../unwind/locals.ts";
import type { FrameRow } from "../frames.ts";
import type { Handlers } from "../handlers.ts";
import { namesOf } from "../names.ts";
import { scopeOf } from "../values/scope.ts";
import type { Target } from "../target.ts";

/** An expression before the cursor with a member access at its end: names, casts, `.`, `->` and `[]`. */
const MEMBER = /((?:(?<![\w$])[A-Za-z_$][\w$]*|\((?:[^()]|\([^()]*\))*\))(?:\[[^\]]*\]|\.\w+|->\w+)*)(?:\.|->)(\w*)$/;

/** Completes commands, options, the frame's locals, symbols and members. */
export const completions: Pick<Handlers, "completions"> = {
  *completions(target, { text, column, line, frameId }) {
    const { lines, columns } = target.client;
    const current = text.split("\n")[lines.index(line)] ?? "";
    const before = current.slice(0, columns.index(column));
    const row = frameId === undefined ? undefined : target.frames.get(frameId);
    const [, expression, start = ""] = MEMBER.exec(before) ?? [];
    const members =
      expression === undefined ? [] : membersOf(target, expression, row).filter((name) => name.startsWith(start));
    if (members.length > 0) return offers(target, members, "field", before.length - start.length, start.length);
    const { items, from } = yield* completed(target, before);
    const prefix = before.slice(from);
    const isFirstWord = !/\S\s/.test(before);
    const locals =
      isFirstWord || prefix.startsWith("-") ? [] : localsOf(target, row).filter((name) => name.startsWith(prefix));
    const place = [from, prefix.length] as const;
    return {
      targets: [
        ...offers(target, locals, "variable", ...place).targets,
        ...offers(
          target,
          items.filter((item) => !locals.includes(item)),
          prefix.startsWith("-") ? "keyword" : "function",
          ...place,
        ).targets,
      ],
    };
  },
};

/**
 * Returns the possible continuations in crash's language. The names of the kernel are only searched where a name fits.
 */
function* completed({ kernel, context }: Target, before: string): Job<Completions> {
  let isAboutName = false;
  const without = complete(context, before, () => {
    isAboutName = true;
    return [];
  });
  if (!isAboutName) return without;
  const names = yield* namesOf(kernel);
  return complete(context, before, (prefix, what) => names[what].starting(prefix));
}

function offers(
  { client }: Target,
  labels: readonly string[],
  type: DebugProtocol.CompletionItemType,
  from: number,
  length: number,
): { targets: DebugProtocol.CompletionItem[] } {
  const start = client.columns.of(from + 1);
  return { targets: labels.map((label) => ({ label, type, start, length })) };
}

const localsOf = ({ kernel }: Target, row: FrameRow | undefined): string[] =>
  row?.frame && row.place ? frameVariables(kernel, row.frame, row.place).map(({ name }) => name) : [];

/** Returns the members of an expression's struct; none when the expression is wrong or has no struct type. */
function membersOf(target: Target, expression: string, row: FrameRow | undefined): string[] {
  try {
    const type = attempt(() => evaluate(target.kernel, expression, scopeOf(target, row)).type);
    return type instanceof Fault ? [] : [...memberNames(type)].sort();
  } catch (error) {
    // The expression is incomplete, because the user is typing it.
    if (error instanceof UsageError) return [];
    throw error;
  }
}

/** Maximum depth of nested anonymous structs. */
const MAX_NESTING = 16;

function* memberNames(type: CType, depth = 0): Generator<string> {
  const outer = bare(type);
  const struct = outer.kind === "pointer" ? bare(outer.target) : outer;
  if ((struct.kind !== "struct" && struct.kind !== "union") || depth > MAX_NESTING) return;
  for (const member of struct.members) {
    if (member.name === undefined) yield* memberNames(member.type, depth + 1);
    else yield member.name;
  }
}
