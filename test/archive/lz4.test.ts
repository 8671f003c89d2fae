import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { toEnd } from "../../src/base/job.ts";
import { isLz4Legacy, unlz4Legacy } from "../../src/archive/lz4.ts";
import { lz4Legacy } from "../builders/lz4.ts";

const MAGIC = [0x02, 0x21, 0x4c, 0x18];
const unpack = (bytes: Uint8Array, most = 1 << 20): string =>
  Buffer.from(toEnd(unlz4Legacy(bytes, most))).toString("latin1");
const frame = (...block: number[]): Buffer => Buffer.from([...MAGIC, block.length, 0, 0, 0, ...block]);
const reason = (bytes: Uint8Array, most?: number): string => {
  const fault = attempt(() => unpack(bytes, most));
  assert.ok(fault instanceof Fault);
  return fault.message;
};

test("literals, near matches that repeat themselves, and long lengths are unpacked", () => {
  assert.ok(isLz4Legacy(frame()));
  // Three literals, then 4 + 6 bytes from 2 bytes before; then one literal.
  assert.equal(unpack(frame(0x36, 0x61, 0x62, 0x63, 2, 0, 0x10, 0x64)), "abcbcbcbcbcbcd");
  assert.equal(unpack(frame(0x1f, 0x78, 1, 0, 20, 0x10, 0x79)), `${"x".repeat(1 + 4 + 15 + 20)}y`);
  const text = "kernel ".repeat(400);
  assert.equal(unpack(lz4Legacy(Buffer.from(text))), text);
});

test("a damaged frame is told with what is wrong, and output is limited", () => {
  assert.match(reason(frame(0x10)), /a block states 1 literal bytes/);
  assert.match(reason(frame(0x10, 0x61, 0)), /ends within an offset/);
  assert.match(reason(frame(0x10, 0x61, 2, 0)), /repeats 4 bytes from 2 bytes before/);
  assert.match(reason(frame(0xf0, 255)), /ends within a length/);
  assert.match(reason(Buffer.from([...MAGIC, 9, 0, 0, 0, 1])), /a block states 9 bytes/);
  assert.match(reason(Buffer.from([...MAGIC, 9])), /ends within the size of a block/);
  assert.match(reason(lz4Legacy(Buffer.alloc(100)), 99), /more than the limit of 99 bytes/);
});
