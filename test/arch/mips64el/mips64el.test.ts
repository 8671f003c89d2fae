import assert from "node:assert/strict";
import { test } from "node:test";
import { mips64el } from "../../../src/arch/mips64el/mips64el.ts";
import { type Entries, pagingOf, walked } from "../../builders/pageTable.ts";

const ROOT = 0x1260000n;
const VMALLOC = 0xc000000000003abcn;
const table = (physical: bigint): bigint => 0x9800000000000000n | physical;
/** An empty table, which is in the kernel's image. */
const EMPTY = 0xffffffff81262000n;
/** Present, written, accessed, modified, global, valid, dirty, cached: with bits against reading and execution, and without. */
const RIXI = 0x70fn | (3n << 11n);
const NO_RIXI = 0x39dn | (3n << 10n);

/** Tables for VMALLOC whose entries have the page frame number from `shift` on. */
const tables = (flags: bigint, shift: bigint): Entries => ({
  "1260000": table(0x5000n),
  "5000": table(0x6000n),
  "6000": 0n,
  "6008": 0n,
  "6010": 0n,
  "6018": (0x1234n << shift) | flags,
});

const rows: readonly [what: string, address: bigint, entries: Entries, expected: string][] = [
  ["an address of the image", 0xffffffff80100400n, {}, " -> 100400 (4096)"],
  ["an address of the image without a cache", 0xffffffffa0100400n, {}, " -> 100400 (4096)"],
  ["an address of XKPHYS, cached", 0x980000000abcde00n, {}, " -> abcde00 (4096)"],
  ["an address of XKPHYS, without a cache", 0x9000000010000000n, {}, " -> 10000000 (4096)"],
  [
    "a page of a kernel with bits against reading and execution",
    VMALLOC,
    tables(RIXI, 14n),
    "PGD 1260000, PMD 5000, PTE 6018 -> 1234abc (4096)",
  ],
  [
    "a page of a kernel without these bits",
    VMALLOC,
    tables(NO_RIXI, 13n),
    "PGD 1260000, PMD 5000, PTE 6018 -> 1234abc (4096)",
  ],
  [
    "an address beyond the tables",
    0xc000000040000000n,
    { ...tables(RIXI, 14n), "1260008": EMPTY, "1262000": 0n },
    "unmapped: not mapped (PMD entry 0)",
  ],
  [
    "a table without an entry of the kernel",
    VMALLOC,
    {},
    "unknown: no entry of the kernel's page tables tells where the page frame number is",
  ],
];

for (const [what, address, entries, expected] of rows)
  test(`translated: ${what}`, () => {
    assert.equal(walked(pagingOf(mips64el, []), ROOT, address, entries), expected);
  });

test("the root table is in an unmapped segment", () => {
  assert.equal(pagingOf(mips64el, ["SYMBOL(swapper_pg_dir)=ffffffff81260000"]).kernelRoot, ROOT);
});

test("user mode and enabled interrupts are those before the exception", () => {
  assert.equal(mips64el.isUserMode(new Map([["status", 0x13n]])), true);
  assert.equal(mips64el.isUserMode(new Map([["status", 0x3n]])), false);
  assert.equal(mips64el.isUserMode(new Map()), undefined);
  assert.equal(mips64el.interruptsEnabled?.(new Map([["status", 0x2n]])), false);
});

test("an exception has its address where the processor sets one", () => {
  const details = (cause: bigint): unknown => mips64el.exceptionDetails?.(new Map([["cause", cause], ["badvaddr", 8n]])); // prettier-ignore
  assert.deepEqual(details(0x80000000cn), { errorCode: 0x80000000cn, faultAddress: 8n });
  assert.equal(details(8n << 2n), undefined);
  assert.equal(mips64el.errorText?.("page fault", 3n << 2n), "write to a page that is not mapped");
  assert.deepEqual([1n, 2n, 5n].map((code) => mips64el.isWriteFault?.(code << 2n)), [true, false, true]); // prettier-ignore
});
