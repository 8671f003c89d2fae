/** Formats values as gdb prints them. */
import { attempt, Fault } from "../base/fault.ts";
import { hex, hex0x } from "../base/hex.ts";
import { type ArrayType, bare, type CType, sizeOf, type StructType, unqualified } from "../debuginfo/ctype.ts";
import { isCharacter, quoted } from "./characters.ts";
import { bitsOf, type FormatLetter, floatText, isNumeric, letterText } from "./letterText.ts";
import { findMember } from "./member.ts";
import { enumText, integerText } from "./numberText.ts";
import { Obj } from "./object.ts";
import { symbolText } from "./symbolText.ts";
import { typeName } from "./typeName.ts";

/** A part of a line: text, or text that a face can link to or explain. */
export type ValueToken =
  | string
  | { readonly as: "address"; readonly text: string; readonly address: bigint }
  | { readonly as: "symbol"; readonly text: string; readonly address: bigint }
  | { readonly as: "fault"; readonly text: string; readonly fault: Fault };

/** One line of a formatted value, without its newline. */
export type ValueLine = readonly ValueToken[];

export interface FormatOptions {
  readonly radix?: 10 | 16;
  /** gdb's format letter, which has precedence over the radix. */
  readonly letter?: FormatLetter | undefined;
  /** Maximum number of array elements and of string characters before `...`: crash's `set print_max`. */
  readonly limit?: number;
  /** Shows `char[]` up to its first NUL: crash's `set null-stop`. */
  readonly stopAtNull?: boolean;
  /** One array element per line: crash's `set print_array`. */
  readonly arrayLines?: boolean;
  /** Levels of indentation, of two blanks each. */
  readonly indent?: number;
  /** Text before the first line's value, such as `pid = `. */
  readonly prefix?: ValueToken;
  /** Text after the last line, such as `,`. */
  readonly suffix?: string;
  /** A value printed on its own, as `p` prints it: pointers and functions are preceded by their type. */
  readonly top?: boolean;
}

/** crash's default of `print_max`. */
const PRINT_MAX = 256;

/**
 * Maximum depth of nested structs, number of pieces of text in all, and number of pieces per line, because input can be
 * damaged. rcu_state has half a million pieces.
 */
const MAX_DEPTH = 32;
const MAX_TOKENS = 1_000_000;
const MAX_LINE = 100_000;

interface Style {
  readonly radix: 10 | 16;
  readonly letter: FormatLetter | undefined;
  readonly limit: number;
  readonly stopAtNull: boolean;
  readonly arrayLines: boolean;
  /** The value is not part of another one: a fault includes its address, because no member name identifies it. */
  readonly top: boolean;
}

/**
 * Formats a value like gdb with `set print pretty`: `{`, one member per line, `}`; scalars and arrays of them on one
 * line. A fault is shown instead of an unreadable value; nothing is thrown for it.
 */
export function* formatValue(object: Obj, options: FormatOptions = {}): Generator<ValueLine> {
  const { radix = 10, letter, limit = PRINT_MAX, stopAtNull = false, arrayLines = false } = options;
  const { indent = 0, prefix = "", suffix = "", top = false } = options;
  const style = { radix, letter, limit, stopAtNull, arrayLines, top };
  let line: ValueToken[] = ["  ".repeat(indent), prefix, ...(top && !isNumeric(letter) ? typePrefix(object) : [])];
  let tokens = 0;
  for (const token of value(object, style, indent, 0)) {
    if (++tokens > MAX_TOKENS || line.length > MAX_LINE) break;
    if (token !== NEWLINE) line.push(token);
    else {
      yield compact(line);
      line = [];
    }
  }
  line.push(tokens > MAX_TOKENS || line.length > MAX_LINE ? "..." : suffix);
  yield compact(line);
}

/**
 * Formats one member as crash's `struct task_struct.pid`: `  pid = 169,`, indented as in the whole struct. A path is
 * printed as given: `  se.vruntime = 3375231242,`.
 */
export function* formatMember(object: Obj, path: string, options: FormatOptions = {}): Generator<ValueLine> {
  const type = bare(object.type);
  const found = type.kind === "struct" || type.kind === "union" ? findMember(type, path) : undefined;
  const indent = (options.indent ?? 0) + 1 + (found?.depth ?? 0);
  yield* formatValue(object.at(path), { suffix: ",", ...options, indent, prefix: `${path} = ` });
}

