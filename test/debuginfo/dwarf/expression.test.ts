import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import {
  evaluateLocation,
  evaluateValue,
  type Machine,
  type Piece,
} from "../../../src/debuginfo/dwarf/expressions/expression.ts";
import type { CType } from "../../../src/debuginfo/ctype.ts";
import type { ExpressionUnit } from "../../../src/debuginfo/source.ts";

const u32: CType = { kind: "int", name: "u32", size: 4, signed: false, encoding: "int" };
const s32: CType = { kind: "int", name: "int", size: 4, signed: true, encoding: "int" };
const double: CType = { kind: "float", name: "double", size: 8 };

const unit: ExpressionUnit = {
  byteOrder: "little",
  addressSize: 8,
  offsetSize: 4,
  indexedAddress: (index) => 0x1000n + BigInt(index),
  expression: (offset) => (offset === 7 ? Uint8Array.of(0x34) : offset === 9 ? Uint8Array.of(0x98, 9, 0) : undefined),
  baseType: (offset) => (offset === 1 ? u32 : offset === 2 ? s32 : double),
};

/** Register n holds n * 0x100, but 9 was not saved; a byte of memory is the low byte of its address. */
const machine: Machine = {
  bias: 0x400000n,
  register: (number) => (number === 9 ? undefined : BigInt(number) * 0x100n),
  memory: (address, size) => Uint8Array.from({ length: size }, (_, i) => Number((address + BigInt(i)) & 0xffn)),
  cfa: () => 0x7000n,
  entryValue: (register) => (register === 5 ? 42n : undefined),
};

const value = (...bytes: number[]): bigint => evaluateValue(Uint8Array.from(bytes), unit, machine);
const fault =
  (kind: string) =>
  (error: unknown): boolean =>
    error instanceof Fault && error.kind === kind;
const lit = (n: number): number => 0x30 + n;
const all = 0xffffffffffffffffn;

const results: readonly (readonly [what: string, bytes: readonly number[], result: bigint])[] = [
  ["lit, plus", [lit(3), lit(4), 0x22], 7n],
  ["addr is biased", [0x03, 0x10, 0, 0, 0, 0, 0, 0, 0], 0x400010n],
  ["addrx is biased", [0xa1, 5], 0x401005n],
  ["constx is not", [0xa2, 5], 0x1005n],
  ["const1s", [0x09, 0xff], all],
  ["const2u", [0x0a, 0x34, 0x12], 0x1234n],
  ["const2s", [0x0b, 0xfe, 0xff], all - 1n],
  ["const4s", [0x0d, 0xff, 0xff, 0xff, 0xff], all],
  ["const8u", [0x0e, 1, 2, 3, 4, 5, 6, 7, 8], 0x0807060504030201n],
  ["constu", [0x10, 0xe5, 0x8e, 0x26], 624485n],
  ["consts", [0x11, 0x7e], all - 1n],
  ["dup, mul", [lit(5), 0x12, 0x1e], 25n],
  ["drop", [lit(5), lit(6), 0x13], 5n],
  ["over, minus", [lit(5), lit(3), 0x14, 0x1c], all - 1n],
  ["pick", [lit(5), lit(6), lit(7), 0x15, 2], 5n],
  ["swap, minus", [lit(3), lit(5), 0x16, 0x1c], 2n],
  ["rot: the top goes below two others", [lit(1), lit(2), lit(3), 0x17], 2n],
  ["abs", [0x09, 0xfb, 0x19], 5n],
  ["neg", [lit(1), 0x1f], all],
  ["not", [lit(0), 0x20], all],
  ["and, or, xor", [lit(12), lit(10), 0x1a, lit(1), 0x21, lit(3), 0x27], 10n],
  ["div is signed", [0x09, 0xf8, lit(2), 0x1b], all - 3n],
  ["mod is unsigned", [0x09, 0xff, lit(16), 0x1d], 15n],
  ["shl beyond the width", [lit(1), 0x08, 64, 0x24], 0n],
  ["shr is logical", [0x09, 0xff, 0x08, 60, 0x25], 15n],
  ["shra is arithmetic", [0x09, 0xf0, lit(2), 0x26], all - 3n],
  ["comparisons are signed", [0x09, 0xff, lit(1), 0x2d], 1n],
  [
    "eq ne ge gt le",
    [
      lit(2),
      lit(2),
      0x29,
      lit(2),
      lit(3),
      0x2e,
      0x22,
      lit(2),
      lit(2),
      0x2a,
      0x22,
      lit(3),
      lit(2),
      0x2b,
      0x22,
      lit(2),
      lit(2),
      0x2c,
      0x22,
    ],
    5n,
  ],
  ["plus_uconst", [lit(1), 0x23, 0x80, 0x01], 129n],
  ["bra takes, skip jumps", [lit(1), 0x28, 2, 0, lit(9), lit(9), lit(4), 0x2f, 1, 0, lit(9)], 4n],
  ["bra does not take", [lit(0), 0x28, 1, 0, lit(4)], 4n],
  ["breg", [0x73, 0x78], 0x300n - 8n],
  ["bregx", [0x92, 40, 4], 0x2804n],
  ["a register stands for its value", [0x53], 0x300n],
  ["call_frame_cfa", [0x9c], 0x7000n],
  ["deref", [0x08, 0x10, 0x06], 0x1716151413121110n],
  ["deref_size", [0x08, 0x10, 0x94, 2], 0x1110n],
  ["entry_value", [0xa3, 1, 0x55, lit(1), 0x22], 43n],
  ["call2", [lit(1), 0x98, 7, 0, 0x22], 5n],
  ["stack_value", [lit(8), 0x9f], 8n],
  ["nop, GNU_uninit", [lit(8), 0x96, 0xf0], 8n],
  ["convert truncates to its type", [0x0e, 1, 0, 0, 0, 2, 0, 0, 0, 0xa8, 1], 1n],
  ["typed arithmetic wraps in its type", [0xa4, 1, 4, 0xff, 0xff, 0xff, 0xff, 0xa4, 1, 4, 2, 0, 0, 0, 0x22], 1n],
  ["a signed type keeps its sign", [0xa4, 2, 4, 0xfe, 0xff, 0xff, 0xff, 0xa4, 2, 4, 1, 0, 0, 0, 0x2d], 1n],
  ["a signed value is extended to the generic type", [0xa4, 2, 4, 0xfe, 0xff, 0xff, 0xff, 0xa8, 0], all - 1n],
  ["regval_type", [0xa5, 3, 1], 0x300n],
  ["deref_type", [0x08, 0x10, 0xa6, 4, 1], 0x13121110n],
];

