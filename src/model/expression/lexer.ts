/** Tokens of C expressions and type names. */
import { UsageError } from "../../base/usageError.ts";

export interface Token {
  /** Kinds: "register" is gdb's `$name`, "symbol" C's punctuation, "end" follows the last token. */
  readonly kind: "name" | "number" | "character" | "string" | "register" | "symbol" | "end";
  /** The text as written; for a string or character its contents without escapes, one character per byte. */
  readonly text: string;
  /** Offset in the user's text. */
  readonly position: number;
}

/** Longest first, so that `>>` is not read as two `>`. */
const SYMBOL = /<<|>>|<=|>=|==|!=|&&|\|\||->|::|\.\.\.|[-+*/%&|^~!<>?:()[\]{}.,;=@]/y;
const NAME = /[A-Za-z_][A-Za-z_0-9]*/y;
const REGISTER = /\$\$?[A-Za-z_0-9]*/y;
const NUMBER = /0[xX][0-9A-Fa-f]+[uUlL]*|0[bB][01]+[uUlL]*|[0-9]+[uUlL]*/y;
const FLOAT = /[0-9]+(?:\.[0-9]|[eE][-+]?[0-9])/y;
const QUOTED = /(["'])((?:[^\\\n]|\\.)*?)\1/y;
const SPACE = /\s+/y;

/** Maximum depth of nesting, which bounds the recursion of the parsers. */
const MAX_NESTING = 200;

/**
 * Returns the tokens of an expression or type name. @throws UsageError at a character that starts no token, and at a
 * floating-point number
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
        `${float}... at column ${position + 1} is not an integer: only integers are supported`,
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
  const contents = unescaped(quoted[2] ?? "");
  const length = quoted[0].length;
  if (quoted[1] === '"') return { token: { kind: "string", text: contents, position }, length };
  // gdb quotes a symbol that is not a C name, such as 'foo.isra.0', like a C character.
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

/** Replaces the escapes of a C text. */
export const unescaped = (text: string): string =>
  text.replace(/\\(x[0-9A-Fa-f]{1,2}|[0-7]{1,3}|.)/gs, (_, escape: string) => {
    if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 0xff);
    if (/^x./.test(escape)) return String.fromCharCode(parseInt(escape.slice(1), 16));
    return ESCAPES[escape] ?? escape;
  });

/** A position in a list of tokens, with the error messages of a parser. */
export class TokenCursor {
  private readonly list: readonly Token[];
  private index = 0;
  private depth = 0;

  constructor(text: string) {
    this.list = tokens(text);
  }

  /** Returns the token `ahead` of the current one; the end token after the last. */
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

  /** Consumes the symbol if it is next. */
  skip(symbol: string): boolean {
    if (!this.is(symbol)) return false;
    this.index++;
    return true;
  }

  /** Consumes the symbol. @throws UsageError "expected ) at column 12" if it is not next */
  expect(symbol: string): Token {
    if (!this.is(symbol)) throw this.wrong(symbol);
    return this.take();
  }

  /** Consumes a name. @throws UsageError if the next token is not a name */
  expectName(what: string): Token {
    if (this.peek().kind !== "name") throw this.wrong(what);
    return this.take();
  }

  /** Makes the error that names what was expected and what was found. */
  wrong(expected: string): UsageError {
    const { kind, text, position } = this.peek();
    const found = kind === "end" ? "the end" : text;
    return new UsageError(`expected ${expected} at column ${position + 1}, not ${found}`, position);
  }

  /** Runs one level of a recursive parser. @throws UsageError if more than MAX_NESTING levels are nested */
  nested<T>(parse: () => T): T {
    if (++this.depth > MAX_NESTING)
      throw new UsageError(
        `more than ${MAX_NESTING} nested levels at column ${this.peek().position + 1}`,
        this.peek().position,
      );
    const result = parse();
    this.depth--;
    return result;
  }
}
