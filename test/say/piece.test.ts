import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { cell } from "../../src/say/cell.ts";
import { addressJson, faultJson } from "../../src/say/piece.ts";

test("an address in data has sixteen digits, whatever the machine's word", () => {
  assert.equal(addressJson(0xc0100000n), "0x00000000c0100000");
  assert.equal(addressJson(0xffff888000001000n), "0xffff888000001000");
});

test("a fault in data keeps its kind and its address apart from its words", () => {
  assert.deepEqual(faultJson(Fault.at("excluded", 0x1000n, "page excluded from dump")), {
    fault: "excluded",
    address: "0x0000000000001000",
    message: "page excluded from dump",
  });
  assert.equal((faultJson(Fault.of("unknown", "no symbol")) as { address: unknown }).address, null);
});

test("a C value of 64 bits is a decimal string, whatever its size", () => {
  assert.equal(cell(() => 7n).json, "7");
  assert.equal(cell(() => 2n ** 64n - 1n).json, "18446744073709551615");
});
