import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import type { ArrayType, CType, Member, StructType } from "../../src/debuginfo/ctype.ts";
import { evaluate } from "../../src/model/expression/evaluate.ts";
import { formatValue, lineText } from "../../src/model/format.ts";
import { findMember } from "../../src/model/member.ts";
import { Obj } from "../../src/model/object.ts";
import { summary } from "../../src/model/summary.ts";
import { describeType } from "../../src/model/typeText.ts";
import { toyKernel } from "../builders/kernel.ts";

const kernel = toyKernel({ types: "struct s { int x; };" });
kernel.put("char [4096]", 0x1000n, "");

/** A struct of members that are made once it is there, so that they can be the struct itself. */
function struct(make: (self: StructType) => Partial<Member>[], size = 8): StructType {
  const members: Member[] = [];
  const type: StructType = { kind: "struct", name: "loop", size, incomplete: false, members };
  for (const member of make(type)) members.push({ name: undefined, type, bitOffset: 0, bitSize: undefined, ...member });
  return type;
}

const INT: CType = { kind: "int", name: "int", size: 4, signed: true, encoding: "int" };
const at = (type: CType): Obj => kernel.object(type, 0x1000n);
const isFault = (error: unknown): boolean => error instanceof Fault;

const loops: readonly (readonly [string, StructType])[] = [
  ["a struct that holds itself by name", struct(() => [{ name: "a" }, { name: "b" }])],
  ["a struct that holds itself without a name", struct(() => [{}, {}, {}])],
  ["a struct that holds nothing but itself", struct(() => [{ name: "a" }])],
];
for (const [what, type] of loops) {
  test(`${what} is shown up to a limit`, () => {
    let lines = 0;
    for (const line of formatValue(at(type))) {
      assert.ok(line.length < 1000);
      if (++lines === 10_000) break;
    }
    assert.ok(summary(at(type)).length < 1000);
    assert.ok(describeType(type, { offsets: true }).length <= 100_010);
    assert.equal(findMember(type, "nosuch"), undefined);
  });
}

test("an array of arrays without end is one line of bounded length", () => {
  let type: ArrayType = { kind: "array", element: INT, count: 2 };
  for (let i = 0; i < 40; i++) type = { kind: "array", element: type, count: 2 };
  const [line] = formatValue(at(type));
  assert.ok(line && lineText(line).length < 2_000_000);
});

test("sizes beyond all numbers are a fault or dots", () => {
  let type: ArrayType = { kind: "array", element: INT, count: 2 ** 31 };
  for (let i = 0; i < 40; i++) type = { kind: "array", element: type, count: 2 ** 31 };
  assert.deepEqual([...formatValue(at(type))], [["{...}"]]);
  assert.throws(() => at(type).index(1), isFault);
  assert.throws(() => at({ kind: "pointer", size: 8, target: type }).index(1), isFault);
});

test("numbers and bit-fields wider than any are faults", () => {
  assert.throws(() => at({ ...INT, size: 1_000_000 }).value(), isFault);
  const wide = struct(() => [{ name: "x", type: INT, bitSize: 1_000_000 }]);
  assert.throws(() => at(wide).at("x").value(), isFault);
});

test("members outside of the struct are read at their address or are faults", () => {
  const far = struct(() => [{ name: "x", type: INT, bitOffset: 2 ** 40 }]);
  assert.throws(() => at(far).at("x").value(), isFault);
  assert.equal(at(far).at("x").address, 0x1000n + 2n ** 37n);
});

test("an rvalue shorter than its type is a fault", () => {
  const value = new Obj(kernel, INT, { kind: "bytes", bytes: new Uint8Array(2) });
  assert.throws(() => value.value(), isFault);
  assert.throws(() => value.bytes(), isFault);
});

test("expressions over such types end", () => {
  const scope = (name: string): Obj | undefined => (name === "loop" ? at(loops[0]?.[1] ?? INT) : undefined);
  assert.equal(evaluate(kernel, `sizeof(loop${".a".repeat(300)})`, scope).value(), 8n);
  assert.throws(() => evaluate(kernel, `loop${".a".repeat(30_000)}`, scope));
});
