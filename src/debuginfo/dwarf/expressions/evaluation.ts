/** Evaluates DWARF expressions. */
import { readUnsigned, viewOf } from "../../../base/bytes.ts";
import { Fault } from "../../../base/fault.ts";
import { Addressing } from "../../addressing.ts";
import type { ExpressionUnit } from "../../source.ts";
import { Cursor } from "../cursor.ts";
import type { Machine, Piece } from "./expression.ts";
import { EvaluationStack } from "./evaluationStack.ts";
import { binary, compared, typedValue, unary } from "./expressionValue.ts";
import * as op from "./operations.ts";

/** Maximum numbers of executed operations, because expressions can loop, of nested calls and of pieces. */
const MAX_OPERATIONS = 100_000;
const MAX_CALLS = 16;
const MAX_PIECES = 1024;

/** Returns the register if the expression is only DW_OP_reg0 to reg31 or DW_OP_regx. */
export function registerOf(expression: Uint8Array): number | undefined {
  const [opcode = 0, operand = 0x80] = expression;
  if (expression.length === 1 && opcode >= op.DW_OP_reg0 && opcode <= op.DW_OP_reg31) return opcode - op.DW_OP_reg0;
  // Register numbers used here are below 128: one byte of LEB128.
  return expression.length === 2 && opcode === op.DW_OP_regx && operand < 0x80 ? operand : undefined;
}

/** One evaluation of an expression: its operations and the pieces of the location. */
export class Evaluation extends EvaluationStack {
  private readonly frameBase: Uint8Array | undefined;
  private readonly done: Piece[] = [];
  private operations = 0;
  private calls = 0;

  constructor(
    unit: ExpressionUnit,
    machine: Machine,
    frameBase: Uint8Array | undefined,
    initial: readonly bigint[] = [],
  ) {
    super(unit, machine, initial);
    this.frameBase = frameBase;
  }

  pieces(bytes: Uint8Array): readonly Piece[] {
    this.run(bytes);
    return this.done.length > 0 ? this.done : [{ location: this.takeLocation(), bits: undefined, bitOffset: 0 }];
  }

  value(bytes: Uint8Array): bigint {
    this.run(bytes);
    if (this.simpleLocation?.kind === "register") return this.register(this.simpleLocation.register);
    return this.simpleLocation?.kind === "value" ? this.simpleLocation.value : this.pop().value;
  }

  private run(bytes: Uint8Array): void {
    const { byteOrder, addressSize } = this.unit;
    const encoding = { little: byteOrder === "little", addressing: new Addressing(0n, addressSize) };
    const cursor = new Cursor("a DWARF expression", encoding, bytes);
    while (cursor.at < cursor.end) {
      if (++this.operations > MAX_OPERATIONS)
        throw Fault.of("corrupt", `a DWARF expression executes more than ${MAX_OPERATIONS} operations`);
      const opcode = cursor.u8();
      const known =
        this.pushConstant(cursor, opcode) ||
        this.runOnStack(cursor, opcode) ||
        this.runOnMachine(cursor, opcode) ||
        this.setLocation(cursor, opcode) ||
        this.runTyped(cursor, opcode) ||
        this.branch(cursor, opcode);
      if (!known) throw Fault.of("unknown", `operation 0x${opcode.toString(16)} of DWARF expressions is not known`);
    }
  }

  /** Executes an operation that reads only the stack. @returns whether `opcode` is one */
  private runOnStack(cursor: Cursor, opcode: number): boolean {
    switch (opcode) {
      case op.DW_OP_dup:
        this.pushValue(this.peek(0));
        return true;
      case op.DW_OP_drop:
        this.pop();
        return true;
      case op.DW_OP_over:
        this.pushValue(this.peek(1));
        return true;
      case op.DW_OP_pick:
        this.pushValue(this.peek(cursor.u8()));
        return true;
      case op.DW_OP_swap:
        this.stack.push(this.pop(), this.pop());
        return true;
      case op.DW_OP_rot: {
        const [first, second, third] = [this.pop(), this.pop(), this.pop()];
        this.stack.push(first, third, second);
        return true;
      }
      case op.DW_OP_abs:
      case op.DW_OP_neg:
      case op.DW_OP_not:
        this.stack.push(unary(opcode, this.pop()));
        return true;
      case op.DW_OP_plus_uconst: {
        const base = this.pop();
        this.pushValue({ ...base, value: BigInt.asUintN(base.bits, base.value + cursor.bigUleb()) });
        return true;
      }
      case op.DW_OP_nop:
      case op.DW_OP_GNU_uninit:
        return true;
      default:
        return this.calculate(opcode);
    }
  }

  /** Executes an operation of arithmetic or logic. @returns whether `opcode` is one */
  private calculate(opcode: number): boolean {
    const isArithmetic = opcode >= op.DW_OP_and && opcode <= op.DW_OP_xor;
    if (!isArithmetic && !(opcode >= op.DW_OP_eq && opcode <= op.DW_OP_ne)) return false;
    const right = this.pop();
    const left = this.pop();
    const result = compared(opcode, left, right) ?? binary(opcode, left, right);
    if (result === undefined) return false;
    if (typeof result === "boolean") this.push(result ? 1n : 0n);
    else this.pushValue(result);
    return true;
  }

