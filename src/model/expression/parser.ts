/** Parses C expressions. */
import { UsageError } from "../../base/usageError.ts";
import type { CType } from "../../debuginfo/ctype.ts";
import { declaration, startsType, type TypeLookup } from "../parseType.ts";
import type { BinaryOperator, Expression, UnaryOperator } from "./ast.ts";
import { TokenCursor } from "./lexer.ts";

/** C's binary operators from lowest to highest precedence, with gdb's `@` ("as an array of"). */
const LEVELS: readonly (readonly BinaryOperator[])[] = [
  ["||"],
  ["&&"],
  ["|"],
  ["^"],
  ["&"],
  ["==", "!="],
  ["<", ">", "<=", ">="],
  ["<<", ">>"],
  ["@"],
  ["+", "-"],
  ["*", "/", "%"],
];

const UNARY: readonly string[] = ["*", "&", "-", "+", "~", "!"] satisfies UnaryOperator[];

/** Macros of include/linux/percpu-defs.h and include/asm-generic/percpu.h that only compute an address or read. */
const PER_CPU_MACROS: ReadonlySet<string> = new Set([
  "per_cpu",
  "per_cpu_ptr",
  "this_cpu_ptr",
  "raw_cpu_ptr",
  "this_cpu_read",
]);

/** What the parser needs to tell types and variables apart. */
export interface ParserContext {
  readonly types: TypeLookup;
  /** A name of the scope hides a typedef of the same name. */
  readonly isVariable: (name: string) => boolean;
}

/**
 * Parses a C expression. There are no assignments, commas and calls of the kernel's functions, because a dump does not
 * change or run; macros of per-CPU variables are known. @throws UsageError "expected ) at column 12, not ;" @throws Fault unknown for a type that this kernel does not have
 */
export function parseExpression(text: string, context: ParserContext): Expression {
  const cursor = new TokenCursor(text);
  const expression = conditional(cursor, context);
  if (cursor.peek().kind !== "end") throw cursor.wrong("an operator or the end");
  return expression;
}

function conditional(cursor: TokenCursor, context: ParserContext): Expression {
  return cursor.nested(() => {
    const condition = binary(cursor, context, 0);
    const { position } = cursor.peek();
    if (!cursor.skip("?")) return condition;
    const yes = conditional(cursor, context);
    cursor.expect(":");
    return { kind: "conditional", position, condition, yes, no: conditional(cursor, context) };
  });
}

function binary(cursor: TokenCursor, context: ParserContext, level: number): Expression {
  const operators = LEVELS[level];
  if (!operators) return unary(cursor, context);
  let left = binary(cursor, context, level + 1);
  for (;;) {
    const { position } = cursor.peek();
    const operator = operators.find((symbol) => cursor.skip(symbol));
    if (!operator) return left;
    left = { kind: "binary", position, operator, left, right: binary(cursor, context, level + 1) };
  }
}

function unary(cursor: TokenCursor, context: ParserContext): Expression {
  return cursor.nested(() => {
    const { position } = cursor.peek();
    const operator = UNARY.find((symbol) => cursor.skip(symbol)) as UnaryOperator | undefined;
    if (operator) return { kind: "unary", position, operator, operand: unary(cursor, context) };
    if (cursor.isName("sizeof")) return sizeof(cursor, context);
    if (cursor.is("(") && opensType(cursor, context)) {
      const type = parenthesizedType(cursor, context);
      return { kind: "cast", position, type, operand: unary(cursor, context) };
    }
    return postfix(cursor, context);
  });
}

function sizeof(cursor: TokenCursor, context: ParserContext): Expression {
  const { position } = cursor.take();
  if (cursor.is("(") && opensType(cursor, context)) {
    return { kind: "sizeofType", position, type: parenthesizedType(cursor, context) };
  }
  return { kind: "sizeof", position, operand: unary(cursor, context) };
}

const opensType = (cursor: TokenCursor, { types, isVariable }: ParserContext): boolean =>
  startsType(cursor, types, isVariable, 1);

function parenthesizedType(cursor: TokenCursor, { types }: ParserContext): CType {
  cursor.expect("(");
  const { type } = declaration(cursor, types);
  cursor.expect(")");
  return type;
}

