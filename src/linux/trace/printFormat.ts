/** Parses the print formats of trace events, which are C text: `"pid=%d state=%s", REC->pid, REC->state ? "R" : "S"`. */
import { Fault } from "../../base/fault.ts";
import { binaryValue, unaryValue } from "./operators.ts";

/** An argument of a print format. */
export type PrintExpression =
  | { readonly kind: "number"; readonly value: bigint }
  | { readonly kind: "text"; readonly value: string }
  /** `REC->name` */
  | { readonly kind: "field"; readonly name: string }
  /** An enumerator, or the name of a field as an argument of `__get_str()`. */
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unary"; readonly operator: string; readonly of: PrintExpression }
  | {
      readonly kind: "binary";
      readonly operator: string;
      readonly left: PrintExpression;
      readonly right: PrintExpression;
    }
  | {
      readonly kind: "conditional";
      readonly test: PrintExpression;
      readonly yes: PrintExpression;
      readonly no: PrintExpression;
    }
  | { readonly kind: "cast"; readonly type: string; readonly of: PrintExpression }
  | { readonly kind: "index"; readonly of: PrintExpression; readonly at: PrintExpression }
  | { readonly kind: "call"; readonly name: string; readonly arguments: readonly PrintExpression[] }
  /** `{ 1, "READ" }` */
  | { readonly kind: "list"; readonly items: readonly PrintExpression[] };

/** A parsed print format: the format of `printf()`, and the arguments that follow it. */
export interface PrintFormat {
  readonly format: string;
  readonly arguments: readonly PrintExpression[];
}

/** Maximum depth of nested expressions. */
const MAX_DEPTH = 200;

const PRECEDENCE: Readonly<Record<string, number>> = {
  ...{ "||": 1, "&&": 2, "|": 3, "^": 4, "&": 5, "==": 6, "!=": 6, "<": 7, ">": 7, "<=": 7, ">=": 7 },
  ...{ "<<": 8, ">>": 8, "+": 9, "-": 9, "*": 10, "/": 10, "%": 10 },
};

const TOKEN =
  /\s*(?:("(?:[^"\\]|\\.)*")|('(?:[^'\\]|\\.)')|((?:0[xX][0-9a-fA-F]+|\d+)[uUlL]*)|([A-Za-z_]\w*)|(->|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^~!<>?:,(){}[\].=]))/y;

const TYPE_WORD =
  /^(?:const|volatile|__force|__user|unsigned|signed|int|long|short|char|void|bool|_Bool|struct|union|enum|__?[usbl]e?\d+|[us]\d+|\w+_t|umode_t|ulong|uint)$/;

interface Token {
  readonly kind: "text" | "number" | "name" | "mark" | "end";
  readonly text: string;
  readonly isUnsigned?: boolean;
}

function numberToken(literal: string): Token {
  const digits = literal.replace(/[uUlL]+$/, "");
  const isOctal = /^0\d/.test(digits);
  if (isOctal && /[89]/.test(digits))
    throw Fault.of("corrupt", `the print format has ${digits}, which is not an octal number`);
  const text = isOctal ? `0o${digits.slice(1)}` : digits;
  return { kind: "number", text, isUnsigned: /[uU]/.test(literal.slice(digits.length)) };
}

/** Parses a print format. @throws Fault corrupt if the text is not a print format */
export const parsePrintFormat = (text: string): PrintFormat => new Parser(tokensOf(text)).whole();

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  TOKEN.lastIndex = 0;
  for (let end = 0; end < text.trimEnd().length;) {
    TOKEN.lastIndex = end;
    const found = TOKEN.exec(text);
    if (!found) throw Fault.of("corrupt", `the print format cannot be parsed at character ${end}`);
    end = TOKEN.lastIndex;
    const [, quoted, character, number, name, mark] = found;
    if (quoted !== undefined) tokens.push({ kind: "text", text: unescaped(quoted.slice(1, -1)) });
    else if (character !== undefined)
      tokens.push({ kind: "number", text: String(unescaped(character.slice(1, -1)).charCodeAt(0)) });
    else if (number !== undefined) tokens.push(numberToken(number));
    else if (name !== undefined) tokens.push({ kind: "name", text: name });
    else tokens.push({ kind: "mark", text: mark ?? "" });
  }
  return tokens;
}

const ESCAPES: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "\0" };
const unescaped = (text: string): string =>
  text.replace(/\\(.)/g, (_, letter: string) => (Object.hasOwn(ESCAPES, letter) ? (ESCAPES[letter] ?? "") : letter));

const END: Token = { kind: "end", text: "the end" };

class Parser {
  private at = 0;
  private depth = 0;
  private readonly tokens: readonly Token[];

  constructor(tokens: readonly Token[]) {
    this.tokens = tokens;
  }

  whole(): PrintFormat {
    const format = this.primary();
    if (format.kind !== "text") throw Fault.of("corrupt", "the print format does not begin with a text");
    const found: PrintExpression[] = [];
    while (this.skip(",")) found.push(this.conditional());
    if (this.peek().kind !== "end") throw this.unexpected();
    return { format: format.value, arguments: found };
  }

  private peek(ahead = 0): Token {
    return this.tokens[this.at + ahead] ?? END;
  }

  private skip(mark: string): boolean {
    const found = this.peek();
    if (found.kind !== "mark" || found.text !== mark) return false;
    this.at++;
    return true;
  }

