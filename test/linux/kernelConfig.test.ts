import assert from "node:assert/strict";
import { test } from "node:test";
import { hasRandomLayout } from "../../src/linux/kernelConfig.ts";
import { toyKernel } from "../builders/kernel.ts";

const kernelOf = (vermagic: string) =>
  toyKernel({
    symbols: { vermagic: 0x1000n },
    memory: [...`${vermagic}\0`].map((letter, i) => ["char", 0x1000n + BigInt(i), letter.charCodeAt(0)] as const),
  });

test("a kernel whose structures have a random order is known by its vermagic", () => {
  assert.equal(hasRandomLayout(kernelOf("6.12.0 SMP preempt mod_unload RANDSTRUCT_0a1b2c")), true);
  assert.equal(hasRandomLayout(kernelOf("4.19.0 SMP mod_unload RANDSTRUCT_PLUGIN_0a1b2c")), true);
  assert.equal(hasRandomLayout(kernelOf("6.12.0 SMP preempt mod_unload ")), false);
  assert.equal(hasRandomLayout(toyKernel({})), false);
});
