import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedWithCapture } from "../../../src/linux/kdump/crashkernel.ts";
import { identify } from "../../../src/linux/identify.ts";
import { toyKernel } from "../../builders/kernel.ts";

const kernelOf = (count: number) =>
  toyKernel({
    types: "struct range { unsigned long long start; unsigned long long end; };",
    symbols: { crashk_cma_cnt: 0x1000n, crashk_cma_ranges: 0x2000n },
    memory: [
      ["int", 0x1000n, count],
      ["unsigned long", 0x2000n, 0x1000_0000],
      ["unsigned long", 0x2008n, 0x17ff_ffff],
      ["unsigned long", 0x2010n, 0x4000_0000],
      ["unsigned long", 0x2018n, 0x40ff_ffff],
    ],
  });

test("the areas of crashkernel=,cma are those that the kernel counts", () => {
  assert.deepEqual(sharedWithCapture(kernelOf(2)), [
    { start: 0x1000_0000n, size: 0x800_0000n },
    { start: 0x4000_0000n, size: 0x100_0000n },
  ]);
  assert.deepEqual(sharedWithCapture(kernelOf(0)), []);
  assert.deepEqual(sharedWithCapture(toyKernel({})), []);
});

test("a count that no kernel has is corrupt", () => {
  assert.throws(() => sharedWithCapture(kernelOf(99)), /crashk_cma_cnt is 99, which exceeds the limit of 16/);
});

test("a physical address in such an area is told to be in it", () => {
  assert.deepEqual(
    [...identify(kernelOf(2), 0x4000_0010n)],
    [{ kind: "capture area", range: { start: 0x4000_0000n, size: 0x100_0000n }, offset: 0x10 }],
  );
  assert.deepEqual([...identify(kernelOf(2), 0x3fff_fff0n)], []);
});
