import assert from "node:assert/strict";
import { test } from "node:test";
import { folioState } from "../../../src/linux/locks/folio.ts";
import { toyTasks } from "../../builders/tasks.ts";

const PAGE = 0xffff_ea00_0000_1000n;

for (const [since, declaration, flags] of [
  ["before v6.18", "unsigned long flags;", 5n],
  ["since v6.18", "struct memdesc_flags flags;", { f: 5n }],
] as const)
  test(`${since} the flags of a page are read`, () => {
    const kernel = toyTasks({
      cpus: [0],
      tasks: [],
      more: {
        types: `struct memdesc_flags { unsigned long f; }; struct page { ${declaration} void *mapping; };`,
        memory: [["struct page", PAGE, { flags, mapping: 0n }]],
      },
    });
    assert.deepEqual(folioState(kernel, PAGE), {
      holders: [],
      fields: [{ type: "struct page", address: PAGE, path: "flags", value: "0x5" }],
    });
  });
