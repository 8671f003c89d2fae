/** Rows of the Variables view as DAP variables. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { Obj } from "../../model/object.ts";
import { isInKernelRange } from "../../linux/mm/kernelRanges.ts";
import { summary, type SummaryOptions } from "../../model/summary.ts";
import { typeName } from "../../model/typeName.ts";
import { childrenOf } from "./children.ts";
import type { Target } from "../target.ts";
import type { VariableEntry } from "./unfolding.ts";

/** How to format numbers. */
export interface RowStyle {
  readonly hex: boolean;
}

/** Whether numbers are hexadecimal: by the request's format, or after `set radix 16` in the console. */
export const isHex = ({ context }: Target, format: DebugProtocol.ValueFormat | undefined): boolean =>
  format?.hex ?? context.radix === 16;

/** Converts an entry to a DAP variable. An entry with children gets a reference. Reads only what the row shows. */
export function row(target: Target, entry: VariableEntry, style: RowStyle): DebugProtocol.Variable {
  const unfolding = childrenOf(entry);
  const remark = entry.remark ?? unfolding?.remark;
  const variable: DebugProtocol.Variable = {
    name: entry.name,
    value: `${entryText(entry, style)}${remark === undefined ? "" : ` (${remark})`}`,
    variablesReference: unfolding ? target.unfoldings.add(unfolding) : 0,
    presentationHint: { ...entry.hint, attributes: ["readOnly", ...(entry.hint?.attributes ?? [])] },
  };
  if (unfolding?.count !== undefined) variable.indexedVariables = unfolding.count;
  if (entry.expression !== undefined) variable.evaluateName = entry.expression;
  const { client } = target;
  if (entry.value instanceof Obj && client.supports("supportsVariableType")) variable.type = typeName(entry.value.type);
  const memory = entry.address ?? (entry.value instanceof Obj ? memoryOf(entry.value) : undefined);
  if (memory !== undefined && client.supports("supportsMemoryReferences")) variable.memoryReference = hex0x(memory);
  if (entry.declared) variable.declarationLocationReference = target.places.add(entry.declared);
  const code = functionAddress(entry.value);
  if (code !== undefined && target.kernel.code.isText(code)) variable.valueLocationReference = target.places.add(code);
  return variable;
}

/**
 * Members that hold flag bits: `flags`, `f_mode`, `vm_flags`, `gfp_mask`. Their names are macros, which DWARF lacks.
 */
const FLAGS = /(?:^|_|\.|->)(?:flags|gfp_mask|f_mode)$/;

/** Returns the value as text, or the fault in angle brackets. */
export function entryText({ name, value, text }: VariableEntry, { hex }: RowStyle): string {
  if (text !== undefined) return text;
  if (typeof value === "string") return value;
  const radix = hex || FLAGS.test(name) ? 16 : 10;
  const shown = value instanceof Fault ? value : attempt(() => summaryOf(value, { radix }));
  return shown instanceof Fault ? `<${shown.message}>` : shown;
}

/** Formats a value in one line. A `long` that holds a kernel address is hexadecimal. @throws Fault */
export const summaryOf = (value: Obj, options: SummaryOptions): string =>
  summary(value, { ...options, isAddress: (word) => isInKernelRange(value.kernel, word) });

/**
 * Returns the address for "View Memory": the target of a pointer, else the object itself; undefined if it is not in
 * memory.
 */
function memoryOf(object: Obj): bigint | undefined {
  if (bare(object.type).kind === "pointer") {
    const address = attempt(() => object.value());
    return address instanceof Fault || !object.kernel.memory.isKernelAddress(address) ? undefined : address;
  }
  return object.storage.kind === "memory" ? object.storage.address : undefined;
}

function functionAddress(value: VariableEntry["value"]): bigint | undefined {
  if (!(value instanceof Obj)) return undefined;
  const type = bare(value.type);
  if (type.kind !== "pointer" || bare(type.target).kind !== "function") return undefined;
  const address = attempt(() => value.value());
  return address instanceof Fault || address === 0n ? undefined : address;
}
