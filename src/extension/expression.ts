/** A range of columns in one line, from 0; `end` is exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

const IDENTIFIER = /[A-Za-z_]\w*/g;

/**
 * An address: `0xffff8ef68526c180`, `ffff8ef68526c180` as logs and crash print it, or `ffff8ef6`8526c180` as WinDbg
 * does.
 */
const ADDRESS = /\b0x[0-9a-f]+\b|\b[0-9a-f]{8}`[0-9a-f]{8}\b|\b(?=[0-9a-f]*[a-f])[0-9a-f]{16}\b/gi;

/**
 * Returns the range of a hover at `column`: an address, or a C expression that ends with the identifier under the mouse
 * (`file->f_inode` for the mouse over `f_inode`, `file` over `file`).
 */
export function expressionAt(line: string, column: number): Range | undefined {
  const address = addressAt(line, column);
  if (address) return address;
  if (isInCommentOrText(line, column)) return undefined;
  for (const match of line.matchAll(IDENTIFIER)) {
    if (!holds(match, column) || /\d/.test(line[match.index - 1] ?? "")) continue;
    const start = KEYWORDS.has(match[0]) ? undefined : chainStart(line, match.index);
    return start === undefined ? undefined : { start, end: match.index + match[0].length };
  }
  return undefined;
}

/** Returns the range of the type at `column`: `struct task_struct` if the mouse is over either word. */
export function typeAt(line: string, column: number): Range | undefined {
  if (isInCommentOrText(line, column)) return undefined;
  for (const match of line.matchAll(/\b(?:struct|union|enum)\s+[A-Za-z_]\w*/g)) {
    if (holds(match, column)) return { start: match.index, end: match.index + match[0].length };
  }
  return undefined;
}

/** Returns the range of the address at `column`; undefined if there is none. */
export function addressAt(line: string, column: number): Range | undefined {
  for (const match of line.matchAll(ADDRESS)) {
    if (holds(match, column)) return { start: match.index, end: match.index + match[0].length };
  }
  return undefined;
}

const holds = (match: RegExpExecArray, column: number): boolean =>
  column >= match.index && column < match.index + match[0].length;

/**
 * Returns the start of the expression whose last member begins at `start`, by stepping left over `.`, `->`, `[...]` and
 * `(...)`. Undefined for a member of a value that is not a plain operand, such as the result of a call.
 */
function chainStart(line: string, start: number): number | undefined {
  let at = start;
  for (;;) {
    const before = line.slice(0, at);
    const link = /(?:->|\.)\s*$/.exec(before);
    if (!link) return at;
    const operand = operandStart(line, link.index);
    if (operand === undefined) return undefined;
    at = operand;
  }
}

/** Returns the start of the operand that ends before `end`; undefined for other text and for the result of a call. */
function operandStart(line: string, end: number): number | undefined {
  let at = line.slice(0, end).trimEnd().length;
  for (;;) {
    const last = line[at - 1];
    if (last === "]" || last === ")") {
      const open = matching(line, at - 1);
      if (open === undefined) return undefined;
      at = line.slice(0, open).trimEnd().length;
      // A dump cannot call functions, so the result of a call is not an operand. Other parentheses are.
      if (last === ")") return /\w$/.test(line.slice(0, at)) ? undefined : open;
      continue;
    }
    const name = /(?<!\w)[A-Za-z_]\w*$/.exec(line.slice(0, at));
    return name ? name.index : undefined;
  }
}

const PAIRS: Readonly<Record<string, string>> = { "]": "[", ")": "(" };

function matching(line: string, close: number): number | undefined {
  const [right, left] = [line[close] ?? "", PAIRS[line[close] ?? ""]];
  let depth = 0;
  for (let i = close; i >= 0; i--) {
    if (line[i] === right) depth++;
    else if (line[i] === left && --depth === 0) return i;
  }
  return undefined;
}

/** Whether the column is in a comment or a string. */
export function isInCommentOrText(line: string, column: number): boolean {
  if (/^\s*(\*|\/\*)/.test(line)) return true;
  for (const match of line.matchAll(/"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*'|\/\/.*|\/\*.*?(?:\*\/|$)/g)) {
    if (holds(match, column)) return true;
  }
  return false;
}

const KEYWORDS = new Set(
  "auto bool break case char const continue default do double else enum extern float for goto if inline int long register return short signed sizeof static struct switch typedef typeof union unsigned void volatile while".split(
    " ",
  ),
);

/** A named value to show at the end of a line. */
export interface Named {
  readonly name: string;
  readonly value: string;
}

/** Maximum number of lines above the stopped one that are searched. A longer function has values near the stop only. */
const MAX_LINES_ABOVE = 200;

/**
 * Returns for each variable the last line that mentions it, up to `stop` and within its function; its value is shown
 * there.
 *
 * @param lineAt returns the text of a line, counted from 0
 */
export function lastUses<T extends Named>(
  lineAt: (line: number) => string,
  stop: number,
  variables: readonly T[],
): { line: number; range: Range; variable: T }[] {
  const result: { line: number; range: Range; variable: T }[] = [];
  const left = new Map(variables.map((variable) => [variable.name, variable]));
  for (let line = stop; line >= Math.max(0, stop - MAX_LINES_ABOVE) && left.size > 0; line--) {
    const text = lineAt(line);
    for (const match of text.matchAll(IDENTIFIER)) {
      const variable = left.get(match[0]);
      if (!variable || isMember(text, match.index) || isInCommentOrText(text, match.index)) continue;
      left.delete(match[0]);
      result.push({ line, range: { start: match.index, end: match.index + match[0].length }, variable });
    }
    // In kernel style a function's body opens and closes in the first column; the parameters are above it.
    if (line < stop && text.startsWith("}")) break;
  }
  return result;
}

const isMember = (text: string, start: number): boolean => /(?:->|\.)\s*$/.test(text.slice(0, start));
