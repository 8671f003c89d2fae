import { UsageError } from "../../base/usageError.ts";

export interface Token {
  /** "register" is gdb's `$name`; "symbol" is C's punctuation; "end" comes after the last token. */
  readonly kind: "name" | "number" | "character" | "string" | "register" | "symbol" | "end";
  /** As written; of a string or character its contents with escapes undone, one character a byte. */
  readonly text: string;
  /** Offset in the user's text. */
  readonly position: number;
}

/** Longest first, so that `>>` is not read as two `>`. */
const SYMBOL = /<<|>>|<=|>=|==|!=|&&|\|\||->|::|\.\.\.|[-+*/%&|^~!<>?:()[\]{}.,;=@]/y;
const NAME = /[A-Za-z_][A-Za-z_0-9]*/y;
const REGISTER = /\$[A-Za-z_0-9]*/y;
const NUMBER = /0[xX][0-9A-Fa-f]+[uUlL]*|0[bB][01]+[uUlL]*|[0-9]+[uUlL]*/y;
const FLOAT = /[0-9]+(?:\.[0-9]|[eE][-+]?[0-9])/y;
const QUOTED = /(["'])((?:[^\\\n]|\\.)*?)\1/y;
const SPACE = /\s+/y;

/** Nesting that people write stays far below; recursion in the parsers is bounded by it. */
const MAX_NESTING = 200;

/**
 * C tokens of one expression or type name.
 * @throws UsageError at a character that starts no token
 */
export function tokens(text: string): Token[] {
  const found: Token[] = [];
  let position = 0;
  const match = (pattern: RegExp): RegExpExecArray | null => {
    pattern.lastIndex = position;
    return pattern.exec(text);
  };
  for (;;) {
    position += match(SPACE)?.[0].length ?? 0;
    if (position >= text.length) break;
    const float = match(FLOAT)?.[0];
    if (float)
      throw new UsageError(
        `${float}... at column ${position + 1} is no integer: a kernel computes with integers only`,
        position,
      );
    const token = next(match, position);
    if (!token) throw new UsageError(`unexpected ${text.charAt(position)} at column ${position + 1}`, position);
    found.push(token.token);
    position += token.length;
  }
  found.push({ kind: "end", text: "", position: text.length });
  return found;
}

function next(
  match: (pattern: RegExp) => RegExpExecArray | null,
  position: number,
): { token: Token; length: number } | undefined {
  const simple = [
    ["name", NAME],
    ["number", NUMBER],
    ["register", REGISTER],
    ["symbol", SYMBOL],
  ] as const;
  for (const [kind, pattern] of simple) {
    const found = match(pattern);
    if (found) return { token: { kind, text: found[0], position }, length: found[0].length };
  }
  const quoted = match(QUOTED);
  if (!quoted) return undefined;
  const contents = unescape(quoted[2] ?? "");
  const length = quoted[0].length;
  if (quoted[1] === '"') return { token: { kind: "string", text: contents, position }, length };
  // gdb quotes a symbol that is no C name, such as 'foo.isra.0', the way C quotes one character.
  return { token: { kind: contents.length === 1 ? "character" : "name", text: contents, position }, length };
}

const ESCAPES: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  e: "\x1b",
};

const unescape = (text: string): string =>
  text.replace(/\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)/g, (_, escape: string) => {
    if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 0xff);
    if (/^x./.test(escape)) return String.fromCharCode(parseInt(escape.slice(1), 16));
    return ESCAPES[escape] ?? escape;
  });

/** A place in a list of tokens, and the complaints that a parser makes there. */
export class Cursor {
  private readonly list: readonly Token[];
  private index = 0;
  private depth = 0;

  constructor(text: string) {
    this.list = tokens(text);
  }

  /** The token `ahead` of the current one; the end token beyond the last. */
  peek(ahead = 0): Token {
    return this.list[Math.min(this.index + ahead, this.list.length - 1)] ?? { kind: "end", text: "", position: 0 };
  }

  take(): Token {
    const token = this.peek();
    this.index++;
    return token;
  }

  is(symbol: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "symbol" && token.text === symbol;
  }

  isName(name: string, ahead = 0): boolean {
    const token = this.peek(ahead);
    return token.kind === "name" && token.text === name;
  }

  /** Takes the symbol when it is next. */
  skip(symbol: string): boolean {
    if (!this.is(symbol)) return false;
    this.index++;
    return true;
  }

  /** @throws UsageError "expected ) at column 12" */
  expect(symbol: string): Token {
    if (!this.is(symbol)) throw this.wrong(symbol);
    return this.take();
  }

  /** @throws UsageError when the next token is no name */
  expectName(what: string): Token {
    if (this.peek().kind !== "name") throw this.wrong(what);
    return this.take();
  }

  /** What the parser wanted, and what stands there instead. */
  wrong(expected: string): UsageError {
    const { kind, text, position } = this.peek();
    const found = kind === "end" ? "the end" : text;
    return new UsageError(`expected ${expected} at column ${position + 1}, not ${found}`, position);
  }

  /** Runs one level of a recursive parser. @throws UsageError when nested too deep */
  nested<T>(parse: () => T): T {
    if (++this.depth > MAX_NESTING)
      throw new UsageError(`nested too deep at column ${this.peek().position + 1}`, this.peek().position);
    const result = parse();
    this.depth--;
    return result;
  }
}
