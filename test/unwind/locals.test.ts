import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import type { CType } from "../../src/debuginfo/ctype.ts";
import type { CallSite, PassedValue, VariableLocation } from "../../src/debuginfo/source.ts";
import { Obj } from "../../src/model/object.ts";
import type { Frame } from "../../src/unwind/frame.ts";
import { type FrameVariable, frameVariables } from "../../src/unwind/locals.ts";
import { stackKernel, TASK_STACK } from "../builders/stack.ts";

const CFA = TASK_STACK + 0x100n;
const long: CType = { kind: "int", name: "unsigned long", size: 8, signed: false, encoding: "int" };
const int: CType = { kind: "int", name: "int", size: 4, signed: true, encoding: "int" };
const unit = { byteOrder: "little", addressSize: 8, offsetSize: 4 } as const;

const DW_OP_lit7 = 0x37;
const DW_OP_reg3 = 0x53;
const DW_OP_reg0 = 0x50;
const DW_OP_const2u = 0x0a;
const DW_OP_breg0 = 0x70;
const DW_OP_breg3 = 0x73;
const DW_OP_breg6 = 0x76;
const DW_OP_fbreg = 0x91;
const DW_OP_piece = 0x93;
const DW_OP_call_frame_cfa = 0x9c;
const DW_OP_entry_value = 0xa3;
const DW_OP_implicit_value = 0x9e;
const DW_OP_stack_value = 0x9f;

/** The value of one variable in a frame with rbx and rbp, and words 1 and 2 below its CFA. */
function valueOf(type: CType, location: VariableLocation | undefined): Obj | Fault {
  const kernel = stackKernel({});
  kernel.put("unsigned long", CFA - 16n, 1n);
  kernel.put("unsigned long", CFA - 8n, 2n);
  const registers = new Map([["rbx", 0x1122334455667788n], ["rbp", CFA - 16n]]); // prettier-ignore
  const declaration = { name: "v", parameter: false, type, declared: undefined, ranges: [], location };
  const place = { function: "f", inlined: false, source: undefined, entry: 0n, module: undefined, variables: () => [declaration] }; // prettier-ignore
  const frame = { pc: 1n, sp: 0n, cfa: CFA, registers, exact: false, symbol: undefined, stack: "task", trap: undefined, caller: undefined, doubt: undefined, places: () => [place] } as const; // prettier-ignore
  return frameVariables(kernel, frame, place)[0]!.value;
}

const at = (...bytes: number[]): VariableLocation => ({
  kind: "expression",
  bytes: Uint8Array.from(bytes),
  frameBase: Uint8Array.of(DW_OP_call_frame_cfa),
  unit,
});

function number(type: CType, location: VariableLocation): bigint {
  const value = valueOf(type, location);
  assert.ok(value instanceof Obj, value instanceof Fault ? value.message : "");
  return value.value();
}

test("a variable on the stack is in memory, below the frame base or a register", () => {
  const value = valueOf(long, at(DW_OP_fbreg, 0x78));
  assert.ok(value instanceof Obj);
  assert.equal(value.address, CFA - 8n);
  assert.equal(value.value(), 2n);
  assert.equal(number(long, at(DW_OP_breg6, 0)), 1n);
});

test("a variable in a register is cut to its size", () => {
  assert.equal(number(long, at(DW_OP_reg3)), 0x1122334455667788n);
  assert.equal(number(int, at(DW_OP_reg3)), 0x55667788n);
});

test("a variable without a location has the computed value", () => {
  assert.equal(number(int, at(DW_OP_lit7, DW_OP_stack_value)), 7n);
  assert.equal(number(int, at(DW_OP_implicit_value, 4, 0xfe, 0xff, 0xff, 0xff)), -2n);
  assert.equal(number(int, { kind: "constant", bytes: Uint8Array.of(5, 0, 0, 0) }), 5n);
});

test("a variable in pieces is put together", () => {
  assert.equal(number(long, at(DW_OP_reg3, DW_OP_piece, 4, DW_OP_breg6, 0, DW_OP_piece, 4)), 0x155667788n);
});

test("a variable without a place, in a lost register or partly gone is optimised out", () => {
  for (const location of [undefined, at(), at(DW_OP_reg0), at(DW_OP_reg3, DW_OP_piece, 4, DW_OP_piece, 4)]) {
    const value = valueOf(long, location);
    assert.ok(value instanceof Fault);
    assert.match(value.message, /optimised out/);
  }
});