/** Formats a value on one line. */
export function formatLine(object: Obj, options: FormatOptions = {}): ValueLine {
  const tokens: ValueToken[] = [];
  for (const line of formatValue(object, options)) {
    const [first, ...rest] = line;
    if (tokens.length === 0) tokens.push(...line);
    else tokens.push(" ", typeof first === "string" ? first.trimStart() : (first ?? ""), ...rest);
  }
  return compact(tokens);
}

/** Returns the text of a line. */
export const lineText = (line: ValueLine): string =>
  line.map((token) => (typeof token === "string" ? token : token.text)).join("");

/** A line break, compared by content: no value contains a bare newline. */
const NEWLINE = "\n";

/** Joins neighbouring texts. */
function compact(tokens: readonly ValueToken[]): ValueLine {
  const line: ValueToken[] = [];
  let text = "";
  for (const token of tokens) {
    if (typeof token === "string") {
      text += token;
      continue;
    }
    if (text !== "") line.push(text);
    text = "";
    line.push(token);
  }
  if (text !== "") line.push(text);
  return line;
}

/**
 * Returns the type that gdb prints before a pointer or function that is not a member or an element, unless it is a `char *`.
 */
function typePrefix(object: Obj): ValueToken[] {
  const type = bare(object.type);
  if (type.kind === "function") return [`{${typeName(type)}} `];
  if (type.kind !== "pointer") return [];
  const target = unqualified(type.target);
  const isText = object.type.kind !== "typedef" && target.kind === "int" && target.name === "char";
  return isText ? [] : [`(${typeName(object.type)}) `];
}

function* value(object: Obj, style: Style, level: number, depth: number): Generator<ValueToken> {
  const type = bare(object.type);
  if (depth > MAX_DEPTH) yield "{...}";
  else if (type.kind === "struct" || type.kind === "union") yield* members(object, type, style, level, depth);
  else if (type.kind === "array") yield* array(object, type, style, level, depth);
  else yield* scalar(object, type, style);
}

function* members(object: Obj, type: StructType, style: Style, level: number, depth: number): Generator<ValueToken> {
  const shown = type.members.filter((member) => member.name !== undefined || isAggregate(member.type));
  if (shown.length === 0) {
    yield type.incomplete ? "<incomplete type>" : "{<No data fields>}";
    return;
  }
  const indent = "  ".repeat(level + 1);
  yield "{";
  for (const [i, member] of shown.entries()) {
    if (i > 0) yield ",";
    yield NEWLINE;
    yield member.name === undefined ? indent : `${indent}${member.name} = `;
    yield* value(object.part(member), style.top ? { ...style, top: false } : style, level + 1, depth + 1);
  }
  yield NEWLINE;
  yield `${"  ".repeat(level)}}`;
}

const isAggregate = (type: CType): boolean => {
  const { kind } = bare(type);
  return kind === "struct" || kind === "union";
};

function* array(object: Obj, type: ArrayType, style: Style, level: number, depth: number): Generator<ValueToken> {
  const { element, count = 0 } = type;
  const size = sizeOf(type);
  // gdb prints an array of unknown length, or of elements of size zero, as the address of its first element.
  if (size === 0) yield* placed(object, element, style);
  else if (!Number.isSafeInteger(size)) yield "{...}";
  else if (isCharacter(element) && !isNumeric(style.letter)) yield characters(object, count, style);
  else yield* elements(object, type, style, level, depth);
}

function* elements(object: Obj, type: ArrayType, style: Style, level: number, depth: number): Generator<ValueToken> {
  const { element, count = 0 } = type;
  const shown = Math.min(count, style.limit);
  const from = isFlat(element) ? readAhead(object, sizeOf(element) * shown) : object;
  const separator = style.arrayLines ? [NEWLINE, "  ".repeat(level + 1)] : [" "];
  yield "{";
  if (style.arrayLines) yield* separator;
  for (let i = 0; i < shown;) {
    if (i > 0) yield* [",", ...separator];
    yield* value((from ?? object).index(i), style.top ? { ...style, top: false } : style, level + 1, depth + 1);
    const alike = from ? 1 : unreadable(object, i, shown);
    if (alike > 1) yield ` <repeats ${alike} times>`;
    i += alike;
  }
  if (count > shown) yield "...";
  if (style.arrayLines) yield* [NEWLINE, "  ".repeat(level)];
  yield "}";
}

/** Whether the type is neither a struct, a union nor an array. */
const isFlat = (type: CType): boolean => !isAggregate(type) && bare(type).kind !== "array";

