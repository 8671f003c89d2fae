/** Finds the structure member that an access through a register reaches. */
import { attempt, Fault } from "../base/fault.ts";
import { bare, type CType, type Member, sizeOf } from "./ctype.ts";
import { evaluateLocation, type Machine } from "./dwarf/expressions/expression.ts";
import type { CodeScope, VariableLocation } from "./source.ts";

/** A member of a structure, and the variable that points to the structure. */
export interface ReachedMember {
  /** Path of the member: "list.next". */
  readonly member: string;
  /** Type of the structure: "struct task_struct". */
  readonly type: string;
  readonly variable: string;
}

/**
 * Returns the member at `displacement` bytes from a register, in the structure to which a variable in that register
 * points; undefined if there is no such variable or member. @param scopes the functions at the instruction, innermost
 * first @param register its DWARF number @throws Fault when the debug information is damaged
 */
export function memberThrough(
  scopes: readonly CodeScope[],
  register: number,
  displacement: number,
): ReachedMember | undefined {
  for (const scope of scopes) {
    for (const { name, type, location } of scope.variables()) {
      const pointer = bare(type);
      const base = location && pointer.kind === "pointer" ? offsetFrom(location, register) : undefined;
      if (base === undefined || pointer.kind !== "pointer") continue;
      const target = bare(pointer.target);
      if ((target.kind !== "struct" && target.kind !== "union") || target.name === undefined) continue;
      const member = memberPath(target, displacement - base);
      if (member !== undefined) return { member, type: `${target.kind} ${target.name}`, variable: name };
    }
  }
  return undefined;
}

/** Returns the distance of a variable's value from a register; undefined for a variable that is not in the register. */
function offsetFrom(location: VariableLocation, register: number): number | undefined {
  if (location.kind !== "expression") return undefined;
  const machine: Machine = {
    bias: 0n,
    register: (number) => (number === register ? 0n : undefined),
    memory: () => {
      throw Fault.of("unknown", "the variable is in memory, not in a register");
    },
  };
  const pieces = attempt(() => evaluateLocation(location, machine));
  if (pieces instanceof Fault || pieces.length !== 1 || pieces[0]?.bits !== undefined) return undefined;
  const value = pieces[0]!.location;
  if (value.kind === "register") return value.register === register ? 0 : undefined;
  // DW_OP_breg and DW_OP_stack_value: the register plus a constant. A constant alone names no register.
  const isBased = value.kind === "value" && isOfRegister(location.bytes);
  return isBased ? Number(BigInt.asIntN(64, value.value)) : undefined;
}

/** Whether an expression begins with one of DW_OP_breg0 to DW_OP_breg31. */
const isOfRegister = ([opcode = 0]: Uint8Array): boolean => opcode >= 0x70 && opcode <= 0x8f;

/** Maximum depth of nested structures. */
const MAX_DEPTH = 16;

/**
 * Returns the path of the member that contains a byte: "a.b[2].c"; undefined for padding and offsets outside the
 * structure.
 */
function memberPath(type: CType, offset: number, depth = 0): string | undefined {
  const at = bare(type);
  if (offset < 0 || offset >= sizeOf(at) || depth > MAX_DEPTH) return undefined;
  if (at.kind === "struct" || at.kind === "union") {
    for (const member of at.members) {
      const path = within(member, offset, depth);
      if (path !== undefined) return path;
    }
    return undefined;
  }
  const size = at.kind === "array" ? sizeOf(at.element) : 0;
  if (at.kind !== "array" || size === 0) return "";
  const rest = memberPath(at.element, offset % size, depth + 1);
  return rest === undefined ? undefined : `[${Math.floor(offset / size)}]${joined(rest)}`;
}

function within({ name, type, bitOffset, bitSize }: Member, offset: number, depth: number): string | undefined {
  const start = bitOffset / 8;
  if (bitSize !== undefined) {
    const holds = offset >= Math.floor(start) && offset * 8 < bitOffset + bitSize;
    return holds && name !== undefined ? name : undefined;
  }
  const rest = memberPath(type, offset - start, depth + 1);
  if (rest === undefined) return undefined;
  return name === undefined ? rest : `${name}${joined(rest)}`;
}

const joined = (rest: string): string => (rest === "" || rest.startsWith("[") ? rest : `.${rest}`);
