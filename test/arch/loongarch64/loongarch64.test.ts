import assert from "node:assert/strict";
import { test } from "node:test";
import { loongarch64 } from "../../../src/arch/loongarch64/loongarch64.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { type Entries, pagingOf, walked } from "../../builders/pageTable.ts";

const ROOT = 0x1b20000n;
const VMALLOC = 0xffff800082008000n;
/** An address of a table in the cached window, as the kernel writes it. */
const table = (physical: bigint): bigint => 0x9000000000000000n | physical;
const PAGE = 0x40000000000001c3n;
const HUGE = 0x1d3n;

const rows: readonly [what: string, pageSize: number, address: bigint, entries: Entries, expected: string][] = [
  ["an address of the cached window", 16384, 0x90000000_01b20abcn, {}, " -> 1b20abc (16384)"],
  ["an address of the uncached window", 16384, 0x8000_0000_1fe0_0000n, {}, " -> 1fe00000 (16384)"],
  [
    "a page of 16K through 3 levels",
    16384,
    VMALLOC + 0xabcn,
    {
      "1b20000": table(0x61f8000n),
      "61f8000": table(0x1b24000n),
      "1b24000": 0n,
      "61f8208": table(0x61fc000n),
      "61fc010": 0x10000000n | PAGE,
    },
    "PGD 1b20000, PMD 61f8208, PTE 61fc010 -> 10000abc (16384)",
  ],
  [
    "a huge page of 32 MB",
    16384,
    0xfffffebffe123456n,
    {
      "1b20000": table(0x1b28000n),
      "1b28000": table(0x1b24000n),
      "1b24000": 0n,
      "1b23f58": table(0x6000000n),
      "6003ff8": 0x8000000n | HUGE,
    },
    "PGD 1b23f58, PMD 6003ff8 -> 8123456 (33554432)",
  ],
  [
    "a page of 4K through 4 levels",
    4096,
    0xffff8000_0000_1abcn,
    {
      "1b20000": table(0x2000n),
      "2000": table(0x3000n),
      "3000": table(0x4000n),
      "1b20800": table(0x5000n),
      "5000": table(0x6000n),
      "6000": table(0x7000n),
      "7008": 0x8000n | PAGE,
    },
    "PGD 1b20800, PUD 5000, PMD 6000, PTE 7008 -> 8abc (4096)",
  ],
  [
    "a page of 64K through 2 levels",
    65536,
    0x3_1234n,
    { "1b20000": table(0x1b30000n), "1b30000": 0n, "1b30018": 0x450000n | PAGE },
    "PGD 1b20000, PTE 1b30018 -> 451234 (65536)",
  ],
  [
    "a page without access",
    65536,
    0x3_1234n,
    { "1b20000": table(0x1b30000n), "1b30000": 0n, "1b30018": 0x450400n },
    "PGD 1b20000, PTE 1b30018 -> 451234 (65536)",
  ],
  [
    "an entry of the empty table of kernel pages, which has the global bit",
    65536,
    0x3_1234n,
    { "1b20000": table(0x1b30000n), "1b30000": 0x40n, "1b30018": 0x40n },
    "unmapped: not mapped (PTE entry 40)",
  ],
  [
    "nothing without the root table",
    16384,
    VMALLOC,
    {},
    "unknown: the root table does not tell the levels of the page tables",
  ],
];

for (const [what, pageSize, address, entries, expected] of rows) {
  test(`translated: ${what}`, () => {
    assert.equal(walked(pagingOf(loongarch64, [], { pageSize }), ROOT, address, entries), expected);
  });
}

test("the root table is in a window", () => {
  assert.equal(pagingOf(loongarch64, ["SYMBOL(swapper_pg_dir)=9000000001b20000"]).kernelRoot, ROOT);
});

/** A note with r1 = 1 … r31 = 31, and these control registers. */
function note(controls: readonly bigint[]): Uint8Array {
  const desc = new ByteWriter();
  desc.append(new Uint8Array(32)).u32(7).append(new Uint8Array(76));
  for (let value = 0n; value < 32n; value++) desc.u64(value);
  // orig_a0, era, badv, crmd, prmd, euen, ecfg, estat, five reserved.
  for (let i = 0; i < 13; i++) desc.u64(controls[i] ?? 0n);
  return desc.append(new Uint8Array(8)).done();
}

test("a CPU's note that the kernel wrote has the pc and the control registers", () => {
  const payload = note([9n, 0x9000000000222000n, 0x10n, 0xb0n, 4n]);
  assert.equal(payload.length, loongarch64.prstatusBytes);
  const state = loongarch64.prstatus(payload);
  assert.equal(state?.pid, 7);
  for (const [name, value] of [
    ["pc", 0x9000000000222000n],
    ["ra", 1n],
    ["sp", 3n],
    ["a0", 4n],
    ["fp", 22n],
    ["s8", 31n],
    ["prmd", 4n],
  ] as const)
    assert.equal(state.registers.get(name), value, name);
});

test("a CPU's note that QEMU wrote has no pc: its ERA is the place of the latest exception", () => {
  const state = loongarch64.prstatus(note([0n, 0x9000000000222000n, 0x10n]));
  assert.equal(state?.registers.get("pc"), undefined);
  assert.equal(state?.registers.get("ra"), 1n);
});

test("user mode and enabled interrupts are those before the exception", () => {
  assert.equal(loongarch64.isUserMode(new Map([["prmd", 7n]])), true);
  assert.equal(loongarch64.isUserMode(new Map([["prmd", 4n]])), false);
  assert.equal(loongarch64.isUserMode(new Map()), undefined);
  // A CPU in a system call that saved its own registers.
  assert.equal(loongarch64.isUserMode(new Map([["prmd", 7n], ["pc", 0x9000000000222000n]])), false); // prettier-ignore
  assert.equal(loongarch64.interruptsEnabled?.(new Map([["prmd", 3n]])), false);
});

test("an exception has its address where the processor sets one", () => {
  const details = (estat: bigint): unknown => loongarch64.exceptionDetails?.(new Map([["estat", estat], ["badv", 8n]])); // prettier-ignore
  assert.deepEqual(details(0x20000n), { errorCode: 0x20000n, faultAddress: 8n });
  assert.equal(details(0xb0000n), undefined);
  assert.equal(loongarch64.errorText?.("page fault", 0x20000n), "write to a page that is not mapped");
  assert.equal(
    loongarch64.errorText?.("address error", 0x80000n),
    "instruction fetch from an address that is not canonical",
  );
  assert.equal(loongarch64.errorText?.("address error", 0x480000n), "access to an address that is not canonical");
  assert.deepEqual([1n, 2n, 4n].map((code) => loongarch64.isWriteFault?.(code << 16n)), [false, true, true]); // prettier-ignore
});