/** Reads the first elements in one read, as an rvalue; undefined if a page is missing. */
function readAhead(object: Obj, length: number): Obj | undefined {
  const bytes = attempt(() => object.bytes(length));
  return bytes instanceof Fault ? undefined : new Obj(object.kernel, object.type, { kind: "bytes", bytes });
}

/**
 * Returns how many elements from `first` on lack the same page, so that the fault is printed once; 1 if the element can
 * be read.
 */
function unreadable(object: Obj, first: number, end: number): number {
  const why = faultOf(object.index(first));
  let i = first + 1;
  while (why !== undefined && i < end && faultOf(object.index(i)) === why) i++;
  return i - first;
}

const faultOf = (object: Obj): string | undefined => {
  const bytes = attempt(() => object.bytes());
  return bytes instanceof Fault ? bytes.message : undefined;
};

/** Formats a `char[]`. As in gdb, its last NUL is not printed. */
function characters(object: Obj, count: number, style: Style): ValueToken {
  const shown = Math.min(count, style.limit);
  const bytes = attempt(() => object.bytes(shown));
  if (bytes instanceof Fault) return faultToken(bytes);
  const nul = bytes.indexOf(0);
  if (style.stopAtNull && nul >= 0) return quoted(bytes.subarray(0, nul));
  if (count > shown) return `${quoted(bytes)}...`;
  return quoted(bytes[shown - 1] === 0 ? bytes.subarray(0, shown - 1) : bytes);
}

function scalar(object: Obj, type: ReturnType<typeof bare>, style: Style): ValueToken[] {
  if (type.kind === "void") return ["void"];
  if (type.kind === "function") return functionAddress(object, style);
  const number = attempt(() => (type.kind === "float" ? bitsOf(object) : object.value()));
  if (number instanceof Fault) return [faultToken(number, style.top)];
  if (isNumeric(style.letter))
    return [letterText(object.kernel, { value: number, bits: object.bitField?.size ?? object.size * 8 }, style.letter)];
  if (type.kind === "float") return [floatText(number, type.size * 8)];
  if (type.kind === "enum") return [enumText(type, number)];
  if (type.kind === "int") return [integerText(type, number, object.bitField?.size ?? type.size * 8, style.radix)];
  return type.kind === "pointer" ? pointer(object, type.target, number, style) : [];
}

/** Formats a function as its address. */
const functionAddress = (object: Obj, { letter }: Style): ValueToken[] =>
  isNumeric(letter)
    ? [letterText(object.kernel, { value: object.address, bits: object.kernel.arch.wordSize * 8 }, letter)]
    : address(object, object.address);

/** Formats a pointer: `0xffffffff9b0ce640 <nohz_csd_func>`, with the text that a `char *` points to. */
function pointer(object: Obj, target: CType, number: bigint, style: Style): ValueToken[] {
  if (!isCharacter(target)) return address(object, number);
  return number === 0n ? ["0x0"] : [...address(object, number, true), " ", textAt(object, number, style)];
}

function placed(object: Obj, element: CType, style: Style): ValueToken[] {
  return object.storage.kind === "memory" ? pointer(object, element, object.storage.address, style) : ["{}"];
}

function address({ kernel }: Obj, number: bigint, ofText = false): ValueToken[] {
  if (number === 0n) return ["0x0"];
  const tokens: ValueToken[] = [{ as: "address", text: hex0x(number), address: number }];
  const name = symbolText(kernel, number, ofText);
  if (name !== undefined) tokens.push(" ", { as: "symbol", text: `<${name}>`, address: number });
  return tokens;
}

/** Reads NUL-terminated text; text before a fault is shown with the fault. */
function textAt({ kernel }: Obj, start: bigint, style: Style): ValueToken {
  const bytes: number[] = [];
  let at = start;
  while (bytes.length < style.limit) {
    const page = kernel.memory.page(at);
    if (page instanceof Fault) {
      const before = bytes.length > 0 ? quoted(Uint8Array.from(bytes)) : "";
      return { as: "fault", text: `${before}<${page.message}>`, fault: page };
    }
    const rest = page.subarray(0, style.limit - bytes.length);
    const nul = rest.indexOf(0);
    bytes.push(...(nul < 0 ? rest : rest.subarray(0, nul)));
    if (nul >= 0) return quoted(Uint8Array.from(bytes));
    at += BigInt(rest.length);
  }
  return `${quoted(Uint8Array.from(bytes))}...`;
}

const faultToken = (fault: Fault, isPlaced = false): ValueToken => {
  const where = isPlaced && fault.address !== undefined ? `${hex(fault.address)}: ` : "";
  return { as: "fault", text: `<${where}${fault.message}>`, fault };
};
