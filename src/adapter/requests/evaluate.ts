/** The DAP `evaluate` request. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { UsageError } from "../../base/usageError.ts";
import { bare, type EnumType, type StructType } from "../../debuginfo/ctype.ts";
import { isCommandLine } from "../../crash/language/language.ts";
import { isPerCpu } from "../../crash/language/perCpu.ts";
import { containedIn } from "../../linux/containers.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { flagNames } from "../../linux/flagNames.ts";
import { evaluate as evaluateC } from "../../model/expression/evaluate.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";
import { formatValue, lineText } from "../../model/format.ts";
import { Obj } from "../../model/object.ts";
import { memberLines } from "../../model/typeText.ts";
import type { Job } from "../../base/job.ts";
import { command } from "../console.ts";
import type { FrameRow } from "../frames.ts";
import type { Handlers } from "../handlers.ts";
import { isHex, row } from "../values/rows.ts";
import { scopeOf } from "../values/scope.ts";
import { glance } from "../values/glance.ts";
import type { Target } from "../target.ts";
import { type VariableEntry, kernelExpression } from "../values/unfolding.ts";

/** Evaluates expressions for watches, hovers and the clipboard, and commands in the Debug Console. */
export const evaluate: Pick<Handlers, "evaluate"> = {
  *evaluate(target, { expression, context, frameId, format }) {
    const frame = frameId === undefined ? undefined : target.frames.get(frameId);
    const hex = isHex(target, format);
    switch (context) {
      case "repl": {
        const entry = consoleEntry(target, expression, frame);
        if (entry) {
          const shown = responseOf(row(target, entry, { hex }));
          yield* record(
            target,
            expression,
            entry.value instanceof Obj && entry.text === undefined ? entry.value : shown.result,
            hex,
          );
          return shown;
        }
        return { result: yield* command(target, expression, frame), variablesReference: 0 };
      }
      case "clipboard":
        return { result: yield* fullText(object(target, expression, frame), hex), variablesReference: 0 };
      default:
        return responseOf(row(target, typeEntry(target, expression) ?? entryOf(target, expression, frame), { hex }));
    }
  },
};

/**
 * Evaluates a line of the console that is not a command, as a value with children. Undefined when it is not an
 * expression.
 */
function consoleEntry(target: Target, text: string, frame: FrameRow | undefined): VariableEntry | undefined {
  if (isCommandLine(target.context, text, scopeOf(target, frame))) return undefined;
  try {
    return entryOf(target, text, frame);
  } catch (error) {
    // The line may be a type, a pipe or a mistake; the command language reads it and reports mistakes.
    if (error instanceof UsageError || error instanceof Fault) return undefined;
    throw error;
  }
}

/** Converts a row of variables to the response of `evaluate`. */
function responseOf({ value, ...rest }: DebugProtocol.Variable): DebugProtocol.EvaluateResponse["body"] {
  const { name: _name, evaluateName: _expression, ...more } = rest;
  return { result: value, ...more };
}

/** `expression,x` and `,d` choose the radix, `,s` shows text, `,20` or `,[20]` shows 20 elements of a pointer. */
const SUFFIX = /^(.*\S)\s*,\s*(?:(x|h|d|s)|\[?(\d{1,6})\]?)$/s;

