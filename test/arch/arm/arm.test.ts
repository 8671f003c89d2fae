import assert from "node:assert/strict";
import { test } from "node:test";
import { arm } from "../../../src/arch/arm/arm.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { pagingOf, walked, type Entries } from "../../builders/pageTable.ts";

const ROOT = 0x40204000n;
const LPAE = ["CONFIG_ARM_LPAE=y"];

const rows: readonly [string, readonly string[], bigint, Entries, string][] = [
  [
    "a section of 1 MiB",
    [],
    0xc0281abcn,
    { "40207008": 0x4020_940en, "40207000": 0x5550_940en },
    "PGD 40207008 -> 40281abc (1048576)",
  ],
  ["a supersection of 16 MiB", [], 0xc0281abcn, { "40207008": 0x4004_940en }, "PGD 40207008 -> 40281abc (16777216)"],
  [
    "a small page",
    [],
    0xbf002abcn,
    { "40206fc0": 0x41d2_d811n, "41d2d808": 0x4567_845fn },
    "PGD 40206fc0, PTE 41d2d808 -> 45678abc (4096)",
  ],
  [
    "a large page",
    [],
    0xbf012abcn,
    { "40206fc0": 0x41d2_d811n, "41d2d848": 0x4567_0041n },
    "PGD 40206fc0, PTE 41d2d848 -> 45672abc (65536)",
  ],
  [
    "a page that the hardware must not use lies in Linux's half",
    [],
    0x00012abcn,
    { "40204000": 0x41d2_d831n, "41d2d848": 0n, "41d2d048": 0x4567_8b41n },
    "PGD 40204000, PTE 41d2d848 -> 45678abc (4096)",
  ],
  [
    "a swapped page is in neither half",
    [],
    0x00012abcn,
    { "40204000": 0x41d2_d831n, "41d2d848": 0n, "41d2d048": 0x1234_0000n },
    "unmapped: not mapped (PTE entry 0)",
  ],
  ["an empty entry", [], 0xf0000000n, { "40207c00": 0n }, "unmapped: not mapped (PGD entry 0)"],
  ["an address of more than 32 bits", [], 0xffff_ffff_c020_0000n, {}, "unmapped: not a 32-bit address"],
  [
    "LPAE: a block of 2 MiB",
    LPAE,
    0xc0281abcn,
    { "40204018": 0x40205003n, "40205008": 0x4020_0711n },
    "PGD 40204018, PMD 40205008 -> 40281abc (2097152)",
  ],
  [
    "LPAE: a page above 4 GiB",
    LPAE,
    0xbf002abcn,
    { "40204010": 0x40206003n, "40206fc0": 0x40207003n, "40207010": 0x8_4567_87dfn },
    "PGD 40204010, PMD 40206fc0, PTE 40207010 -> 845678abc (4096)",
  ],
].map((row) => row as [string, readonly string[], bigint, Entries, string]);

for (const [name, lines, address, entries, expected] of rows) {
  test(`arm walks: ${name}`, () => {
    assert.equal(walked(pagingOf(arm, lines), ROOT, address, entries), expected);
  });
}

test("the distance of the root table from the start of memory equals that of its address from PAGE_OFFSET", () => {
  for (const [symbol, root] of [
    ["c0204000", 0x40204000n],
    ["80004000", 0x40004000n],
    ["b0004000", 0x40004000n],
  ] as const) {
    assert.equal(pagingOf(arm, [`SYMBOL(swapper_pg_dir)=${symbol}`], { physBase: 0x40000000n }).kernelRoot, root);
  }
});

test("modules below PAGE_OFFSET are the kernel's", () => {
  const paging = pagingOf(arm, ["SYMBOL(swapper_pg_dir)=c0204000"]);
  assert.ok(paging.isKernelAddress(0xbf000000n));
  assert.ok(paging.isUserAddress(0xbeffffffn));
});

test("NT_PRSTATUS is decoded to named registers", () => {
  const desc = new ByteWriter().append(new Uint8Array(24)).u32(4711).append(new Uint8Array(44));
  for (let i = 0; i < 18; i++) desc.u32(0x100 + i);
  const state = arm.prstatus(desc.done());
  assert.equal(state?.pid, 4711);
  assert.deepEqual(
    ["r0", "fp", "ip", "sp", "lr", "pc", "cpsr"].map((name) => state?.registers.get(name)),
    [0x100n, 0x10bn, 0x10cn, 0x10dn, 0x10en, 0x10fn, 0x110n],
  );
});

test("the kernel's own half of a page table is 2048 bytes before the hardware's, and sections have none", () => {
  const step = (level: string, entryAddress: bigint, span: bigint) => ({ level, entryAddress, entry: 1n, span });
  const section = step("PGD", 0x40207000n, 1n << 20n);
  const page = step("PTE", 0x41809840n, 1n << 12n);
  assert.equal(arm.pte?.ownEntry?.([section, page]), 0x41809040n);
  assert.equal(arm.pte?.ownEntry?.([section]), undefined);
  // Long descriptors are the kernel's and the hardware's at once.
  assert.equal(arm.pte?.ownEntry?.([step("PGD", 0x40207000n, 1n << 30n), page]), undefined);
});
