import assert from "node:assert/strict";
import { test } from "node:test";
import { hugePageBytes } from "../../../src/linux/mm/hugetlb.ts";
import { toyKernel } from "../../builders/kernel.ts";

test("the size of a huge page is computed from its order, and an impossible order is damage", () => {
  const kernel = toyKernel({
    types: "struct hstate { unsigned int order; };",
    memory: [
      ["struct hstate", 0x1000n, { order: 9 }],
      ["struct hstate", 0x2000n, { order: 0x6b6b6b6b }],
    ],
  });
  assert.equal(hugePageBytes(kernel.object("struct hstate", 0x1000n)), 2 << 20);
  assert.throws(() => hugePageBytes(kernel.object("struct hstate", 0x2000n)), { kind: "corrupt" });
});
