import assert from "node:assert/strict";
import { test } from "node:test";
import { numberNeedle, textNeedle, type Needle } from "../../../../../src/crash/commands/memory/search/needle.ts";
import { matches } from "../../../../../src/crash/commands/memory/search/scan.ts";

const u64 = (value: bigint, mask = 0n, byteOrder: "little" | "big" = "little"): Needle =>
  numberNeedle(value, undefined, { size: 8, mask, byteOrder });

const all = (needle: Needle, bytes: Uint8Array): number[] => {
  const found: number[] = [];
  for (let at = needle.find(bytes, 0); at >= 0; at = needle.find(bytes, at + 1)) found.push(at);
  return found;
};

/** Words of 64 bits, one after the other. */
function words(values: readonly bigint[], little = true): Uint8Array {
  const view = new DataView(new ArrayBuffer(values.length * 8));
  values.forEach((value, i) => view.setBigUint64(i * 8, value, little));
  return new Uint8Array(view.buffer);
}

test("numbers are found at multiples of their size only", () => {
  const bytes = words([1n, 0x1122334455667788n, 0x88n << 56n, 0x11223344556677n, 0x1122334455667788n]);
  assert.deepEqual(all(u64(0x1122334455667788n), bytes), [8, 32]);
  const word = numberNeedle(0x11223344n, undefined, { size: 4, mask: 0n, byteOrder: "little" });
  assert.deepEqual(all(word, bytes), [12, 36]);
  assert.deepEqual(all(numberNeedle(0x5566n, undefined, { size: 2, mask: 0n, byteOrder: "little" }), bytes), [10, 34]);
});

test("the eighth byte counts as well", () => {
  assert.deepEqual(all(u64(0xff00000000000001n), words([0xfe00000000000001n, 0xff00000000000001n])), [8]);
});

test("values of any bytes are found in memory that is full of zeros or of ones", () => {
  const values = [0n, 1n, 0xffff888012340000n, 0xffff888000000000n, 0x5f00000000000000n, 2n ** 64n - 1n, 0xff00n];
  for (const order of ["little", "big"] as const)
    for (const value of values)
      for (const filler of [0x0n, 2n ** 64n - 1n]) {
        const bytes = words([filler, filler, value, filler, value], order === "little");
        const expected = value === filler ? [0, 8, 16, 24, 32] : [16, 32];
        assert.deepEqual(all(u64(value, 0n, order), bytes), expected, `${order} ${value.toString(16)}`);
        const moved = new Uint8Array(bytes.length + 1);
        moved.set(bytes, 1);
        assert.deepEqual(all(u64(value, 0n, order), moved.subarray(1)), expected, `unaligned ${value.toString(16)}`);
      }
});

test("an address that begins with zero bytes is searched in zero pages as fast as another", () => {
  const zeros = new Uint8Array(4 << 20);
  const cost = (value: bigint): number => {
    const needle = u64(value);
    needle.find(zeros, 0);
    const start = process.cpuUsage();
    for (let i = 0; i < 4; i++) assert.equal(needle.find(zeros, 0), -1);
    const { user, system } = process.cpuUsage(start);
    return user + system;
  };
  const [aligned, other] = [cost(0xffff889dc5500000n), cost(0x1122334455667788n)];
  // Without care it takes 500 times as long.
  assert.ok(aligned < 50 * Math.max(other, 100), `${aligned} µs against ${other} µs`);
});

test("bits of a mask may be anything, in either byte order", () => {
  for (const order of ["little", "big"] as const) {
    const bytes = words([0xabcd_0001n, 0xabcd_ffffn, 0xabce_0000n, 0x1_abcd_0000n], order === "little");
    assert.deepEqual(all(u64(0xabcd_0000n, 0xffffn, order), bytes), [0, 8]);
    assert.deepEqual(all(u64(0xabcd_0000n, 0xffff_0000_ffffn, order), bytes), [0, 8, 24]);
  }
  const half = numberNeedle(0xab00n, undefined, { size: 2, mask: 0xffn, byteOrder: "little" });
  assert.deepEqual(all(half, Uint8Array.of(1, 0xab, 0xab, 1, 2, 0xab)), [0, 4]);
});

test("unaligned bytes are searched too", () => {
  const bytes = words([0n, 0xabcd_1234n]).subarray(0);
  const moved = new Uint8Array(17);
  moved.set(bytes, 1);
  assert.deepEqual(all(u64(0xabcd_0000n, 0xffffn), moved.subarray(1)), [8]);
});

const text = (address: bigint, value: string) => ({ address, bytes: new TextEncoder().encode(value) });
const found = (pages: Parameters<typeof matches>[0], ...needles: Needle[]): string[] =>
  [...matches(pages, needles)].flatMap((step) => (step && "needle" in step ? [step.address.toString(16)] : []));

test("text that begins on one page and ends on the next is found, across a gap it is not", () => {
  const pages = [text(0x1000n, "xxxxneed"), text(0x1008n, "le needle"), undefined, text(0x2000n, "leneedle")];
  assert.deepEqual(found(pages, textNeedle("needle")), ["1004", "100b", "2002"]);
});

test("a match at the end of a page is reported once", () => {
  assert.deepEqual(found([text(0n, "xxneedle"), text(8n, "needlexx")], textNeedle("needle")), ["2", "8"]);
});

test("matches are correct if the buffer of a page is reused for the next", () => {
  const buffer = new Uint8Array(8);
  function* reused() {
    for (const [address, value] of [[0n, "....nee."], [8n, "dle....."], [16n, "needle.."]] as const) {
      buffer.set(new TextEncoder().encode(value));
      yield { address, bytes: address === 0n ? buffer.subarray(0, 7) : buffer };
    }
  } // prettier-ignore
  assert.deepEqual(found(reused(), textNeedle("needle")), ["10"]);
});

test("with several values, matches are in the order of addresses", () => {
  const pages = [{ address: 0x100n, bytes: words([2n, 1n, 2n, 1n]) }];
  assert.deepEqual(found(pages, u64(1n), u64(2n)), ["100", "108", "110", "118"]);
});

test("text that begins on memory shorter than it is found, over several pieces too", () => {
  const needle = textNeedle("panic");
  assert.deepEqual(found([text(6n, "pa"), text(8n, "nic pani"), text(16n, "c")], needle), ["6", "c"]);
  assert.deepEqual(found([text(5n, "p"), text(6n, "an"), text(8n, "ic")], needle), ["5"]);
  assert.deepEqual(found([text(5n, "p"), text(7n, "anic")], needle), []);
});
