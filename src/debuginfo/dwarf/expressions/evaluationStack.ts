/** The stack of a DWARF expression under evaluation, and its reads of the machine. */
import { readUnsigned, viewOf } from "../../../base/bytes.ts";
import { Fault } from "../../../base/fault.ts";
import type { CType } from "../../ctype.ts";
import type { ExpressionUnit } from "../../source.ts";
import type { Cursor } from "../cursor.ts";
import type { Machine, PieceLocation } from "./expression.ts";
import { genericValue, type Value } from "./expressionValue.ts";
import * as op from "./operations.ts";

/** Maximum number of values on the stack. */
const MAX_STACK = 1024;

/** The stack, the location that was set last, and the operations that push constants. */
export class EvaluationStack {
  protected readonly unit: ExpressionUnit;
  protected readonly machine: Machine;
  protected readonly stack: Value[];
  /** Location that an operation has set; undefined if the result is an address on the stack. */
  protected simpleLocation: PieceLocation | undefined;

  constructor(unit: ExpressionUnit, machine: Machine, initial: readonly bigint[]) {
    this.unit = unit;
    this.machine = machine;
    this.stack = initial.map((value) => genericValue(value, unit.addressSize));
  }

  /**
   * Returns the location that an operation set, or else the address on top of the stack; "absent" if the stack is
   * empty.
   */
  protected takeLocation(): PieceLocation {
    const { simpleLocation } = this;
    this.simpleLocation = undefined;
    if (simpleLocation) return simpleLocation;
    return this.stack.length > 0 ? { kind: "memory", address: this.pop().value } : { kind: "absent" };
  }

  protected push(value: bigint): void {
    this.pushValue(genericValue(value, this.unit.addressSize));
  }

  protected pushValue(value: Value): void {
    if (this.stack.length === MAX_STACK)
      throw Fault.of("corrupt", `a DWARF expression has more than ${MAX_STACK} values on its stack`);
    this.stack.push(value);
  }

  protected pop(): Value {
    const value = this.stack.pop();
    if (!value) throw Fault.of("corrupt", "a DWARF expression pops from an empty stack");
    return value;
  }

  /** Returns the value `depth` entries below the top. */
  protected peek(depth: number): Value {
    const value = this.stack.at(-1 - depth);
    if (!value) throw Fault.of("corrupt", "a DWARF expression pops from an empty stack");
    return value;
  }

  protected register(number: number): bigint {
    const value = this.machine.register(number);
    if (value === undefined) throw Fault.of("unknown", `register ${number} of this frame was not saved`);
    return value;
  }

  protected baseType(offset: number): CType {
    const type = this.unit.baseType?.(offset);
    if (!type) throw Fault.of("unknown", "a DWARF expression needs base types, which are not available here");
    return type;
  }

  protected cfa(): bigint {
    const cfa = this.machine.cfa?.();
    if (cfa === undefined) throw Fault.of("unknown", "the canonical frame address is not known");
    return cfa;
  }

  protected memory(address: bigint, size: number): bigint {
    if (size < 1 || size > 16) throw Fault.of("corrupt", `a DWARF expression reads ${size} bytes, not 1 to 16`);
    return readUnsigned(viewOf(this.machine.memory(address, size)), 0, size, this.unit.byteOrder);
  }

  /** Executes an operation that pushes a literal or an address. @returns whether `opcode` is one */
  protected pushConstant(cursor: Cursor, opcode: number): boolean {
    if (opcode >= op.DW_OP_lit0 && opcode <= op.DW_OP_lit31) {
      this.push(BigInt(opcode - op.DW_OP_lit0));
      return true;
    }
    const { bias } = this.machine;
    switch (opcode) {
      case op.DW_OP_addr:
        this.push((this.unit.addressSize === 8 ? cursor.big64() : BigInt(cursor.u32())) + bias);
        return true;
      case op.DW_OP_addrx:
      case op.DW_OP_GNU_addr_index:
        this.push(this.indexedAddress(cursor.uleb()) + bias);
        return true;
      case op.DW_OP_constx:
      case op.DW_OP_GNU_const_index:
        this.push(this.indexedAddress(cursor.uleb()));
        return true;
      case op.DW_OP_const1u:
        this.push(BigInt(cursor.u8()));
        return true;
      case op.DW_OP_const1s:
        this.push(BigInt.asIntN(8, BigInt(cursor.u8())));
        return true;
      case op.DW_OP_const2u:
        this.push(BigInt(cursor.u16()));
        return true;
      case op.DW_OP_const2s:
        this.push(BigInt.asIntN(16, BigInt(cursor.u16())));
        return true;
      case op.DW_OP_const4u:
        this.push(BigInt(cursor.u32()));
        return true;
      case op.DW_OP_const4s:
        this.push(BigInt.asIntN(32, BigInt(cursor.u32())));
        return true;
      case op.DW_OP_const8u:
      case op.DW_OP_const8s:
        this.push(cursor.big64());
        return true;
      case op.DW_OP_constu:
        this.push(cursor.bigUleb());
        return true;
      case op.DW_OP_consts:
        this.push(cursor.bigSleb());
        return true;
      default:
        return false;
    }
  }

  protected indexedAddress(index: number): bigint {
    const address = this.unit.indexedAddress?.(index);
    if (address === undefined)
      throw Fault.of("unknown", "a DWARF expression needs .debug_addr, which is not available here");
    return address;
  }
}
