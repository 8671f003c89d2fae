/** Parameters and local variables of a frame. */
import { bytesOf, readUnsigned, viewOf } from "../base/bytes.ts";
import { attempt, Fault } from "../base/fault.ts";
import { once } from "../base/once.ts";
import { type CType, sizeOf } from "../debuginfo/ctype.ts";
import { evaluateLocation, type Piece } from "../debuginfo/dwarf/expressions/expression.ts";
import type { SourceLine, VariableDeclaration, VariableLocation } from "../debuginfo/source.ts";
import type { CodePlace, Kernel } from "../model/kernel.ts";
import { Obj } from "../model/object.ts";
import type { Frame } from "./frame.ts";
import { machineOf, type InferenceCount } from "./machine.ts";

/** A parameter or local variable in one frame. */
export interface FrameVariable {
  readonly name: string;
  readonly parameter: boolean;
  readonly type: CType;
  readonly declared: SourceLine | undefined;
  /** Returns the variable, or why it has no value there. Computed at first use. */
  readonly value: Obj | Fault;
  /** Whether the value was inferred from what the caller passed, not found in the frame. */
  readonly inferred: boolean;
}

/** Maximum size in bytes of objects in pieces or registers; larger objects are in memory. */
const MAX_BYTES = 4096;

/** Returns the parameters and locals of one function of a frame, innermost block first. */
export function frameVariables(kernel: Kernel, frame: Frame, place: CodePlace): readonly FrameVariable[] {
  return place.variables().map((declaration) => {
    const inferred: InferenceCount = { calls: 0 };
    const value = once(() => attempt(() => variableIn(kernel, frame, declaration, inferred)));
    const { name, parameter, type, declared } = declaration;
    return {
      name,
      parameter,
      type,
      declared,
      get value() {
        return value();
      },
      get inferred() {
        return value() instanceof Obj && inferred.calls > 0;
      },
    };
  });
}

/** DW_OP_reg0; the operations after it name the other registers. */
const DW_OP_reg0 = 0x50;
const DW_OP_reg31 = 0x6f;

/**
 * Returns the value that a parameter had when its function was called, from what the call passed in its register.
 * Undefined if debug information does not describe the call, and for inlined functions.
 */
export function parameterAtEntry(
  kernel: Kernel,
  frame: Frame,
  place: CodePlace,
  { name, type }: Pick<FrameVariable, "name" | "type">,
): Obj | undefined {
  if (place.inlined) return undefined;
  const value = attempt(() => {
    const entered = kernel.code.scopes(place.entry).find((one) => !one.inlined);
    const location = entered?.variables().find((one) => one.parameter && one.name === name)?.location;
    const operation = location?.kind === "expression" && location.bytes.length === 1 ? location.bytes[0] : undefined;
    if (operation === undefined || operation < DW_OP_reg0 || operation > DW_OP_reg31) return undefined;
    const passed = machineOf(kernel, frame, { calls: 0 }).entryValue?.(operation - DW_OP_reg0);
    return passed === undefined
      ? undefined
      : bytesObject(kernel, type, bytesOf(passed, kernel.arch.wordSize, kernel.arch.byteOrder));
  });
  return value instanceof Fault ? undefined : value;
}

const OPTIMISED_OUT = Fault.of("unknown", "optimised out");

/** Returns a variable's value. @throws Fault */
function variableIn(
  kernel: Kernel,
  frame: Frame,
  { type, location }: Pick<VariableDeclaration, "type" | "location">,
  inferred: InferenceCount,
): Obj {
  if (!location) throw OPTIMISED_OUT;
  if (location.kind === "constant") return bytesObject(kernel, type, location.bytes);
  const pieces = evaluateLocation(location, machineOf(kernel, frame, inferred));
  const [whole] = pieces;
  if (pieces.length === 1 && whole && whole.bits === undefined) {
    const value = whole.location;
    if (value.kind === "memory") return kernel.object(type, value.address);
    if (value.kind === "bytes") return bytesObject(kernel, type, value.bytes);
    if (value.kind === "pointer") return pointerTo(kernel, frame, type, { unit: location.unit, value }, inferred);
  }
  return assembled(kernel, frame, type, pieces);
}