  /** Executes an operation that reads registers, memory or the frame. @returns whether `opcode` is one */
  private runOnMachine(cursor: Cursor, opcode: number): boolean {
    if (opcode >= op.DW_OP_breg0 && opcode <= op.DW_OP_breg31) {
      this.push(this.register(opcode - op.DW_OP_breg0) + cursor.bigSleb());
      return true;
    }
    switch (opcode) {
      case op.DW_OP_bregx:
        this.push(this.register(cursor.uleb()) + cursor.bigSleb());
        return true;
      case op.DW_OP_fbreg:
        this.push(this.frameAddress() + cursor.bigSleb());
        return true;
      case op.DW_OP_call_frame_cfa:
        this.push(this.cfa());
        return true;
      case op.DW_OP_deref:
        this.push(this.memory(this.pop().value, this.unit.addressSize));
        return true;
      case op.DW_OP_deref_size:
        this.push(this.memory(this.pop().value, cursor.u8()));
        return true;
      case op.DW_OP_entry_value:
      case op.DW_OP_GNU_entry_value: {
        const register = registerOf(cursor.take(cursor.uleb()));
        const value = register === undefined ? undefined : this.machine.entryValue?.(register);
        if (value === undefined) throw Fault.of("unknown", "the value at the entry of the function is not known");
        this.push(value);
        return true;
      }
      default:
        return false;
    }
  }

  private frameAddress(): bigint {
    if (!this.frameBase) throw Fault.of("unknown", "the function has no frame base here");
    return new Evaluation(this.unit, this.machine, undefined).value(this.frameBase);
  }

  /** Executes an operation that defines the location. @returns whether `opcode` is one */
  private setLocation(cursor: Cursor, opcode: number): boolean {
    if (opcode >= op.DW_OP_reg0 && opcode <= op.DW_OP_reg31) {
      this.simpleLocation = { kind: "register", register: opcode - op.DW_OP_reg0 };
      return true;
    }
    switch (opcode) {
      case op.DW_OP_regx:
        this.simpleLocation = { kind: "register", register: cursor.uleb() };
        return true;
      case op.DW_OP_stack_value:
        this.simpleLocation = { kind: "value", value: this.pop().value };
        return true;
      case op.DW_OP_implicit_value:
        this.simpleLocation = { kind: "bytes", bytes: cursor.take(cursor.uleb()) };
        return true;
      case op.DW_OP_implicit_pointer:
      case op.DW_OP_GNU_implicit_pointer:
        this.simpleLocation = {
          kind: "pointer",
          variable: cursor.unsigned(this.unit.offsetSize),
          offset: cursor.sleb(),
        };
        return true;
      case op.DW_OP_piece:
        this.piece(8 * cursor.uleb(), 0);
        return true;
      case op.DW_OP_bit_piece:
        this.piece(cursor.uleb(), cursor.uleb());
        return true;
      default:
        return false;
    }
  }

  private piece(bits: number, bitOffset: number): void {
    if (this.done.length === MAX_PIECES)
      throw Fault.of("corrupt", `a DWARF expression has more than ${MAX_PIECES} pieces`);
    this.done.push({ location: this.takeLocation(), bits, bitOffset });
  }

  /** Executes an operation on values of base types. @returns whether `opcode` is one */
  private runTyped(cursor: Cursor, opcode: number): boolean {
    switch (opcode) {
      case op.DW_OP_const_type:
      case op.DW_OP_GNU_const_type: {
        const type = this.baseType(cursor.uleb());
        const bytes = cursor.take(cursor.u8());
        this.pushValue(typedValue(readUnsigned(viewOf(bytes), 0, bytes.length, this.unit.byteOrder), type));
        return true;
      }
      case op.DW_OP_regval_type:
      case op.DW_OP_GNU_regval_type:
        this.pushValue(typedValue(this.register(cursor.uleb()), this.baseType(cursor.uleb())));
        return true;
      case op.DW_OP_deref_type:
      case op.DW_OP_GNU_deref_type: {
        const value = this.memory(this.pop().value, cursor.u8());
        this.pushValue(typedValue(value, this.baseType(cursor.uleb())));
        return true;
      }
      case op.DW_OP_convert:
      case op.DW_OP_reinterpret:
      case op.DW_OP_GNU_convert:
      case op.DW_OP_GNU_reinterpret: {
        const { value } = this.pop();
        const offset = cursor.uleb();
        if (offset === 0) this.push(value);
        else this.pushValue(typedValue(value, this.baseType(offset)));
        return true;
      }
      default:
        return false;
    }
  }

  /** Executes a branch or a call. @returns whether `opcode` is one */
  private branch(cursor: Cursor, opcode: number): boolean {
    switch (opcode) {
      case op.DW_OP_skip:
      case op.DW_OP_bra: {
        const distance = (cursor.u16() << 16) >> 16;
        if (opcode === op.DW_OP_bra && this.pop().value === 0n) return true;
        const target = cursor.at + distance;
        if (target < 0 || target > cursor.end) throw Fault.of("corrupt", "a DWARF expression branches outside itself");
        cursor.at = target;
        return true;
      }
      case op.DW_OP_call2:
        this.call(cursor.u16(), true);
        return true;
      case op.DW_OP_call4:
        this.call(cursor.u32(), true);
        return true;
      case op.DW_OP_call_ref:
        this.call(cursor.unsigned(this.unit.offsetSize), false);
        return true;
      default:
        return false;
    }
  }

  /** Evaluates the location of another DIE on the same stack. A DIE without a location has no effect. */
  private call(offset: number, local: boolean): void {
    if (++this.calls > MAX_CALLS) throw Fault.of("corrupt", `a DWARF expression nests more than ${MAX_CALLS} calls`);
    const bytes = this.unit.expression?.(offset, local);
    if (bytes) this.run(bytes);
    this.calls--;
  }
}
