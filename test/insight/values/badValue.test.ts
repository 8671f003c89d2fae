import assert from "node:assert/strict";
import { test } from "node:test";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { badValue } from "../../../src/insight/values/badValue.ts";
import { toyKernel } from "../../builders/kernel.ts";

const kernel = toyKernel({ arch: x86_64, symbols: { f: { address: 0xffffffff81000000n, size: 16, type: "T" } } });
const kind = (value: bigint): string => badValue(kernel, value).kind;

test("values that are not addresses are classified", () => {
  assert.equal(kind(0n), "null");
  assert.equal(kind(0x28n), "near-null");
  assert.equal(kind(0xffffffffffffffedn), "error");
  assert.equal(kind(0x6b6b6b6b6b6b6b6bn), "poison");
  assert.equal(kind(0xdead000000000100n), "poison");
  assert.equal(kind(0x401000n), "user");
  assert.equal(kind(0x8b914017e5fd9e7fn), "non-canonical");
  assert.equal(kind(0xffffffff81000004n), "code");
});

test("the structure around a list entry that was taken out of its list is recognised by LIST_POISON1", () => {
  const found = badValue(kernel, 0xdead0000000000e8n);
  assert.equal(found.kind === "poison" && found.poison.name, "LIST_POISON1");
  assert.equal(found.kind === "poison" && found.poison.offset, -0x18n);
  assert.equal(kind(0xdead0000000000e9n), "non-canonical");
});

test("the last word of a freed object, which ends with POISON_END, is recognised", () => {
  const found = badValue(kernel, 0xa56b6b6b6b6b6b6bn);
  assert.equal(found.kind === "poison" && found.poison.name, "POISON_FREE");
});

test("a value that POISON_FREE fills is that mark, and not the last word of an object less an offset", () => {
  const offset = (value: bigint): bigint | undefined => {
    const found = badValue(kernel, value);
    return found.kind === "poison" && found.poison.name === "POISON_FREE" ? found.poison.offset : undefined;
  };
  assert.equal(offset(0x6b6b6b6b6b6b6b6bn), 0n);
  assert.equal(offset(0x6b6b6b6b6b6b6b9bn), 0x30n);
  assert.equal(offset(0x6b6b6b6b6b6b6ba5n), 0n);
  assert.equal(offset(0x6b6b6b6b6b6b6b9dn), -8n);
});

test("a value of printable bytes is shown as text", () => {
  assert.deepEqual(badValue(kernel, 0x6e6174732d38342dn), { kind: "non-canonical", text: "-48-stan" });
});

test("with five levels of page tables more addresses are canonical", () => {
  const wide = toyKernel({ arch: x86_64, vmcoreinfo: { "NUMBER(pgtable_l5_enabled)": "1" } });
  assert.equal(badValue(wide, 0x00ab000000000000n).kind, "user");
  assert.equal(kind(0x00ab000000000000n), "non-canonical");
});
