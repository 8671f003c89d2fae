/** Frames as gdb prints them: `#1  0xffffffff8156475a in __crash_kexec (regs=0x0) at kernel/kexec_core.c:974`. */
import { Fault } from "../../../base/fault.ts";
import { padHex } from "../../../base/hex.ts";
import { bare } from "../../../debuginfo/ctype.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { formatLine, lineText } from "../../../model/format.ts";
import type { Obj } from "../../../model/object.ts";
import { addressJson, type Json, type Line, type Span } from "../../../say/piece.ts";
import { column } from "../../../render/pad.ts";
import type { Fields } from "../../../say/table.ts";
import { type FrameVariable, frameVariables, parameterAtEntry } from "../../../unwind/locals.ts";
import type { NamedFrame } from "../../language/frameScope.ts";

/** gdb's limit for the characters of a text and the elements of an array. */
const LIMIT = 200;

/** The fields of a frame. */
export const frameFields: Fields = {
  number: { kind: "number" },
  pc: { kind: "address" },
  function: { kind: "text" },
  inlined: { kind: "flag" },
  file: { kind: "text" },
  line: { kind: "number" },
};

export const frameJson = ({ frame, place, name }: NamedFrame, number: number): Json => ({
  number,
  pc: addressJson(frame.pc),
  function: name,
  inlined: place?.inlined ?? false,
  file: place?.source?.file ?? null,
  line: place?.source?.line ?? null,
});

/** Returns the line of a frame. */
export function frameLine(kernel: Kernel, named: NamedFrame, number: number): Line {
  const { frame, place, name } = named;
  const source = place?.source;
  const where: Span[] = showsAddress(kernel, named)
    ? [{ as: "address", text: `0x${padHex(frame.pc, kernel.arch.wordSize * 2)}`, address: frame.pc }, " in "]
    : [];
  const at: Span[] = source
    ? [" at ", { as: "source", text: `${source.file}:${source.line}`, file: source.file, line: source.line }]
    : [];
  return [`#${column(String(number), 2)} `, ...where, `${name} (${argumentsText(kernel, named)})`, ...at];
}

/**
 * Whether gdb prints the address: not at the first instruction of a line, and not for the caller of an inlined
 * function.
 */
function showsAddress(kernel: Kernel, { frame, place }: NamedFrame): boolean {
  if (!place?.source) return true;
  if (frame.places()[0] !== place) return false;
  return !frame.exact || kernel.code.lineRange(frame.pc)?.start !== frame.pc;
}

/** Returns the arguments of a frame: `key=99, check_mask=check_mask@entry=false`. */
export const argumentsText = (kernel: Kernel, named: NamedFrame): string =>
  parameters(kernel, named)
    .map((variable) => argument(kernel, named, variable))
    .join(", ");

/** Returns the arguments of a function; none without debuginfo. */
export const parameters = (kernel: Kernel, { frame, place }: NamedFrame): readonly FrameVariable[] =>
  place ? frameVariables(kernel, frame, place).filter(({ parameter }) => parameter) : [];

/** Returns the variables that are not arguments, innermost block first. */
export const localsOf = (kernel: Kernel, { frame, place }: NamedFrame): readonly FrameVariable[] =>
  place ? frameVariables(kernel, frame, place).filter(({ parameter }) => !parameter) : [];

/** Formats an argument, with the value at the call if it is the same, or if the value now is not known. */
function argument(kernel: Kernel, { frame, place }: NamedFrame, variable: FrameVariable): string {
  const { name, value } = variable;
  const entry = place && parameterAtEntry(kernel, frame, place, variable);
  if (value instanceof Fault) return entry ? `${name}@entry=${valueText(entry)}` : `${name}=${faultWords(value)}`;
  const text = valueText(value);
  return entry && valueText(entry) === text ? `${name}=${name}@entry=${text}` : `${name}=${text}`;
}

/** Formats a scalar; gdb leaves out the contents of structs and arrays here. */
function valueText(value: Obj): string {
  const { kind } = bare(value.type);
  return kind === "struct" || kind === "union" || kind === "array"
    ? "..."
    : lineText(formatLine(value, { limit: LIMIT }));
}

/** Formats why a variable has no value. */
export const faultWords = ({ kind, message }: Fault): string =>
  kind === "unknown" ? "<optimized out>" : `<${message}>`;
