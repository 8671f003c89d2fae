import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../src/base/fault.ts";
import { codeBytes } from "../../../src/crash/say/codeBytes.ts";

/** Memory of pages of four bytes; the pages that are not listed cannot be read. */
const memory = (...readable: number[]) => {
  const page = (address: bigint): Uint8Array | Fault => {
    const number = Number(address) >> 2;
    if (!readable.includes(number)) return Fault.at("excluded", address, "page excluded from dump");
    return Uint8Array.from({ length: 4 - (Number(address) & 3) }, (_, i) => Number(address) + i);
  };
  const read = (address: bigint, length: number): Uint8Array => {
    const bytes: number[] = [];
    while (bytes.length < length) {
      const part = page(address + BigInt(bytes.length));
      if (part instanceof Fault) throw part;
      bytes.push(...part);
    }
    return Uint8Array.from(bytes.slice(0, length));
  };
  return { page, read };
};

test("code is read up to the first page that is missing, which is told", () => {
  assert.deepEqual([...codeBytes(memory(0, 1), 2n, 4).bytes], [2, 3, 4, 5]);
  assert.equal(codeBytes(memory(0, 1), 2n, 4).fault, undefined);
  const { bytes, fault } = codeBytes(memory(0, 1, 3), 2n, 12);
  assert.deepEqual([...bytes], [2, 3, 4, 5, 6, 7]);
  assert.equal(fault?.address, 8n);
  assert.throws(() => codeBytes(memory(1), 2n, 4), Fault);
});
