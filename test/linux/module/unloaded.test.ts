import assert from "node:assert/strict";
import { test } from "node:test";
import { isInModuleRange, lastUnloadedModule } from "../../../src/linux/module/unloaded.ts";
import { toyKernel } from "../../builders/kernel.ts";

const text = (value: string): number[] => [...Buffer.from(`${value}\0`.padEnd(64, "\0"), "latin1")];
const kernel = (name: string): ReturnType<typeof toyKernel> =>
  toyKernel({
    types: "struct mod_tree_root { long root; unsigned long addr_min; unsigned long addr_max; };",
    symbols: { last_unloaded_module: 0x9000n, mod_tree: 0xa000n },
    memory: [
      ["char [64]", 0x9000n, text(name)],
      ["struct mod_tree_root", 0xa000n, { root: 0n, addr_min: 0xffffffffc0000000n, addr_max: 0xffffffffc0100000n }],
    ],
  });

test("the module that was unloaded last is named; none while none was", () => {
  assert.equal(lastUnloadedModule(kernel("courier")), "courier");
  assert.equal(lastUnloadedModule(kernel("")), undefined);
  assert.equal(lastUnloadedModule(toyKernel({})), undefined);
});

test("an address between the bounds of all modules that were loaded may have been code of one", () => {
  assert.equal(isInModuleRange(kernel(""), 0xffffffffc0001000n), true);
  assert.equal(isInModuleRange(kernel(""), 0xffffffffc0100000n), false);
  assert.equal(isInModuleRange(toyKernel({}), 0xffffffffc0001000n), false);
});
