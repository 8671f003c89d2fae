import { readUnsigned, viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import type { ExpressionUnit, VariableLocation } from "../source.ts";
import { type Machine, type Piece, type Place, evaluateLocation } from "./expression.ts";

/** Larger variables than this are not put together from pieces. */
const MAX_BYTES = 1 << 16;

/** A variable as the debugger can show it. */
export type VariableValue =
  /** It lies in memory, whole. */
  | { readonly kind: "memory"; readonly address: bigint }
  /** It is, or was put together to, these bytes, in target order. */
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** A pointer that is no more: `offset` bytes into a variable at an offset of .debug_info (`ExpressionUnit.variable`). */
  | { readonly kind: "pointer"; readonly variable: number; readonly offset: number };

/**
 * What a variable is in a frame; undefined when it was optimised out there.
 * @param size bytes of its type
 * @throws Fault as `evaluateLocation` does; unknown when only a part of it was optimised out
 */
export function variableValue(
  location: VariableLocation | undefined,
  size: number,
  machine: Machine,
): VariableValue | undefined {
  if (!location) return undefined;
  if (location.kind === "constant") return { kind: "bytes", bytes: location.bytes };
  const pieces = evaluateLocation(location, machine);
  const [first] = pieces;
  if (first && pieces.length === 1 && first.bits === undefined) {
    if (first.place.kind === "memory" || first.place.kind === "pointer") return first.place;
  }
  if (pieces.every(({ place }) => place.kind === "absent")) return undefined;
  if (size > MAX_BYTES) throw Fault.of("unknown", `a variable of ${size} bytes lies in pieces`);
  return { kind: "bytes", bytes: assembled(pieces, size, location.unit, machine) };
}

/** Lays pieces side by side: from the least significant bit on a little-endian target, else from the most. */
function assembled(pieces: readonly Piece[], size: number, unit: ExpressionUnit, machine: Machine): Uint8Array {
  const total = 8 * size;
  const little = unit.byteOrder === "little";
  let value = 0n;
  let filled = 0;
  for (const piece of pieces) {
    const bits = Math.min(piece.bits ?? total, total - filled);
    if (bits <= 0) break;
    const part = bitsAt(piece.place, bits, piece.bitOffset, unit, machine);
    value |= part << BigInt(little ? filled : total - filled - bits);
    filled += bits;
  }
  const bytes = new Uint8Array(size);
  for (let i = 0; i < size; i++) bytes[little ? i : size - 1 - i] = Number((value >> BigInt(8 * i)) & 0xffn);
  return bytes;
}

function bitsAt(place: Place, bits: number, skip: number, unit: ExpressionUnit, machine: Machine): bigint {
  switch (place.kind) {
    case "memory": {
      const count = Math.ceil((skip + bits) / 8);
      if (count > MAX_BYTES) throw Fault.of("corrupt", `a piece of a variable has ${count} bytes`);
      return bitsOf(machine.memory(place.address, count), bits, skip, unit);
    }
    case "bytes":
      return bitsOf(place.bytes, bits, skip, unit);
    case "register": {
      const value = machine.register(place.register);
      if (value === undefined) throw Fault.of("unknown", `register ${place.register} of this frame was not saved`);
      return BigInt.asUintN(bits, value >> BigInt(skip));
    }
    case "value":
      return BigInt.asUintN(bits, place.value >> BigInt(skip));
    case "pointer":
      throw Fault.of("unknown", "a part of the variable is a pointer that was optimised out");
    case "absent":
      throw Fault.of("unknown", "a part of the variable was optimised out");
  }
}

/** Bits of bytes in target order, counted from the least significant or, on a big-endian target, the most. */
function bitsOf(bytes: Uint8Array, bits: number, skip: number, unit: ExpressionUnit): bigint {
  const whole = readUnsigned(viewOf(bytes), 0, bytes.length, unit.byteOrder);
  const shift = unit.byteOrder === "little" ? skip : Math.max(0, 8 * bytes.length - skip - bits);
  return BigInt.asUintN(bits, whole >> BigInt(shift));
}
