import assert from "node:assert/strict";
import { test } from "node:test";
import type { CType, StructType } from "../../src/debuginfo/ctype.ts";
import { memberThrough } from "../../src/debuginfo/memberThrough.ts";
import type { CodeScope, ExpressionUnit } from "../../src/debuginfo/source.ts";

const LONG: CType = { kind: "int", name: "long", size: 8, signed: true, encoding: "int" };
const member = (name: string | undefined, type: CType, at: number): StructType["members"][number] => ({
  name,
  type,
  bitOffset: 8 * at,
  bitSize: undefined,
});
const struct = (name: string | undefined, size: number, members: StructType["members"]): StructType => ({
  kind: "struct",
  name,
  size,
  incomplete: false,
  members,
});
const list = struct("list_head", 16, [member("next", LONG, 0), member("prev", LONG, 8)]);
const sensor = struct("sensor", 0x48, [
  member("id", LONG, 0),
  member(undefined, struct(undefined, 16, [member("low", LONG, 0), member("high", LONG, 8)]), 8),
  member("lists", { kind: "array", element: list, count: 2 }, 0x20),
]);
const UNIT: ExpressionUnit = { byteOrder: "little", addressSize: 8, offsetSize: 4 };
const RDI = 5;

/** A function in which a pointer is where a location expression says. */
const scopes = (...bytes: number[]): CodeScope[] => [
  {
    function: "probe",
    inlined: false,
    source: undefined,
    entry: 0n,
    variables: () => [
      {
        name: "one",
        parameter: true,
        type: { kind: "pointer", size: 8, target: sensor },
        location: { kind: "expression", bytes: Uint8Array.from(bytes), frameBase: undefined, unit: UNIT },
        ranges: [],
        declared: undefined,
      },
    ],
  },
];

const reached = (of: readonly CodeScope[], displacement: number): string | undefined =>
  memberThrough(of, RDI, displacement)?.member;

test("an access through a register reaches the member of the structure that a variable in it points at", () => {
  assert.deepEqual(memberThrough(scopes(0x50 + RDI), RDI, 0), {
    member: "id",
    type: "struct sensor",
    variable: "one",
  });
});

test("members of arrays and of structures without a name are named by their path", () => {
  assert.equal(reached(scopes(0x50 + RDI), 0x10), "high");
  assert.equal(reached(scopes(0x50 + RDI), 0x38), "lists[1].prev");
});

test("padding and what is outside of the structure are no members", () => {
  assert.equal(reached(scopes(0x50 + RDI), 0x18), undefined);
  assert.equal(reached(scopes(0x50 + RDI), 0x48), undefined);
  assert.equal(reached(scopes(0x50 + RDI), -8), undefined);
});

test("a variable that is the register and a constant shifts the member", () => {
  // DW_OP_breg5 -8, DW_OP_stack_value.
  assert.equal(reached(scopes(0x70 + RDI, 0x78, 0x9f), 0), "low");
});

test("a variable in another register, in memory, or a constant names no member", () => {
  assert.equal(reached(scopes(0x50 + 3), 0), undefined);
  assert.equal(reached(scopes(0x70 + RDI, 0), 0), undefined);
  assert.equal(reached(scopes(0x30, 0x9f), 0), undefined);
});
