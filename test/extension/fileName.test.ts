import assert from "node:assert/strict";
import { test } from "node:test";
import { matchesName } from "../../src/extension/dumpName.ts";

test("a file's name matches the patterns of editorAssociations, as a whole and in either case", () => {
  assert.ok(matchesName("vmcore", "vmcore"));
  assert.ok(matchesName("Panic.VMCORE", "*.vmcore"));
  assert.ok(matchesName("dump.202611211012", "dump.[0-9]*"));
  assert.ok(!matchesName("my-vmcore", "vmcore"));
  assert.ok(!matchesName("vmcoreX", "vmcore."));
  assert.ok(!matchesName("a", "[z-a]"));
});