for (const [what, bytes, result] of results) {
  test(`expression: ${what}`, () => assert.equal(value(...bytes), result));
}

test("an expression starts with the given stack", () => {
  assert.equal(evaluateValue(Uint8Array.of(0x22), unit, machine, [1n, 2n]), 3n);
});

test("an expression that cannot be answered is a fault, one that breaks the rules another", () => {
  assert.throws(() => value(0x79, 0), fault("unknown")); // register 9 was not saved
  assert.throws(() => value(0xa3, 1, 0x54), fault("unknown")); // entry value of another register
  assert.throws(() => value(0x91, 0), fault("unknown")); // no frame base
  assert.throws(() => value(0xe0), fault("unknown"));
  assert.throws(() => value(lit(1), 0xa8, 3), fault("unknown")); // floating point
  assert.throws(() => value(0x22), fault("corrupt"));
  assert.throws(() => value(lit(1), lit(0), 0x1b), fault("corrupt"));
  assert.throws(() => value(0x2f, 0xfd, 0xff), fault("corrupt")); // jumps to itself for ever
  assert.throws(() => value(0x2f, 0x10, 0), fault("corrupt")); // jumps out
  assert.throws(() => value(0x98, 9, 0), fault("corrupt")); // calls itself
  assert.throws(() => value(lit(1), 0x12, 0x2f, 0xfc, 0xff), fault("corrupt")); // overflows the stack
  assert.throws(() => value(0x0e, 1), fault("truncated"));
});

const pieces = (bytes: readonly number[], frameBase?: readonly number[]): readonly Piece[] =>
  evaluateLocation(
    { kind: "expression", bytes: Uint8Array.from(bytes), frameBase: frameBase && Uint8Array.from(frameBase), unit },
    machine,
  );
const whole = (location: Piece["location"]): readonly Piece[] => [{ location, bits: undefined, bitOffset: 0 }];

test("a variable in memory is an address, by frame base or register", () => {
  assert.deepEqual(pieces([0x91, 0x68], [0x9c]), whole({ kind: "memory", address: 0x7000n - 24n }));
  // Clang's frame base is a register itself.
  assert.deepEqual(pieces([0x91, 0x68], [0x56]), whole({ kind: "memory", address: 0x600n - 24n }));
  assert.deepEqual(pieces([0x77, 0x08]), whole({ kind: "memory", address: 0x708n }));
});

test("a variable is in a register, is a value, or is bytes", () => {
  assert.deepEqual(pieces([0x53]), whole({ kind: "register", register: 3 }));
  assert.deepEqual(pieces([0x90, 40]), whole({ kind: "register", register: 40 }));
  assert.deepEqual(pieces([lit(7), 0x9f]), whole({ kind: "value", value: 7n }));
  assert.deepEqual(pieces([0x9e, 2, 0xab, 0xcd]), whole({ kind: "bytes", bytes: Uint8Array.of(0xab, 0xcd) }));
});

test("a variable in pieces has a location for each, and none for an optimized-out piece", () => {
  assert.deepEqual(pieces([0x53, 0x93, 2, 0x08, 0x20, 0x93, 4, 0x93, 1, lit(5), 0x9f, 0x9d, 4, 8]), [
    { location: { kind: "register", register: 3 }, bits: 16, bitOffset: 0 },
    { location: { kind: "memory", address: 0x20n }, bits: 32, bitOffset: 0 },
    { location: { kind: "absent" }, bits: 8, bitOffset: 0 },
    { location: { kind: "value", value: 5n }, bits: 4, bitOffset: 8 },
  ]);
  assert.deepEqual(pieces([]), whole({ kind: "absent" }));
});

test("an optimized-out pointer is resolved to its variable", () => {
  assert.deepEqual(pieces([0xa0, 0x40, 0, 0, 0, 8]), whole({ kind: "pointer", variable: 0x40, offset: 8 }));
});
