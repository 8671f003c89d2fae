/** Evaluates registers and memory operands at the instructions of frames: the faulting instruction and calls. */
import { type MemoryOperand, type Value, wrap64 } from "../../arch/effect.ts";
import type { Registers } from "../../arch/arch.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { perCpuOffset } from "../../kernel/percpu.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import type { Step } from "../check.ts";
import { type FunctionGraph, functionGraph } from "./functionGraph.ts";

/** An instruction with known registers: the faulting one, or a call on the stack. */
export interface Site {
  readonly kernel: Kernel;
  readonly graph: FunctionGraph;
  /** Index of the instruction in the graph. */
  readonly index: number;
  /** Registers before the instruction; for a call, those that the unwinder recovered. */
  readonly registers: Registers;
  readonly frame: Frame;
  readonly cpu: number | undefined;
  /** Arguments of the function, as far as its caller's code shows them. */
  readonly entry?: ReadonlyMap<string, bigint>;
  /** If the instruction is a tail call, whose function has no frame any more: the call of that function. */
  readonly caller?: Site;
  /** The call that led to the function, where `withEntry` found it. */
  readonly calledFrom?: Site;
  /**
   * If the function has several tail calls of the same target: indexes of the others. The dump does not show which one
   * was executed.
   */
  readonly otherJumps?: readonly number[];
}

/**
 * Returns the instruction of a frame: the interrupted one, or the call.
 * @throws Fault if there is no instruction at this address
 */
export function* siteOf(kernel: Kernel, frame: Frame, cpu: number | undefined): Generator<Step, Site, void> {
  const graph = yield* functionGraph(kernel, frame.exact ? frame.pc : frame.pc - 1n);
  const index = frame.exact ? graph.at(frame.pc) : graph.callBefore(frame.pc);
  if (index === undefined) throw Fault.at("corrupt", frame.pc, "no instruction of the decoded function is there");
  return { kernel, graph, index, registers: frame.registers, frame, cpu };
}

/** Maximum number of definitions followed for one value. */
const MAX_DEPTH = 12;

/**
 * Returns the value of a register before an instruction of the site's function, at the last execution of that
 * instruction before the site; undefined if it cannot be determined.
 */
export function registerAt(site: Site, register: string, index: number, depth = 0): bigint | undefined {
  const { graph, registers } = site;
  if (depth > MAX_DEPTH) return undefined;
  const now = graph.isUnchanged(register, index, site.index) ? registers.get(register) : undefined;
  const kept = now ?? valueBeforeStep(site, register, index);
  if (kept !== undefined) return kept;
  const [definition, ...more] = graph.definitions(register, index);
  if (definition?.kind === "entry" && more.length === 0) return entryValue(site, register);
  if (definition?.kind !== "instruction" || more.length > 0) return undefined;
  const value = graph.effects[definition.index]?.writes.get(register);
  return value && valueAt(site, value, definition.index, depth + 1);
}

/** Returns the earlier value of a register if only one addition of a constant has changed it since: `p++`. */
function valueBeforeStep(
  { graph, index: end, registers, kernel }: Site,
  register: string,
  index: number,
): bigint | undefined {
  const now = registers.get(register);
  const [definition, ...more] = graph.definitions(register, end);
  if (now === undefined || definition?.kind !== "instruction" || more.length > 0) return undefined;
  const value = graph.effects[definition.index]?.writes.get(register);
  const sum = value && sumOf(kernel, value);
  if (sum?.register !== register || !graph.isUnchanged(register, index, definition.index)) return undefined;
  return wrap64(now - sum.added);
}

/**
 * Returns the parts of a value that is the sum of a register and a constant; undefined for other values, and for the
 * address (`lea`) of a variable on the stack.
 */
export function sumOf(kernel: Kernel, from: Value): { register: string; added: bigint } | undefined {
  if (from.kind === "address") {
    const { base, index, displacement, segment } = from.place;
    const isPlain = base !== undefined && base !== kernel.arch.sp && index === undefined && segment === undefined;
    return isPlain ? { register: base, added: displacement } : undefined;
  }
  if (from.kind !== "operation" || from.bits !== 64 || (from.operator !== "+" && from.operator !== "-"))
    return undefined;
  const { left, right, operator } = from;
  if (left.kind !== "register" || left.bits !== 64 || right.kind !== "constant") return undefined;
  const by = BigInt.asIntN(64, right.value);
  return { register: left.name, added: operator === "+" ? by : -by };
}

