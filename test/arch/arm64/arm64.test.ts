import assert from "node:assert/strict";
import { test } from "node:test";
import { arm64 } from "../../../src/arch/arm64/arm64.ts";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { pagingOf, walked, type Entries } from "../../builders/pageTable.ts";

const ROOT = 0x10000n;
const K = 1024;
const widths = (built: number, actual = built): string[] => [
  `NUMBER(VA_BITS)=${built}`,
  `NUMBER(TCR_EL1_T1SZ)=0x${(64 - actual).toString(16)}`,
];

const rows: readonly [string, number, readonly string[], bigint, Entries, string][] = [
  [
    "4K pages, 48 bits",
    4 * K,
    widths(48),
    0xffff_8000_0808_3abcn,
    { "10800": 0x20003n, "20000": 0x30003n, "30200": 0x40003n, "40418": 0xe8_0000_4567_8707n },
    "PGD 10800, PUD 20000, PMD 30200, PTE 40418 -> 45678abc (4096)",
  ],
  [
    "4K pages, 39 bits",
    4 * K,
    widths(39),
    0xffff_ffc0_0808_3abcn,
    { "10800": 0x30003n, "30200": 0x40003n, "40418": 0xe8_0000_4567_8707n },
    "PGD 10800, PMD 30200, PTE 40418 -> 45678abc (4096)",
  ],
  [
    "a block of 2 MiB",
    4 * K,
    widths(48),
    0xffff_8000_0808_3abcn,
    { "10800": 0x20003n, "20000": 0x30003n, "30200": 0x4560_0701n },
    "PGD 10800, PUD 20000, PMD 30200 -> 45683abc (2097152)",
  ],
  [
    "a block of 1 GiB",
    4 * K,
    widths(48),
    0xffff_8000_0808_3abcn,
    { "10800": 0x20003n, "20000": 0x4000_0701n },
    "PGD 10800, PUD 20000 -> 48083abc (1073741824)",
  ],
  [
    "4K pages, 52 bits: address bits 51:50 lie in the shareability field",
    4 * K,
    widths(52),
    0xfff0_0000_0000_1abcn,
    { "10000": 0x20003n, "20000": 0x30003n, "30000": 0x40003n, "40000": 0x50003n, "50008": 0x0003_0000_4567_8303n },
    "PGD 10000, P4D 20000, PUD 30000, PMD 40000, PTE 50008 -> f000045678abc (4096)",
  ],
  [
    "4K pages, 52 bits configured but 48 in the CPU: one level less, shareability is none of the address",
    4 * K,
    widths(52, 48),
    0xffff_0000_0000_1abcn,
    { "10000": 0x20003n, "20000": 0x30003n, "30000": 0x40003n, "40008": 0x4567_8703n },
    "PGD 10000, PUD 20000, PMD 30000, PTE 40008 -> 45678abc (4096)",
  ],
  [
    "16K pages, 47 bits",
    16 * K,
    widths(47),
    0xffff_8000_0400_5abcn,
    { "10000": 0x20003n, "20010": 0x30003n, "30008": 0x4567_8703n },
    "PGD 10000, PMD 20010, PTE 30008 -> 45679abc (16384)",
  ],
  [
    "16K pages, 52 bits",
    16 * K,
    widths(52),
    0xfff8_0000_0400_5abcn,
    { "10080": 0x20003n, "20000": 0x30003n, "30010": 0x40003n, "40008": 0x4567_8303n },
    "PGD 10080, PUD 20000, PMD 30010, PTE 40008 -> c000045679abc (16384)",
  ],
  [
    "64K pages, 42 bits",
    64 * K,
    widths(42),
    0xffff_fe00_2001_1abcn,
    { "18008": 0x20003n, "20008": 0x4567_0703n },
    "PGD 18008, PTE 20008 -> 45671abc (65536)",
  ],
  [
    "64K pages, 52 address bits in an entry",
    64 * K,
    widths(48),
    0xffff_0000_2001_1abcn,
    { "10000": 0x20003n, "20008": 0x30003n, "30008": 0x4567_a703n },
    "PGD 10000, PMD 20008, PTE 30008 -> a000045671abc (65536)",
  ],
  [
    "64K pages, 52 bits configured but 48 in the CPU: tables as configured",
    64 * K,
    widths(52, 48),
    0xffff_0000_2001_1abcn,
    { "11e00": 0x20003n, "20008": 0x30003n, "30008": 0x4567_0703n },
    "PGD 11e00, PMD 20008, PTE 30008 -> 45671abc (65536)",
  ],
  [
    "a pointer's tag is no address bit",
    4 * K,
    widths(48),
    0xf5ff_8000_0808_3abcn,
    { "10800": 0x20003n, "20000": 0x4000_0701n },
    "PGD 10800, PUD 20000 -> 48083abc (1073741824)",
  ],
  [
    "PROT_NONE as 6.1 marks it",
    4 * K,
    widths(39),
    0x0000_0040_0000_1abcn,
    { "10800": 0x30003n, "30000": 0x40003n, "40008": 0x0460_0000_4567_8f42n },
    "PGD 10800, PMD 30000, PTE 40008 -> 45678abc (4096)",
  ],
  [
    "PROT_NONE as 6.12 marks it",
    4 * K,
    widths(39),
    0x0000_0040_0000_1abcn,
    { "10800": 0x30003n, "30000": 0x40003n, "40008": 0x0060_0000_4567_8fc0n },
    "PGD 10800, PMD 30000, PTE 40008 -> 45678abc (4096)",
  ],
  [
    "a swapped page is not mapped",
    4 * K,
    widths(39),
    0x0000_0040_0000_1abcn,
    { "10800": 0x30003n, "30000": 0x40003n, "40008": 0x12_3f00n },
    "unmapped: not mapped (PTE entry 123f00)",
  ],
  [
    "a block at the last level is reserved",
    4 * K,
    widths(39),
    0x0000_0040_0000_1abcn,
    { "10800": 0x30003n, "30000": 0x40003n, "40008": 0x4567_8701n },
    "unmapped: not mapped (PTE entry 45678701)",
  ],
];

