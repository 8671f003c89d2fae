/** Evaluates the arguments of print formats for one entry. */
import { cString, readUnsigned, viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { hexBytes, padHex } from "../../base/hex.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import { hz } from "../time/timekeeping.ts";
import { globalWord } from "../vmcoreinfo.ts";
import { binaryValue, unaryValue } from "./operators.ts";
import type { LastBoot } from "./lastBoot.ts";
import type { PrintExpression } from "./printFormat.ts";
import type { EventField, TraceEvent } from "./traceEvent.ts";

/** Bytes in an entry: an array, a struct, or the contents of a dynamic field. */
export interface EntryBytes {
  readonly bytes: Uint8Array;
  /** Size in bytes. */
  readonly elementSize: number;
  readonly isSigned: boolean;
}

export type PrintValue = bigint | string | EntryBytes;

/** An entry with its event. */
export interface EventEntry {
  readonly kernel: Kernel;
  readonly event: TraceEvent;
  readonly data: Uint8Array;
  /** The boot before, if the entry is from it. */
  readonly lastBoot?: LastBoot;
}

/** Evaluates an expression. @throws Fault unknown for what only the kernel's own code can compute */
export function printValue(entry: EventEntry, expression: PrintExpression): PrintValue {
  switch (expression.kind) {
    case "number":
    case "text":
      return expression.value;
    case "field":
      return fieldValue(entry, fieldNamed(entry.event, expression.name));
    case "name":
      return enumeratorOrGlobal(entry.kernel, expression.name);
    case "unary": {
      const value = printValue(entry, expression.of);
      if (expression.operator === "&") return value;
      if (expression.operator === "*") return element(entry, value, 0);
      return unaryValue(expression.operator, numberOf(value));
    }
    case "binary": {
      const left = numberOf(printValue(entry, expression.left));
      if (expression.operator === "&&" && left === 0n) return 0n;
      if (expression.operator === "||" && left !== 0n) return 1n;
      const right = numberOf(printValue(entry, expression.right));
      return binaryValue(expression.operator, left, right * scaleOf(entry.kernel, expression));
    }
    case "conditional":
      return printValue(entry, isTrue(printValue(entry, expression.test)) ? expression.yes : expression.no);
    case "cast":
      return cast(entry.kernel, expression.type, printValue(entry, expression.of));
    case "index":
      return element(entry, printValue(entry, expression.of), Number(numberOf(printValue(entry, expression.at))));
    case "call":
      return callResult(entry, expression.name, expression.arguments);
    case "list":
      throw Fault.of("corrupt", "the print format has a list where a value is expected");
  }
}

/** Returns the size of the elements of a pointer to which a number is added; 1 for other operations. */
function scaleOf(
  kernel: Kernel,
  { operator, left }: { readonly operator: string; readonly left: PrintExpression },
): bigint {
  if ((operator !== "+" && operator !== "-") || left.kind !== "cast" || !left.type.endsWith("*")) return 1n;
  const size = attempt(() => sizeOf(kernel.types.named(left.type.slice(0, -1).trim())));
  return size instanceof Fault || size === 0 ? 1n : BigInt(size);
}

const isTrue = (value: PrintValue): boolean => typeof value !== "bigint" || value !== 0n;

function fieldNamed(event: TraceEvent, name: string): EventField {
  const field = event.fields.find((one) => one.name === name);
  if (!field) throw Fault.of("unknown", `${event.name} has no field ${name}`);
  return field;
}

/** Reads a field: a number, or its bytes. @throws Fault corrupt if the entry is too short */
export function fieldValue({ kernel, data }: Pick<EventEntry, "kernel" | "data">, field: EventField): PrintValue {
  const { offset, type, isSigned } = field;
  // The last array of an entry is as long as the entry.
  const size = field.size === 0 ? Math.max(0, data.length - offset) : field.size;
  if (offset < 0 || offset + size > data.length)
    throw Fault.of("corrupt", `the entry ends before its field ${field.name}`);
  const isArray = type.includes("[") && !/^__(?:data|rel)_loc/.test(type);
  if (!isArray && [1, 2, 4, 8].includes(size)) {
    const value = readUnsigned(viewOf(data), offset, size, kernel.arch.byteOrder);
    return isSigned ? BigInt.asIntN(size * 8, value) : value;
  }
  return { bytes: data.subarray(offset, offset + size), elementSize: elementSize(kernel, type), isSigned };
}

function elementSize(kernel: Kernel, type: string): number {
  const size = attempt(() => sizeOf(kernel.types.named(type.replace(/\s*\[[^\]]*\]\s*/, "").trim())));
  return size instanceof Fault || size === 0 ? 1 : size;
}