/**
 * Returns the value of an argument register at the function's entry: what the caller passed, or what a preserved
 * register holds to which the function copied it; undefined if neither is known.
 */
export function entryValue({ entry, graph, index, registers, kernel }: Site, register: string): bigint | undefined {
  const noted = entry?.get(register);
  if (noted !== undefined) return noted;
  for (const copy of kernel.arch.calleeSaved) {
    const [definition, ...more] = graph.definitions(copy, index);
    if (definition?.kind !== "instruction" || more.length > 0) continue;
    const value = graph.effects[definition.index]?.writes.get(copy);
    if (value?.kind !== "register" || value.name !== register || value.bits !== 64) continue;
    const [source, ...others] = graph.definitions(register, definition.index);
    if (source?.kind === "entry" && others.length === 0) return registers.get(copy);
  }
  return undefined;
}

/** Evaluates a value before an instruction; undefined if a part of it is not known. Loads read the dump's memory. */
export function valueAt(site: Site, value: Value, index: number, depth = 0): bigint | undefined {
  switch (value.kind) {
    case "constant":
      return wrap64(value.value);
    case "register": {
      const whole = registerAt(site, value.name, index, depth);
      return whole === undefined ? undefined : extended(whole, value.bits, value.signed);
    }
    case "address":
      return addressAt(site, value.place, index, depth);
    case "load": {
      const address = addressAt(site, value.place, index, depth);
      const word = address === undefined ? undefined : readWord(site.kernel, address, value.size);
      return word === undefined ? undefined : extended(word, value.size * 8, value.signed);
    }
    case "operation": {
      const [left, right] = [valueAt(site, value.left, index, depth), valueAt(site, value.right, index, depth)];
      return left === undefined || right === undefined
        ? undefined
        : extended(OPERATIONS[value.operator](left, right), value.bits, value.signed ?? false);
    }
  }
}

const OPERATIONS = {
  "+": (a: bigint, b: bigint) => a + b,
  "-": (a: bigint, b: bigint) => a - b,
  "&": (a: bigint, b: bigint) => a & b,
  "|": (a: bigint, b: bigint) => a | b,
  "^": (a: bigint, b: bigint) => a ^ b,
  "<<": (a: bigint, b: bigint) => a << (b & 63n),
  ">>": (a: bigint, b: bigint) => a >> (b & 63n),
};

const extended = (value: bigint, bits: number, signed: boolean): bigint =>
  signed ? wrap64(BigInt.asIntN(bits, value)) : BigInt.asUintN(bits, value);

/** Returns the address of a memory operand before an instruction; undefined if a register of it is not known. */
export function addressAt(site: Site, place: MemoryOperand, index: number, depth = 0): bigint | undefined {
  let address = place.displacement;
  if (place.segment !== undefined) {
    const { kernel, cpu } = site;
    const base = place.segment === "gs" && cpu !== undefined ? attempt(() => perCpuOffset(kernel, cpu)) : undefined;
    if (base === undefined || base instanceof Fault) return undefined;
    address += base;
  }
  for (const [register, scale] of [
    [place.base, 1n],
    [place.index, BigInt(place.scale)],
  ] as const) {
    if (register === undefined) continue;
    const value = registerAt(site, register, index, depth);
    if (value === undefined) return undefined;
    address += value * scale;
  }
  return wrap64(address);
}

/** Reads an unsigned number of 1, 2, 4 or 8 bytes; undefined if it cannot be read. */
export function readWord(kernel: Kernel, address: bigint, size: number): bigint | undefined {
  if (![1, 2, 4, 8].includes(size)) return undefined;
  const bytes = attempt(() => kernel.memory.read(address, size));
  if (bytes instanceof Fault) return undefined;
  const ordered = kernel.arch.byteOrder === "little" ? bytes.toReversed() : bytes;
  return ordered.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
}
