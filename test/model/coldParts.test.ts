import assert from "node:assert/strict";
import { test } from "node:test";
import { coldPartsOf, functionOfColdPart } from "../../src/model/coldParts.ts";
import { toyKernel } from "../builders/kernel.ts";

const kernel = toyKernel({
  symbols: {
    f: { address: 0x1000n, size: 64, type: "t" },
    "f.cold": { address: 0x2000n, size: 64, type: "t" },
    "f.cold.12": { address: 0x3000n, size: 64, type: "t" },
    "g.constprop.0": { address: 0x4000n, size: 64, type: "t" },
    "g.constprop.0.cold.7": { address: 0x5000n, size: 64, type: "t" },
  },
});
const at = (address: bigint) => kernel.symbols.at(address)!;

test("cold parts are found with the numbers that GCC 8 gives them, and without", () => {
  assert.deepEqual(
    coldPartsOf(kernel, at(0x1000n)).map(({ name }) => name),
    ["f.cold", "f.cold.12"],
  );
  assert.deepEqual(
    coldPartsOf(kernel, at(0x4000n)).map(({ address }) => address),
    [0x5000n],
  );
});

test("a cold part leads to its function, and another symbol to none", () => {
  assert.equal(functionOfColdPart(kernel, at(0x5000n))?.address, 0x4000n);
  assert.equal(functionOfColdPart(kernel, at(0x3000n))?.address, 0x1000n);
  assert.equal(functionOfColdPart(kernel, at(0x1000n)), undefined);
});
