import assert from "node:assert/strict";
import { test } from "node:test";
import { valueText } from "../../../src/insight/values/words.ts";

test("a value of zero is written as NULL, any other in hexadecimal", () => {
  assert.equal(valueText(0n), "NULL");
  assert.equal(valueText(0x18n), "0x18");
});
