/** Finds the variables that DWARF locates in a register. */
import { attempt, Fault } from "../../base/fault.ts";
import { bare, type CType, VOID } from "../../debuginfo/ctype.ts";
import type { VariableLocation } from "../../debuginfo/source.ts";
import type { Kernel } from "../../model/kernel.ts";

/** A variable whose value is that of a register plus a constant. */
export interface RegisterVariable {
  readonly name: string;
  readonly type: CType;
  /** The constant that is added to the register. */
  readonly offset: bigint;
}

/**
 * Returns the variables that a register holds at an address, by DWARF. Pointers to a named structure come first.
 * Variables of other types come next, as they are often parameters of an inlined atomic operation. Temporaries of
 * macros come last. Within each group, the innermost scope comes first.
 */
export function variablesIn(kernel: Kernel, pc: bigint, register: string): RegisterVariable[] {
  const found = attempt(() =>
    kernel.code.scopes(pc).flatMap((scope) =>
      scope.variables().flatMap(({ name, type, location }): RegisterVariable[] => {
        const held = location && heldIn(location);
        return held && kernel.arch.dwarfRegisters[held.register] === register
          ? [{ name, type, offset: held.offset }]
          : [];
      }),
    ),
  );
  return found instanceof Fault ? [] : found.sort((a, b) => rank(a) - rank(b));
}

function rank({ name, type }: RegisterVariable): number {
  const pointer = bare(type);
  const target = pointer.kind === "pointer" ? bare(pointer.target) : undefined;
  if (name.startsWith("__")) return 2;
  return target?.kind === "struct" && target.name !== undefined ? 0 : 1;
}

/** Returns the register that holds the value of a variable with this location; undefined for other locations. */
export function registerOf(kernel: Kernel, location: VariableLocation): string | undefined {
  const held = heldIn(location);
  return held?.offset === 0n ? kernel.arch.dwarfRegisters[held.register] : undefined;
}

// DWARF 5, section 7.7.1.
const DW_OP_reg0 = 0x50;
const DW_OP_breg0 = 0x70;
const DW_OP_breg31 = 0x8f;
const DW_OP_stack_value = 0x9f;

/** Decodes a location whose variable is in a register, or is the sum of a register and a constant; else undefined. */
function heldIn(location: VariableLocation): { register: number; offset: bigint } | undefined {
  if (location.kind !== "expression") return undefined;
  const [operation = 0, ...rest] = location.bytes;
  if (location.bytes.length === 1 && operation >= DW_OP_reg0 && operation < DW_OP_breg0)
    return { register: operation - DW_OP_reg0, offset: 0n };
  if (operation < DW_OP_breg0 || operation > DW_OP_breg31 || rest.pop() !== DW_OP_stack_value) return undefined;
  const offset = signedLeb(rest);
  return offset === undefined ? undefined : { register: operation - DW_OP_breg0, offset };
}

/** Decodes one SLEB128 number; undefined if there are too many or too few bytes. */
function signedLeb(bytes: readonly number[]): bigint | undefined {
  if (bytes.length === 0 || bytes.length > 10) return undefined;
  let value = 0n;
  for (const [i, byte] of bytes.entries()) {
    value |= BigInt(byte & 0x7f) << BigInt(7 * i);
    if (byte >= 0x80 === (i === bytes.length - 1)) return undefined;
  }
  return BigInt.asIntN(7 * bytes.length, value);
}

/**
 * Returns what a register holds if a variable is that register plus a constant: `((void *)entry - 8)` for a pointer,
 * `(i - 1)` for a number. Such a pointer does not point to an object of the variable's type, so its type is `void *`.
 */
export function registerValue({ name, type, offset }: RegisterVariable): { text: string; type: CType } {
  if (offset === 0n) return { text: name, type };
  const pointer = bare(type);
  const isPointer = pointer.kind === "pointer";
  const text = `(${isPointer ? "(void *)" : ""}${name} ${offset > 0n ? "-" : "+"} ${offset < 0n ? -offset : offset})`;
  return { text, type: isPointer ? { ...pointer, target: VOID } : type };
}
