/** Names of registers by the variables that DWARF locates in them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { registerValue } from "../../../src/insight/values/variables.ts";
import { typeName } from "../../../src/model/typeName.ts";
import { toyKernel } from "../../builders/kernel.ts";

const { types } = toyKernel({ types: "struct entry { long a; long b; }; int i;" });
const pointer = { kind: "pointer", size: 8, target: types.named("struct entry") } as const;

test("a register that holds a pointer plus a constant does not point to an object of the variable's type", () => {
  const { text, type } = registerValue({ name: "entry", type: pointer, offset: -8n });
  assert.deepEqual([text, typeName(type)], ["((void *)entry + 8)", "void *"]);
});

test("a register that holds a variable has its name and type", () => {
  const { text, type } = registerValue({ name: "entry", type: pointer, offset: 0n });
  assert.deepEqual([text, typeName(type)], ["entry", "struct entry *"]);
});

test("a register that holds a number plus a constant is named by a sum of numbers", () => {
  const { text, type } = registerValue({ name: "i", type: types.named("int"), offset: 1n });
  assert.deepEqual([text, typeName(type)], ["(i - 1)", "int"]);
});