for (const [name, pageSize, lines, address, entries, expected] of rows) {
  test(`arm64 walks: ${name}`, () => {
    assert.equal(walked(pagingOf(arm64, lines, { pageSize }), ROOT, address, entries), expected);
  });
}

test("the root table is found by kimage_voffset", () => {
  const lines = [...widths(52), "SYMBOL(swapper_pg_dir)=ffffab4b58691000", "NUMBER(kimage_voffset)=0xffffab4b16c00000"];
  assert.equal(pagingOf(arm64, lines).kernelRoot, 0x41a91000n);
});

test("authentication codes and tags are stripped, bit 55 choosing the half", () => {
  const paging = pagingOf(arm64, widths(48));
  const rows: readonly [bigint, bigint][] = [
    [0xffff_8000_0808_3abcn, 0xffff_8000_0808_3abcn],
    [0x1a80_8000_0808_3abcn, 0xffff_8000_0808_3abcn],
    [0xf3ff_0000_0808_3abcn, 0xffff_0000_0808_3abcn],
    [0x5a2a_aaaa_0808_3abcn, 0x0000_aaaa_0808_3abcn],
  ];
  for (const [signed, plain] of rows) assert.equal(paging.canonical(signed), plain);
  assert.ok(paging.isKernelAddress(0x1a80_8000_0808_3abcn));
  assert.ok(!paging.isKernelAddress(0x0000_aaaa_0808_3abcn));
});

test("before 5.9 the configured width is the actual one", () => {
  assert.equal(pagingOf(arm64, ["NUMBER(VA_BITS)=39"]).facts.get("VA_BITS"), 39n);
});

test("a dump without the width of addresses is refused with the reason", () => {
  for (const lines of [[], ["NUMBER(VA_BITS)=700"], ["NUMBER(TCR_EL1_T1SZ)=0x0"]]) {
    const result = attempt(() => pagingOf(arm64, lines));
    assert.ok(result instanceof Fault && result.kind === "unknown", lines.join());
  }
});

test("NT_PRSTATUS is decoded to named registers", () => {
  const desc = new ByteWriter().append(new Uint8Array(112));
  for (let i = 0; i < 34; i++) desc.u64(0x100 + i);
  const registers = arm64.prstatus(desc.done())?.registers;
  assert.deepEqual(
    ["x0", "x29", "x30", "sp", "pc", "pstate"].map((name) => registers?.get(name)),
    [0x100n, 0x11dn, 0x11en, 0x11fn, 0x120n, 0x121n],
  );
});

test("code that calls one of some functions is found by its bl", () => {
  // nop; bl .+8
  const code = Uint8Array.of(0x1f, 0x20, 0x03, 0xd5, 0x02, 0, 0, 0x94);
  assert.equal(arm64.mayCall?.(code, 0x1000n, new Set([0x100cn])), true);
  assert.equal(arm64.mayCall?.(code, 0x1000n, new Set([0x1008n])), false);
});
