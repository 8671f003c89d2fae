import assert from "node:assert/strict";
import { test } from "node:test";
import { printedPlace, withOffset } from "../../src/base/nameOffset.ts";

test("an offset follows a name in either radix, and is omitted if it is 0", () => {
  assert.equal(withOffset("schedule", 90n), "schedule+90");
  assert.equal(withOffset("schedule", 90, 16), "schedule+0x5a");
  assert.equal(withOffset("schedule", 0n, 16), "schedule");
  assert.equal(withOffset("schedule", 0), "schedule");
});

test("the kernel's form always has the offset, and the size if it is known", () => {
  assert.equal(printedPlace("schedule", 0), "schedule+0x0");
  assert.equal(printedPlace("schedule", 90n, 0x90), "schedule+0x5a/0x90");
});