/** Returns a value as a number. @throws Fault for text and bytes */
export function numberOf(value: PrintValue): bigint {
  if (typeof value === "bigint") return value;
  throw Fault.of("unknown", "the print format computes with an address inside the entry");
}

function textOf(value: PrintValue): string {
  if (typeof value === "string") return value;
  throw Fault.of("corrupt", "the print format has a number where a text is expected");
}

/** Returns an enumerator, or the value of a global that is a word, such as `vmemmap_base`. @throws Fault unknown */
function enumeratorOrGlobal(kernel: Kernel, name: string): bigint {
  const value = kernel.types.enumerator(name)?.value ?? globalWord(kernel, name);
  if (value === undefined) throw Fault.of("unknown", `${name} is neither an enumerator nor a global of the kernel`);
  return value;
}

function element({ kernel }: EventEntry, value: PrintValue, at: number): bigint {
  if (typeof value !== "object") throw Fault.of("unknown", "the print format reads memory outside the entry");
  const { bytes, elementSize: size, isSigned } = value;
  if (![1, 2, 4, 8].includes(size) || at < 0 || (at + 1) * size > bytes.length)
    throw Fault.of("corrupt", `the array has no element ${at}`);
  const raw = readUnsigned(viewOf(bytes), at * size, size, kernel.arch.byteOrder);
  return isSigned ? BigInt.asIntN(size * 8, raw) : raw;
}

function cast(kernel: Kernel, type: string, value: PrintValue): PrintValue {
  if (typeof value === "string" || type === "void") return value;
  if (type.includes("*")) {
    if (typeof value !== "object") return value;
    return { ...value, elementSize: elementSize(kernel, type.replace("*", "").trim()) };
  }
  if (typeof value === "object") throw Fault.of("unknown", `the print format converts an address to ${type}`);
  const found = attempt(() => kernel.types.named(type.replace(/\b(?:__force|__user|const|volatile)\b/g, "").trim()));
  if (found instanceof Fault) return value;
  const bits = sizeOf(found) * 8;
  if (bits === 0 || bits > 64) return value;
  const isUnsigned = /\bunsigned\b|^_*u\d|^uint|^size_t|^ulong|_Bool|^bool|^__[bl]e/.test(type);
  return isUnsigned ? BigInt.asUintN(bits, value) : BigInt.asIntN(bits, value);
}

const nameOf = (expression: PrintExpression | undefined): string => {
  if (expression?.kind === "name" || expression?.kind === "field") return expression.name;
  throw Fault.of("corrupt", "the print format has an expression where the name of a field is expected");
};

/**
 * Returns the contents to which a field of type `__data_loc` or `__rel_loc` refers: it has their position and length in
 * the entry.
 */
function dynamicBytes({ kernel, event, data }: EventEntry, expression: PrintExpression | undefined): EntryBytes {
  const field = fieldNamed(event, nameOf(expression));
  const place = Number(numberOf(fieldValue({ kernel, data }, field)));
  const base = field.type.startsWith("__rel_loc") ? field.offset + field.size : 0;
  const start = base + (place & 0xffff);
  const end = start + (place >>> 16);
  if (end > data.length) throw Fault.of("corrupt", `the entry ends before the contents of ${field.name}`);
  const type = field.type.replace(/^__(?:data|rel)_loc\s+/, "");
  return { bytes: data.subarray(start, end), elementSize: elementSize(kernel, type), isSigned: field.isSigned };
}