  private need(mark: string): void {
    if (!this.skip(mark)) throw this.unexpected();
  }

  private unexpected(): Fault {
    return Fault.of("corrupt", `the print format has an unexpected ${this.peek().text}`);
  }

  private conditional(): PrintExpression {
    if (++this.depth > MAX_DEPTH)
      throw Fault.of("corrupt", `the print format is nested deeper than ${MAX_DEPTH} levels`);
    const test = this.binary(1);
    let found = test;
    if (this.skip("?")) {
      // With GNU C, `a ?: b` is `a ? a : b`.
      const yes = this.peek().text === ":" ? test : this.conditional();
      this.need(":");
      found = { kind: "conditional", test, yes, no: this.conditional() };
    }
    this.depth--;
    return found;
  }

  private binary(least: number): PrintExpression {
    let left = this.unary();
    for (;;) {
      const { kind, text: operator } = this.peek();
      const precedence = kind === "mark" ? (PRECEDENCE[operator] ?? 0) : 0;
      if (precedence < least || precedence === 0) return left;
      this.at++;
      left = folded({ kind: "binary", operator, left, right: this.binary(precedence + 1) });
    }
  }

  private unary(): PrintExpression {
    if (++this.depth > MAX_DEPTH)
      throw Fault.of("corrupt", `the print format is nested deeper than ${MAX_DEPTH} levels`);
    const found = this.prefixed();
    this.depth--;
    return found;
  }

  private prefixed(): PrintExpression {
    for (const operator of ["-", "+", "~", "!", "&", "*"])
      if (this.skip(operator)) {
        const { isUnsigned = false } = this.peek();
        const found = folded({ kind: "unary", operator, of: this.unary() });
        return isUnsigned && found.kind === "number" ? { ...found, value: BigInt.asUintN(64, found.value) } : found;
      }
    const type = this.castType();
    if (type !== undefined) return { kind: "cast", type, of: this.unary() };
    return this.postfixed(this.primary());
  }

  /** Consumes `(type)` if that comes next, and returns the type; otherwise undefined. */
  private castType(): string | undefined {
    if (this.peek().text !== "(" || this.peek().kind !== "mark") return undefined;
    const words: string[] = [];
    for (let ahead = 1; ; ahead++) {
      const { kind, text } = this.peek(ahead);
      const isTag = ["struct", "union", "enum"].includes(words.at(-1) ?? "");
      if ((kind === "name" && (isTag || TYPE_WORD.test(text))) || (text === "*" && kind === "mark" && words.length > 0))
        words.push(text);
      else if (kind === "mark" && text === ")" && words.length > 0) {
        this.at += ahead + 1;
        return words.join(" ");
      } else return undefined;
    }
  }

  private postfixed(of: PrintExpression): PrintExpression {
    let found = of;
    while (this.skip("[")) {
      found = { kind: "index", of: found, at: this.conditional() };
      this.need("]");
    }
    return found;
  }

  private primary(): PrintExpression {
    const token = this.peek();
    if (token.kind === "text") {
      let value = "";
      for (; this.peek().kind === "text"; this.at++) value += this.peek().text;
      return { kind: "text", value };
    }
    this.at++;
    if (token.kind === "number") return { kind: "number", value: BigInt(token.text) };
    if (token.kind === "mark" && token.text === "(") {
      const inner = this.conditional();
      this.need(")");
      return inner;
    }
    if (token.kind === "mark" && token.text === "{") return { kind: "list", items: this.listed("}") };
    if (token.kind !== "name")
      throw Fault.of("corrupt", `the print format has ${token.text} where a value is expected`);
    if (token.text === "REC" && this.skip("->")) return { kind: "field", name: this.fieldName() };
    if (token.text === "sizeof") return this.sizeOf();
    return this.skip("(")
      ? { kind: "call", name: token.text, arguments: this.listed(")") }
      : { kind: "name", name: token.text };
  }

  private fieldName(): string {
    const { kind, text } = this.peek();
    if (kind !== "name") throw this.unexpected();
    this.at++;
    return text;
  }

  /** Parses the operand of `sizeof`. A type becomes an argument of a call, which the evaluation computes. */
  private sizeOf(): PrintExpression {
    const type = this.castType();
    if (type !== undefined) return { kind: "call", name: "sizeof", arguments: [{ kind: "text", value: type }] };
    this.need("(");
    return { kind: "call", name: "sizeof", arguments: this.listed(")") };
  }

  private listed(end: string): PrintExpression[] {
    const items: PrintExpression[] = [];
    while (!this.skip(end)) {
      items.push(this.conditional());
      if (!this.skip(",") && this.peek().text !== end) throw this.unexpected();
    }
    return items;
  }
}

/** Replaces an operation on numbers by its result, because a format has many flags that are the same for each entry. */
function folded(expression: PrintExpression): PrintExpression {
  if (expression.kind === "binary" && expression.left.kind === "number" && expression.right.kind === "number")
    return { kind: "number", value: binaryValue(expression.operator, expression.left.value, expression.right.value) };
  if (expression.kind === "unary" && expression.of.kind === "number" && !"&*".includes(expression.operator))
    return { kind: "number", value: unaryValue(expression.operator, expression.of.value) };
  return expression;
}
