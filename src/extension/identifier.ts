/** Finds the identifier of C under the cursor and its declaration. */
import type { Identifier } from "../protocol/custom.ts";
import { addressAt, expressionAt, isInCommentOrText, type Range } from "./expression.ts";

/** Maximum number of lines above an identifier in which its declaration is searched. Kernel functions are shorter. */
const MAX_LINES_ABOVE = 400;

/** Maximum length of a line in characters. Kernel sources have no longer lines with declarations. */
const MAX_LINE = 400;

const WORD = /[A-Za-z_]\w*/g;

/**
 * Returns the identifier at a column of a line of C, with its surrounding expression. Undefined in comments and
 * strings.
 */
export function identifierAt(
  lineAt: (line: number) => string,
  line: number,
  column: number,
): { readonly range: Range; readonly identifier: Omit<Identifier, "frameId"> } | undefined {
  const text = lineAt(line);
  const word = [...text.matchAll(WORD)].find(({ 0: name, index }) => index <= column && column < index + name.length);
  if (!word || addressAt(text, column) || isInCommentOrText(text, column)) return undefined;
  const [name] = word;
  const range = { start: word.index, end: word.index + name.length };
  const tag = /\b(struct|union|enum)\s+$/.exec(text.slice(0, word.index))?.[1] as Identifier["tag"];
  if (tag !== undefined) return { range, identifier: plain(name, tag) };
  const chain = expressionAt(text, column);
  if (!chain) return isMember(text, word.index) ? { range, identifier: memberOfAnything(name) } : undefined;
  const expression = text.slice(chain.start, chain.end);
  const [root, ...members] = stepsOf(expression);
  if (root === undefined) return { range, identifier: memberOfAnything(name) };
  const declared = declaredType(lineAt, line, root);
  return { range, identifier: { name, tag: undefined, expression, root, members, declared } };
}

const isMember = (text: string, start: number): boolean => /(?:->|\.)\s*$/.test(text.slice(0, start));

const plain = (name: string, tag: Identifier["tag"]): Omit<Identifier, "frameId"> => ({
  name,
  tag,
  expression: name,
  root: name,
  members: [],
  declared: undefined,
});

/** A member of an unknown value, such as the result of a call. */
const memberOfAnything = (name: string): Omit<Identifier, "frameId"> => ({
  ...plain(name, undefined),
  root: "",
  members: [name],
});

/** Returns the names in an access: `task->mm[0].pgd` is `task`, `mm`, `pgd`. Empty if it does not start with a name. */
function stepsOf(expression: string): string[] {
  const names = expression.replace(/\[[^\]]*\]/g, "").split(/->|\./);
  return names.every((name) => /^\s*[A-Za-z_]\w*\s*$/.test(name)) ? names.map((name) => name.trim()) : [];
}

/** Specifiers and annotations that do not belong to the type. */
const MARKS = "(?:static|const|register|volatile|__user|__rcu|__percpu|__iomem)";
const TYPE = "(?:struct|union|enum)\\s+\\w+|(?:unsigned|signed)(?:\\s+(?:long|int|short|char))*|[A-Za-z_]\\w*";

/**
 * Returns the type with which a file declares a local or a parameter above its use, in the same function; undefined if
 * it is not found. This relies on kernel style, in which a function's body ends in the first column.
 */
export function declaredType(lineAt: (line: number) => string, line: number, name: string): string | undefined {
  const start = `\\s*(?:${MARKS}\\s+)*(?<type>${TYPE})(?:\\s+${MARKS})*`;
  const end = `(?<stars>(?:\\*|\\s|\\b${MARKS}\\b)*[\\s*])${name}\\s*(?=[=;,)[]|$)`;
  // First a parameter or the first variable of a declaration, then a later variable: in `*next, *prev` each star
  // belongs to one variable.
  const declarators = [new RegExp(`(?:^|[(,;{])${start}${end}`), new RegExp(`^${start}\\s[^;(){}]*,${end}`)];
  for (let at = line; at >= Math.max(0, line - MAX_LINES_ABOVE); at--) {
    const text = lineAt(at).slice(0, MAX_LINE);
    if (at < line && text.startsWith("}")) return undefined;
    for (const declarator of declarators) {
      const { type, stars } = declarator.exec(text)?.groups ?? {};
      if (type === undefined || stars === undefined || NO_TYPES.has(type)) continue;
      return `${type.replace(/\s+/g, " ")} ${"*".repeat(stars.split("*").length - 1)}`.trim();
    }
  }
  return undefined;
}

const NO_TYPES = new Set("return else goto case sizeof typeof break continue do if while for switch".split(" "));