/** Computes a function of a print format, by its name (include/trace/stages/stage3_trace_output.h). @throws Fault */
function callResult(entry: EventEntry, name: string, given: readonly PrintExpression[]): PrintValue {
  const value = (at: number): PrintValue => printValue(entry, given[at] ?? { kind: "name", name: "(nothing)" });
  switch (name) {
    case "__get_str":
    case "__get_rel_str":
      return cString(dynamicBytes(entry, given[0]).bytes);
    case "__get_dynamic_array":
    case "__get_rel_dynamic_array":
    case "__get_sockaddr":
    case "__get_rel_sockaddr":
      return dynamicBytes(entry, given[0]);
    case "__get_dynamic_array_len":
    case "__get_rel_dynamic_array_len":
      return BigInt(dynamicBytes(entry, given[0]).bytes.length);
    case "__get_bitmask":
    case "__get_rel_bitmask":
    case "__get_cpumask":
    case "__get_rel_cpumask":
      return bitmaskText(entry.kernel, dynamicBytes(entry, given[0]).bytes);
    case "__print_flags":
    case "__print_flags_u64":
      return flagsText(entry, numberOf(value(0)), textOf(value(1)), given.slice(2));
    case "__print_symbolic":
    case "__print_symbolic_u64":
      return symbolicText(entry, numberOf(value(0)), given.slice(1));
    case "__print_hex":
    case "__print_hex_str":
      return hexText(value(0), Number(numberOf(value(1))), name === "__print_hex" ? " " : "");
    case "__print_array":
      return arrayText(entry, value(0), Number(numberOf(value(1))), Number(numberOf(value(2))));
    case "sizeof":
      return BigInt(sizeOf(entry.kernel.types.named(textOf(value(0)))));
    case "jiffies_to_msecs":
      return (numberOf(value(0)) * 1000n) / BigInt(hz(entry.kernel));
    case "__print_ns_to_secs":
      return numberOf(value(0)) / 1_000_000_000n;
    case "__print_ns_without_secs":
      return numberOf(value(0)) % 1_000_000_000n;
    default:
      throw Fault.of("unknown", `the print format calls ${name}(), which is not supported`);
  }
}

/** Returns the value and the text of `{ 1, "READ" }`. */
function pairOf(entry: EventEntry, item: PrintExpression): readonly [bigint, string] {
  if (item.kind !== "list" || item.items.length !== 2)
    throw Fault.of("corrupt", "a flag of the print format is not a pair of value and name");
  const [value, name] = item.items.map((one) => printValue(entry, one));
  return [numberOf(value ?? ""), typeof name === "string" ? name : ""];
}

/** Wraps a value to 64 bits, as C does. */
const unsigned64 = (value: bigint): bigint => BigInt.asUintN(64, value);

function flagsText(entry: EventEntry, value: bigint, between: string, items: readonly PrintExpression[]): string {
  let left = unsigned64(value);
  const names: string[] = [];
  for (const item of items) {
    if (left === 0n) break;
    const [signed, name] = pairOf(entry, item);
    const mask = unsigned64(signed);
    if ((left & mask) !== mask) continue;
    names.push(name);
    left &= ~mask;
  }
  if (left !== 0n) names.push(`0x${left.toString(16)}`);
  return names.join(between);
}

function symbolicText(entry: EventEntry, value: bigint, items: readonly PrintExpression[]): string {
  for (const item of items) {
    const [one, name] = pairOf(entry, item);
    if (unsigned64(one) === unsigned64(value)) return name;
  }
  return `0x${unsigned64(value).toString(16)}`;
}

function hexText(value: PrintValue, count: number, between: string): string {
  if (typeof value !== "object") throw Fault.of("unknown", "the print format reads memory outside the entry");
  return hexBytes(value.bytes.subarray(0, Math.max(0, count)), between);
}

function arrayText(entry: EventEntry, value: PrintValue, count: number, size: number): string {
  if (typeof value !== "object") throw Fault.of("unknown", "the print format reads memory outside the entry");
  const array = { ...value, elementSize: size, isSigned: false };
  const fitting = Math.max(0, Math.min(count, Math.floor(value.bytes.length / Math.max(1, size))));
  return `{${Array.from({ length: fitting }, (_, at) => `0x${element(entry, array, at).toString(16)}`).join(",")}}`;
}

/** Formats a bitmask as `%*pb` does: words of 32 bits, the highest first. */
function bitmaskText({ arch }: Kernel, bytes: Uint8Array): string {
  const whole = bytes.subarray(0, bytes.length - (bytes.length % arch.wordSize));
  let bits = 0n;
  for (let at = whole.length - arch.wordSize; at >= 0; at -= arch.wordSize)
    bits = (bits << BigInt(arch.wordSize * 8)) | readUnsigned(viewOf(whole), at, arch.wordSize, arch.byteOrder);
  const digits = padHex(bits, Math.ceil(whole.length / 4) * 8);
  return digits.replace(/(?=(?:.{8})+$)(?!^)/g, ",");
}