function postfix(cursor: TokenCursor, context: ParserContext): Expression {
  let object = primary(cursor, context);
  for (;;) {
    const { position } = cursor.peek();
    if (cursor.skip("[")) {
      object = { kind: "index", position, object, index: conditional(cursor, context) };
      cursor.expect("]");
    } else if (cursor.skip(".") || cursor.skip("->")) {
      const name = cursor.expectName("a member's name");
      object = { kind: "member", position: name.position, object, name: name.text };
    } else return object;
  }
}

function primary(cursor: TokenCursor, context: ParserContext): Expression {
  const { kind, text, position } = cursor.peek();
  if (kind === "symbol" && text === "(") {
    cursor.take();
    const inner = conditional(cursor, context);
    cursor.expect(")");
    return inner;
  }
  if (kind === "symbol" || kind === "end") throw cursor.wrong("an expression");
  cursor.take();
  if (kind === "string") return { kind, position, text };
  if (kind === "number") return number(text, position, context.types.wordSize);
  if (kind === "character") return { kind: "number", position, value: BigInt(text.charCodeAt(0)), type: "char" };
  const isCallable = kind === "register" || (PER_CPU_MACROS.has(text) && !context.isVariable(text));
  if (isCallable && cursor.is("("))
    return { kind: "call", position, name: text, arguments: callArguments(cursor, context) };
  return text === "container_of" && cursor.is("(")
    ? containerOf(cursor, context, position)
    : { kind: "name", position, name: text };
}

function callArguments(cursor: TokenCursor, context: ParserContext): Expression[] {
  const found: Expression[] = [];
  cursor.expect("(");
  if (cursor.skip(")")) return found;
  do found.push(conditional(cursor, context));
  while (cursor.skip(","));
  cursor.expect(")");
  return found;
}

/**
 * Reads a number. It has the first type of C's list that can hold it (C23 6.4.4.1): only numbers that are not decimal, or
 * have the suffix u, can be unsigned. A decimal number that fits no other type is unsigned long long, as in gdb.
 * @throws UsageError if it is not a number or does not fit in 64 bits
 */
function number(text: string, position: number, wordSize: 4 | 8): Expression {
  const [, digits = "", suffix = ""] = /^(.*?)([uUlL]*)$/.exec(text) ?? [];
  if (/^0[0-9]*[89]/.test(digits))
    throw new UsageError(`${digits} is not an octal number, at column ${position + 1}`, position);
  const longs = suffix.replace(/u/gi, "").length;
  if (longs > 2 || suffix.length - longs > 1)
    throw new UsageError(`${suffix} is not a suffix of a number, at column ${position + 1}`, position);
  const value = BigInt(/^0[0-7]+$/.test(digits) ? `0o${digits}` : digits);
  const unsigned = /u/i.test(suffix);
  const mayBeUnsigned = unsigned || !/^[1-9]/.test(digits);
  const widths: readonly (readonly [string, number])[] = [
    ["int", 32],
    ["long", wordSize * 8],
    ["long long", 64],
  ];
  for (const [name, bits] of widths.slice(longs)) {
    if (!unsigned && value < 1n << BigInt(bits - 1)) return { kind: "number", position, value, type: name };
    if (mayBeUnsigned && value < 1n << BigInt(bits))
      return { kind: "number", position, value, type: `unsigned ${name}` };
  }
  if (value < 1n << 64n) return { kind: "number", position, value, type: "unsigned long long" };
  throw new UsageError(`${digits} does not fit in 64 bits, at column ${position + 1}`, position);
}

function containerOf(cursor: TokenCursor, context: ParserContext, position: number): Expression {
  cursor.expect("(");
  const pointer = conditional(cursor, context);
  cursor.expect(",");
  const { type } = declaration(cursor, context.types);
  cursor.expect(",");
  let member = cursor.expectName("a member's name").text;
  while (cursor.skip(".")) member += `.${cursor.expectName("a member's name").text}`;
  cursor.expect(")");
  return { kind: "containerOf", position, pointer, type, member };
}
