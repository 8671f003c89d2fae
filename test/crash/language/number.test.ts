import assert from "node:assert/strict";
import { test } from "node:test";
import { UsageError } from "../../../src/base/usageError.ts";
import {
  anyNumber,
  count,
  decimalNumber,
  hexNumber,
  parseCpus,
  symbolAddress,
} from "../../../src/crash/language/number.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { toyContext } from "../../builders/transcript.ts";

test("an address is hexadecimal with or without 0x", () => {
  assert.equal(hexNumber("1000"), 0x1000n);
  assert.equal(hexNumber("0xffff8ef68526c180"), 0xffff8ef68526c180n);
  assert.equal(hexNumber("ffff8ef68526c1800"), undefined, "more than 64 bits");
  assert.equal(hexNumber("xyz"), undefined);
});

test("a number is decimal unless it cannot be", () => {
  assert.equal(anyNumber("1000"), 1000n);
  assert.equal(anyNumber("0x1000"), 0x1000n);
  assert.equal(anyNumber("fff"), 0xfffn);
  assert.equal(anyNumber("12g"), undefined);
  assert.equal(decimalNumber("fff"), undefined);
});

test("a count may be negative, but a number out of range is refused", () => {
  assert.equal(count("-2"), -2);
  assert.equal(count("a"), 10);
  assert.throws(() => count("99999999999"), UsageError);
  assert.throws(() => count("many"), UsageError);
});

test("a symbol may have an offset", () => {
  const context = toyContext(toyKernel({ symbols: { start: 0x1000n, "x.isra.0": 0x2000n } }));
  assert.equal(symbolAddress(context, "start"), 0x1000n);
  assert.equal(symbolAddress(context, "start+16"), 0x1010n);
  assert.equal(symbolAddress(context, "start+0x10"), 0x1010n);
  assert.equal(symbolAddress(context, "start-1"), 0xfffn);
  assert.equal(symbolAddress(context, "x.isra.0"), 0x2000n);
  assert.equal(symbolAddress(context, "start+z"), undefined);
  assert.equal(symbolAddress(context, "stop"), undefined);
});

test("a list of CPUs names CPUs that there are", () => {
  assert.deepEqual(parseCpus("0-2,7", [0, 1, 2, 3, 7]), [0, 1, 2, 7]);
  assert.deepEqual(parseCpus("a", [0, 1]), [0, 1]);
  assert.deepEqual(parseCpus("", [0, 1]), [0, 1]);
  assert.deepEqual(parseCpus("1,1,0", [0, 1]), [0, 1]);
  for (const wrong of ["5", "x", "1-", "0,,1", "0-99999", "1-0"])
    assert.throws(() => parseCpus(wrong, [0, 1]), UsageError, wrong);
});
