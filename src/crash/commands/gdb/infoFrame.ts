/** gdb's `info frame`, `info locals`, `info args` and `info registers`: the selected frame. */
import { attempt, Fault } from "../../../base/fault.ts";
import { hex0x, padHex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { formatValue } from "../../../model/format.ts";
import { addressText } from "../../../model/symbolText.ts";
import { typeName } from "../../../model/typeName.ts";
import { addressJson, lazyRecord, type Line, record, text } from "../../../say/piece.ts";
import type { Records } from "../../../say/table.ts";
import type { Frame } from "../../../unwind/frame.ts";
import type { FrameVariable } from "../../../unwind/locals.ts";
import { column, indent } from "../../../render/pad.ts";
import type { Context, Running } from "../../language/command.ts";
import { type NumberedFrame, selectedFrame } from "../../language/selectedFrame.ts";
import { formatOptions } from "../../say/structView.ts";
import { valueJson } from "../../say/valueJson.ts";
import { argumentsText, faultWords, localsOf, parameters } from "./frameText.ts";

/** The records of the selected frame. */
export const frameRecords: readonly Records[] = [
  {
    line: "info registers",
    fields: { register: { kind: "text" }, value: { kind: "address", about: "absent if the frame did not save it" } },
  },
  {
    line: "info frame",
    fields: {
      number: { kind: "number" },
      function: { kind: "text" },
      pc: { kind: "address" },
      cfa: { kind: "address", about: "of the frame: the caller's stack pointer" },
    },
  },
  {
    line: "info locals",
    fields: {
      name: { kind: "text" },
      type: { kind: "text" },
      value: { kind: "data", about: "as `struct` gives it, if it is known" },
    },
  },
];

/** `info locals`. */
export function* infoLocals(context: Context): Running {
  const chosen = selectedFrame(context);
  if (!chosen.place)
    throw new UsageError(`No locals are known of ${chosen.name}: give a vmlinux, or a module's file, with debuginfo.`);
  const locals = localsOf(context.kernel, chosen);
  if (locals.length === 0) return yield text("No locals.");
  yield* variables(context, locals);
}

/** `info args`. */
export function* infoArguments(context: Context): Running {
  const chosen = selectedFrame(context);
  if (!chosen.place)
    throw new UsageError(
      `No arguments are known of ${chosen.name}: give a vmlinux, or a module's file, with debuginfo.`,
    );
  const known = parameters(context.kernel, chosen);
  if (known.length === 0) return yield text("No arguments.");
  yield* variables(context, known);
}

function* variables(context: Context, all: readonly FrameVariable[]): Running {
  for (const { name, type, value } of all) {
    yield lazyRecord(
      () => ({ name, type: typeName(type), ...(value instanceof Fault ? {} : { value: valueJson(value) }) }),
      () =>
        value instanceof Fault
          ? [[`${name} = `, { as: "fault", text: faultWords(value), fault: value }]]
          : [...formatValue(value, { ...formatOptions(context), prefix: `${name} = ` })],
    );
  }
}

/** Widths of gdb's columns of names and of raw values. */
const NAME_WIDTH = 15;
const RAW_WIDTH = 20;

/** `info registers`, of all registers or of those that are named. */
export function* infoRegisters(context: Context, words: string): Running {
  const { frame } = selectedFrame(context);
  const { arch } = context.kernel;
  const wanted = words.split(/[\s,]+/).flatMap((word) => (word === "" ? [] : [word.replace(/^\$/, "")]));
  const known = registerOrder(context.kernel, frame);
  for (const word of wanted.length > 0 ? wanted : known) {
    const name = { pc: arch.pc, sp: arch.sp, fp: arch.framePointer, eflags: "rflags" }[word] ?? word;
    const value = frame.registers.get(word) ?? frame.registers.get(name);
    if (value === undefined && !arch.registers.includes(name)) throw new UsageError(`Invalid register \`${word}'`);
    yield registerLine(context.kernel, name === "rflags" ? "eflags" : word, name, value);
  }
}

/** Returns the registers in gdb's order. */
const debuggerOrder = ({ arch }: Kernel): readonly string[] => arch.debuggerOrder ?? arch.registers;

function registerOrder(kernel: Kernel, { registers }: Frame): readonly string[] {
  const order = debuggerOrder(kernel);
  return [
    ...order.filter((name) => registers.has(name)),
    ...[...registers.keys()].filter((name) => !order.includes(name)),
  ];
}

function registerLine(kernel: Kernel, title: string, name: string, value: bigint | undefined) {
  const { arch } = kernel;
  const label = column(title, NAME_WIDTH);
  if (value === undefined) return record({ register: name, value: null }, `${label}<not saved>`);
  const raw = hex0x(value);
  const natural =
    name === arch.pc
      ? addressText(kernel, value)
      : name === arch.sp || name === arch.framePointer
        ? raw
        : name === "rflags"
          ? flagNames(value)
          : String(BigInt.asIntN(arch.wordSize * 8, value));
  const line: Line = [
    label,
    { as: "address", text: raw, address: value },
    `${indent(Math.max(1, RAW_WIDTH - raw.length))}${natural}`,
  ];
  return record({ register: name, value: addressJson(value) }, line);
}

/** Flags of RFLAGS by bit (Intel SDM volume 1, 3.4.3). */
const FLAGS: readonly (readonly [bit: number, name: string])[] = [[0, "CF"], [2, "PF"], [4, "AF"], [6, "ZF"], [7, "SF"], [8, "TF"], [9, "IF"], [10, "DF"], [11, "OF"], [14, "NT"], [16, "RF"], [17, "VM"], [18, "AC"], [19, "VIF"], [20, "VIP"], [21, "ID"]]; // prettier-ignore

const flagNames = (value: bigint): string =>
  `[ ${FLAGS.flatMap(([bit, name]) => (((value >> BigInt(bit)) & 1n) === 1n ? [`${name} `] : [])).join("")}]`;

/** `info frame`. */
export function* infoFrame(context: Context): Running {
  const { kernel } = context;
  const chosen = selectedFrame(context);
  const { frame, place, name, number } = chosen;
  const word = (value: bigint): string => `0x${padHex(value, kernel.arch.wordSize * 2)}`;
  const source = place?.source;
  const where = source ? ` (${source.file}:${source.line})` : "";
  const { pc } = kernel.arch;
  const saved = frame.caller ? `; saved ${pc} = ${word(frame.caller.pc)}` : "";
  const base = hex0x(frame.sp - BigInt(kernel.arch.wordSize));
  yield record(
    { number, function: name, pc: addressJson(frame.pc), cfa: frame.cfa === undefined ? null : addressJson(frame.cfa) },
    `Stack level ${number}, frame at ${frame.cfa === undefined ? "an unknown address" : hex0x(frame.cfa)}:`,
    ` ${pc} = ${word(frame.pc)} in ${name}${where}${saved}`,
    ...(place?.inlined ? [` inlined into frame ${number + 1}`] : []),
    ...neighbours(chosen),
    ...(place ? [" source language c."] : []),
    ` Arglist at ${base}, args: ${argumentsText(kernel, chosen)}`,
    ` Locals at ${base},${frame.cfa === undefined ? "" : ` Previous frame's sp is ${hex0x(frame.cfa)}`}`,
    ...savedRegisters(kernel, frame),
  );
}

function neighbours({ all, number, frame }: NumberedFrame): string[] {
  const outer = frame.caller?.cfa;
  const inner = all[number - 1]?.frame.cfa;
  const words = [
    ...(outer === undefined ? [] : [`called by frame at ${hex0x(outer)}`]),
    ...(inner === undefined ? [] : [`caller of frame at ${hex0x(inner)}`]),
  ];
  return words.length > 0 ? [` ${words.join(", ")}`] : [];
}

/** Returns where the frame saved its caller's registers, from call frame information. */
function savedRegisters(kernel: Kernel, frame: Frame): string[] {
  const { cfa } = frame;
  const row = attempt(() => kernel.code.cfi(frame.exact ? frame.pc : frame.pc - 1n));
  if (cfa === undefined || row instanceof Fault || !row) return [];
  const slots = new Map<string, bigint>();
  for (const [number, rule] of row.rules) {
    const name =
      kernel.arch.dwarfRegisters[number] ?? (number === row.returnAddressRegister ? kernel.arch.pc : undefined);
    if (name !== undefined && rule.kind === "offset") slots.set(name, cfa + BigInt(rule.offset));
  }
  const order = debuggerOrder(kernel);
  const words = order.flatMap((name) => {
    const slot = slots.get(name);
    return slot === undefined ? [] : [`${name} at ${hex0x(slot)}`];
  });
  return words.length > 0 ? [" Saved registers:", `  ${words.join(", ")}`] : [];
}