/** 16 hexadecimal digits without 0x are an address, with or without WinDbg's backtick. */
const BARE_ADDRESS = /^\s*([0-9a-f]{8}`?[0-9a-f]{8})\s*$/i;
/** Other numbers. Fewer hexadecimal digits without 0x can be a name: `f`, `ac`. */
const NUMBER = /^\s*(?:0x[0-9a-f]+|\d+)\s*$/i;

function entryOf(target: Target, text: string, frame: FrameRow | undefined): VariableEntry {
  refuseCpuList(text);
  const [, plainText = text, style, count] = SUFFIX.exec(text) ?? [];
  const value = object(target, plainText, frame);
  const { struct, member } = memberOf(target, plainText, frame);
  const contained = containedIn(struct, member);
  const flags = attempt(() => flagNames(struct, member, value));
  const remark = flags instanceof Fault ? undefined : flags;
  const reach = splitCpuSpec(plainText).cpus === undefined ? undefined : kernelExpression(value);
  const copies = copiesOf(target, value, plainText.trim());
  const entry: VariableEntry = { name: text, value, expression: plainText, reach, contained, remark, ...copies };
  if (count !== undefined) return { ...entry, unfolding: elements(value, plainText, Number(count)) };
  if (style === "s") return { ...entry, text: JSON.stringify(value.text()) };
  if (style !== undefined) return { ...entry, text: radixText(value, style === "d" ? 10 : 16) };
  return NUMBER.test(plainText) || BARE_ADDRESS.test(plainText) ? { ...entry, ...explained(target, value) } : entry;
}

/**
 * Describes the type that a text such as `struct file` names: its size, and the offsets of its members or the values of
 * its enumerators. Undefined for other texts and unknown types.
 */
function typeEntry({ kernel }: Target, text: string): VariableEntry | undefined {
  const [, kind, name = ""] = /^\s*(struct|union|enum)\s+(\w+)\s*$/.exec(text) ?? [];
  const type = kind === undefined ? undefined : kernel.types.find(kind as "struct", name);
  if (type?.kind === "enum") return { name: text, value: `enum of ${type.size} bytes`, unfolding: constants(type) };
  if (type?.kind !== "struct" && type?.kind !== "union") return undefined;
  return { name: text, value: `${type.kind} of ${type.size} bytes`, unfolding: members(type) };
}

const members = (type: StructType): VariableEntry["unfolding"] => ({
  *named() {
    for (const { name, text, offset } of memberLines(type)) {
      if (name !== undefined && offset !== undefined) yield { name, value: `+${hex0x(offset)}  ${text}` };
    }
  },
});

const constants = (type: EnumType): VariableEntry["unfolding"] => ({
  *named() {
    for (const { name, value } of type.values) yield { name, value: String(value) };
  },
});

/** A name, or a member access without an operator in front, which would bind less tightly than `.` and `->`. */
const MEMBER = /^\s*(?:([A-Za-z_($].*\S)\s*(?:\.|->)\s*)?([A-Za-z_]\w*)\s*$/s;

/**
 * Returns the member or global that an expression names, and the struct that contains it: undefined for a global, empty
 * if the struct is not known.
 */
function memberOf(
  target: Target,
  text: string,
  frame: FrameRow | undefined,
): { struct: string | undefined; member: string } {
  const [, base, member = ""] = MEMBER.exec(text) ?? [];
  if (base === undefined) return { struct: undefined, member };
  return { struct: structOf(target, base, frame) ?? "", member };
}

/**
 * Returns the name of the struct that an expression has or points to. Undefined for other types and incomplete
 * expressions.
 */
function structOf(target: Target, text: string, frame: FrameRow | undefined): string | undefined {
  try {
    const type = bare(object(target, text, frame).type);
    const struct = type.kind === "pointer" ? bare(type.target) : type;
    return struct.kind === "struct" || struct.kind === "union" ? struct.name : undefined;
  } catch (error) {
    if (error instanceof Fault || error instanceof UsageError) return undefined;
    throw error;
  }
}

/** Returns the copies of a per-CPU variable that is named without a CPU, because its own address holds no data. */
function copiesOf({ kernel }: Target, variable: Obj, name: string): Partial<VariableEntry> {
  const symbol = /^\w+$/.test(name) ? kernel.symbols.find(name) : undefined;
  const { storage } = variable;
  if (!symbol || storage.kind !== "memory" || storage.address !== symbol.address || !isPerCpu(kernel, symbol))
    return {};
  const copy = (cpu: number): VariableEntry => {
    const value = attempt(() => perCpuVariable(kernel, name, cpu));
    const reach = value instanceof Fault ? undefined : kernelExpression(value);
    return { name: `[cpu ${cpu}]`, value, expression: `${name}:${cpu}`, reach };
  };
  const first = copy(0).value;
  return {
    text: "per CPU",
    unfolding: { named: () => possibleCpus(kernel).map(copy) },
    ...(first instanceof Obj ? { address: first.address } : {}),
  };
}

function elements(value: Obj, expression: string, count: number): VariableEntry["unfolding"] {
  return {
    count,
    named: () => [],
    *indexed(start, wanted) {
      for (let i = start; i < Math.min(count, start + wanted); i++) {
        yield { name: `[${i}]`, value: attempt(() => value.index(i)), expression: `(${expression})[${i}]` };
      }
    },
  };
}

/** Records an expression of the console with its value, of which a struct or an array is written with its members. */
function* record(target: Target, expression: string, value: Obj | string, hex: boolean): Job<void> {
  const output = target.console.transcript.begin(expression);
  if (typeof value === "string") return output.add(value);
  for (const line of formatValue(value, { radix: hex ? 16 : 10 })) {
    output.add(lineText(line));
    yield;
  }
}

const radixText = (value: Obj, radix: 10 | 16): string => [...formatValue(value, { radix })].map(lineText).join("\n");

/** Describes the address that a text gives as a number. */
function explained({ kernel }: Target, value: Obj): Partial<VariableEntry> {
  const address = BigInt.asUintN(64, value.value());
  const what = glance(kernel, address);
  if (what === undefined) return kernel.memory.isKernelAddress(address) ? { text: hex0x(address), address } : {};
  const places = kernel.code.isText(address) ? kernel.code.scopes(address) : [];
  const chain = places.flatMap(({ source }) => (source ? [`${source.file}:${source.line}`] : [])).join(" < ");
  return { text: `${hex0x(address)}  ${what}${chain === "" ? "" : `  ${chain}`}`, address };
}

/** Evaluates an expression. 16 hexadecimal digits without 0x are a number too. @throws UsageError, Fault */
function object(target: Target, text: string, frame: FrameRow | undefined): Obj {
  const bareAddress = BARE_ADDRESS.exec(text)?.[1];
  const expression = bareAddress === undefined ? text : `0x${bareAddress.replace("`", "")}`;
  const { expression: variable, cpus } = splitCpuSpec(expression);
  if (cpus !== undefined && /^\d+$/.test(cpus)) return perCpuVariable(target.kernel, variable, Number(cpus));
  return evaluateC(target.kernel, expression, scopeOf(target, frame));
}

function* fullText(value: Obj, hex: boolean): Job<string> {
  const lines: string[] = [];
  for (const line of formatValue(value, { radix: hex ? 16 : 10 })) {
    lines.push(lineText(line));
    yield;
  }
  return lines.join("\n");
}

/** @throws UsageError if a text names the copies of several CPUs, which the command `p` shows */
function refuseCpuList(text: string): void {
  const { cpus } = splitCpuSpec(text);
  if (cpus !== undefined && /[a,-]/.test(cpus))
    throw new UsageError(`one CPU is evaluated here: enter "p ${text.trim()}" in the debug console for several`);
}

/** An expression followed by a colon and the CPUs whose copies are meant: `runqueues:0,2`, `runqueues:a`. */
interface CpuSpec {
  readonly expression: string;
  /** The CPUs: "", "a", "all", or a list such as "0-3,7". Undefined if there is no colon. */
  readonly cpus: string | undefined;
}

/** Separates the CPUs from an expression. A colon that belongs to `?:` is part of the expression. */
export function splitCpuSpec(text: string): CpuSpec {
  const match = /^(.*\S)\s*:\s*(a|all|[\d,-]*)\s*$/.exec(text);
  const [, expression = "", cpus = ""] = match ?? [];
  const colons = (of: string): number => of.split(":").length - of.split("?").length;
  return match && colons(text) > 0 ? { expression, cpus } : { expression: text.trim(), cpus: undefined };
}