test("an impossible size or expression is a fault", () => {
  const huge: CType = { kind: "array", element: long, count: 1 << 20 };
  assert.ok(valueOf(huge, at(DW_OP_reg3)) instanceof Fault);
  assert.ok(valueOf(long, { kind: "constant", bytes: Uint8Array.of(1) }) instanceof Fault);
  assert.ok(valueOf(long, at(DW_OP_fbreg)) instanceof Fault);
  assert.ok(valueOf(long, at(0xff)) instanceof Fault);
});

const RETURN_PC = 0x2000n;
const ENTRY = 0x1000n;
const passed = (...bytes: number[]): PassedValue => ({ kind: "expression", bytes: Uint8Array.from(bytes), frameBase: undefined, unit }); // prettier-ignore
/** DWARF number of rdi, the first argument's register. */
const RDI = 5;
const DW_OP_reg5 = 0x55;

/** The argument of `f`, kept nowhere, in a frame below calls of `g`, the innermost of which is `call`. */
function argument(call: Partial<CallSite> | undefined, outer: Partial<CallSite> = {}): FrameVariable {
  const kernel = stackKernel({});
  const location = at(DW_OP_entry_value, 1, DW_OP_reg5, DW_OP_stack_value);
  const declaration = { name: "v", parameter: true, type: long, declared: undefined, ranges: [], location };
  const site = (from: Partial<CallSite> | undefined): CallSite | undefined =>
    from && { callee: undefined, target: undefined, argument: () => undefined, ...from };
  const code = { ...kernel.code, callSite: (pc: bigint) => site(pc === RETURN_PC ? call : outer) };
  const frame = (name: string, pc: bigint, caller: Frame | undefined): Frame => {
    const place = { function: name, inlined: false, source: undefined, entry: ENTRY, module: undefined, variables: () => [declaration] }; // prettier-ignore
    return { pc, sp: 0n, cfa: CFA, registers: new Map([["rbx", 40n]]), exact: false, symbol: undefined, stack: "task", trap: undefined, caller, doubt: undefined, places: () => [place] }; // prettier-ignore
  };
  const top = frame("f", 0x1010n, frame("g", RETURN_PC, frame("g", RETURN_PC + 1n, undefined)));
  return frameVariables({ ...kernel, code }, top, top.places()[0]!)[0]!;
}

const only = (register: number, value: PassedValue) => (asked: number) => (asked === register ? value : undefined);

test("a lost argument is inferred from the value that the call passed", () => {
  const variable = argument({ callee: "f", argument: only(RDI, passed(DW_OP_breg3, 2)) });
  assert.ok(variable.value instanceof Obj);
  assert.deepEqual([variable.value.value(), variable.inferred], [42n, true]);
});

test("a call can pass on an argument of its own function", () => {
  const variable = argument(
    { callee: "f", argument: only(RDI, passed(DW_OP_entry_value, 1, DW_OP_reg5)) },
    { callee: "g", argument: only(RDI, passed(DW_OP_lit7)) },
  );
  assert.ok(variable.value instanceof Obj);
  assert.equal(variable.value.value(), 7n);
});

test("the arguments of an indirect call are used if its target is the entered function", () => {
  const target = (address: number): PassedValue => passed(DW_OP_const2u, address & 0xff, address >> 8);
  assert.equal(argument({ target: target(0x1000), argument: only(RDI, passed(DW_OP_lit7)) }).inferred, true);
  assert.ok(argument({ target: target(0x1100), argument: only(RDI, passed(DW_OP_lit7)) }).value instanceof Fault);
});

test("nothing is inferred from a call of another function, an unknown one, or one that passes nothing known", () => {
  for (const call of [
    undefined,
    { callee: "h", argument: only(RDI, passed(DW_OP_lit7)) },
    { argument: only(RDI, passed(DW_OP_lit7)) },
    { callee: "f" },
    { callee: "f", argument: only(RDI, passed(DW_OP_breg0, 0)) },
  ]) {
    const { value, inferred } = argument(call);
    assert.ok(value instanceof Fault);
    assert.match(value.message, /value at the entry/);
    assert.equal(inferred, false);
  }
});

test("inference that would recurse without end stops", () => {
  const twice = passed(...Array.from({ length: 40 }, () => [DW_OP_entry_value, 1, DW_OP_reg5]).flat());
  assert.ok(argument({ callee: "f", argument: only(RDI, twice) }, { callee: "g", argument: only(RDI, twice) }).value instanceof Fault); // prettier-ignore
});