type Expression = Extract<VariableLocation, { kind: "expression" }>;
/** A pointer that was optimized away, and the unit that describes its target. */
interface OptimizedPointer {
  readonly unit: Expression["unit"];
  readonly value: Extract<Piece["location"], { kind: "pointer" }>;
}

/** Computes a pointer that was optimized away, if its target is in memory. */
function pointerTo(
  kernel: Kernel,
  frame: Frame,
  type: CType,
  { unit, value }: OptimizedPointer,
  inferred: InferenceCount,
): Obj {
  const target = unit.variable?.(value.variable)?.location;
  const [whole, ...more] =
    target?.kind === "expression" ? evaluateLocation(target, machineOf(kernel, frame, inferred)) : [];
  if (whole?.location.kind !== "memory" || more.length > 0)
    throw Fault.of("unknown", "optimised out: the pointer refers to an object that is not in memory");
  const address = BigInt.asUintN(kernel.arch.wordSize * 8, whole.location.address + BigInt(value.offset));
  return bytesObject(kernel, type, bytesOf(address, kernel.arch.wordSize, kernel.arch.byteOrder));
}

function bytesObject(kernel: Kernel, type: CType, bytes: Uint8Array): Obj {
  const size = sizeOf(type);
  if (bytes.length < size)
    throw Fault.of("corrupt", `the debug information has only ${bytes.length} of the variable's ${size} bytes`);
  return new Obj(kernel, type, { kind: "bytes", bytes: bytes.subarray(0, size) });
}

/** Assembles an object from registers and pieces. @throws Fault when a part was optimized out */
function assembled(kernel: Kernel, frame: Frame, type: CType, pieces: readonly Piece[]): Obj {
  const size = sizeOf(type);
  if (size > MAX_BYTES)
    throw Fault.of("corrupt", `the variable has ${size} bytes; outside of memory the limit is ${MAX_BYTES}`);
  let bits = 0;
  let value = 0n;
  for (const piece of pieces) {
    const count = Math.min(piece.bits ?? size * 8, size * 8 - bits);
    const part = partOf(kernel, frame, piece, count);
    // The first piece is at the lowest address.
    value = kernel.arch.byteOrder === "little" ? value | (part << BigInt(bits)) : (value << BigInt(count)) | part;
    bits += count;
  }
  if (bits < size * 8) throw OPTIMISED_OUT;
  return bytesObject(kernel, type, bytesOf(value, size, kernel.arch.byteOrder));
}

/** Reads `count` bits of a piece. @throws Fault */
function partOf(kernel: Kernel, frame: Frame, { location, bitOffset }: Piece, count: number): bigint {
  switch (location.kind) {
    case "register": {
      const value = frame.registers.get(kernel.arch.dwarfRegisters[location.register] ?? "");
      if (value === undefined) throw Fault.of("unknown", "optimised out: the register that held it was not saved");
      return BigInt.asUintN(count, value >> BigInt(bitOffset));
    }
    case "value":
      return BigInt.asUintN(count, location.value >> BigInt(bitOffset));
    case "memory":
    case "bytes": {
      if (bitOffset > MAX_BYTES * 8)
        throw Fault.of("corrupt", `a piece of the variable begins after the limit of ${MAX_BYTES} bytes`);
      const length = Math.ceil((bitOffset + count) / 8);
      const bytes =
        location.kind === "bytes" ? location.bytes.subarray(0, length) : kernel.memory.read(location.address, length);
      if (bytes.length < length) throw Fault.of("corrupt", "a piece of the variable is larger than its location");
      const all = readUnsigned(viewOf(bytes), 0, length, kernel.arch.byteOrder);
      const shift = kernel.arch.byteOrder === "little" ? bitOffset : length * 8 - bitOffset - count;
      return BigInt.asUintN(count, all >> BigInt(shift));
    }
    case "pointer":
    case "absent":
      throw OPTIMISED_OUT;
  }
}
