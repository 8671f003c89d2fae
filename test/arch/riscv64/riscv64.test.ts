import assert from "node:assert/strict";
import { test } from "node:test";
import { riscv64 } from "../../../src/arch/riscv64/riscv64.ts";
import { Fault } from "../../../src/base/fault.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { type Entries, pagingOf, walked } from "../../builders/pageTable.ts";

const ROOT = 0x81000000n;
/** An entry with the page frame number of a physical address and flags. */
const entry = (physical: bigint, flags: bigint): bigint => (physical >> 2n) | flags;
const table = (physical: bigint): bigint => entry(physical, 1n);
const PAGE = 0xe7n;
const width = (bits: number): string[] => [`NUMBER(VA_BITS)=${bits}`];

const rows: readonly [string, number, bigint, Entries, string][] = [
  [
    "Sv39",
    39,
    0xffff_ffd6_0020_3abcn,
    { "81000ac0": table(0x82000000n), "82000008": table(0x83000000n), "83000018": entry(0x84567000n, PAGE) },
    "PGD 81000ac0, PMD 82000008, PTE 83000018 -> 84567abc (4096)",
  ],
  [
    "Sv48",
    48,
    0xffff_8000_0020_3abcn,
    {
      "81000800": table(0x85000000n),
      "85000000": table(0x82000000n),
      "82000008": table(0x83000000n),
      "83000018": entry(0x84567000n, PAGE),
    },
    "PGD 81000800, PUD 85000000, PMD 82000008, PTE 83000018 -> 84567abc (4096)",
  ],
  [
    "Sv57, a page of 2 MiB, from a real dump",
    57,
    0xff60_0000_0269_6000n,
    {
      "81000b00": 0x23fffc01n,
      "8ffff000": 0x23fff801n,
      "8fffe000": 0x23fff401n,
      "8fffd098": 0x209800e7n,
    },
    "PGD 81000b00, P4D 8ffff000, PUD 8fffe000, PMD 8fffd098 -> 82696000 (2097152)",
  ],
  [
    "Svnapot: the lowest bit of the frame number that is set is not part of the address",
    39,
    0xffff_ffd6_0020_3abcn,
    {
      "81000ac0": table(0x82000000n),
      "82000008": table(0x83000000n),
      "83000018": entry(0x84568000n, PAGE | (1n << 63n)),
    },
    "PGD 81000ac0, PMD 82000008, PTE 83000018 -> 84563abc (65536)",
  ],
  [
    "a PROT_NONE page",
    39,
    0x20_3abcn,
    { "81000000": table(0x82000000n), "82000008": table(0x83000000n), "83000018": entry(0x84567000n, 0x20n) },
    "PGD 81000000, PMD 82000008, PTE 83000018 -> 84567abc (4096)",
  ],
  ["nothing mapped", 39, 0x20_3abcn, { "81000000": 0n }, "unmapped: not mapped (PGD entry 0)"],
  ["an address of another mode", 39, 0xff60_0000_0000_0000n, {}, "unmapped: not a canonical address"],
];

for (const [what, bits, address, entries, expected] of rows) {
  test(`${what} is translated`, () => {
    assert.equal(walked(pagingOf(riscv64, width(bits)), ROOT, address, entries), expected);
  });
}

test("the root table is found by the offset of the image", () => {
  const paging = pagingOf(riscv64, [
    ...width(57),
    "SYMBOL(swapper_pg_dir)=ffffffff81dcb000",
    "NUMBER(va_kernel_pa_offset)=0xfffffffeffe00000",
  ]);
  assert.equal(paging.kernelRoot, 0x81fcb000n);
});

test("without a width of addresses nothing is translated", () => {
  assert.throws(() => pagingOf(riscv64, []), (fault) => fault instanceof Fault && fault.message.includes("VA_BITS")); // prettier-ignore
});

test("a CPU's note begins with pc and ra", () => {
  const desc = new ByteWriter();
  desc.append(new Uint8Array(32)).u32(7).append(new Uint8Array(76));
  for (let value = 1n; value <= 32n; value++) desc.u64(value);
  desc.append(new Uint8Array(8));
  const payload = desc.done();
  assert.equal(payload.length, riscv64.prstatusBytes);
  const state = riscv64.prstatus(payload);
  assert.equal(state?.pid, 7);
  for (const [name, value] of [
    ["pc", 1n],
    ["ra", 2n],
    ["sp", 3n],
    ["s0", 9n],
    ["t6", 32n],
  ] as const)
    // prettier-ignore
    assert.equal(state?.registers.get(name), value, name);
});

test("user mode and enabled interrupts are those before the exception", () => {
  assert.equal(riscv64.isUserMode(new Map([["status", 0x20n]])), true);
  assert.equal(riscv64.isUserMode(new Map([["status", 0x120n]])), false);
  assert.equal(riscv64.isUserMode(new Map()), undefined);
  assert.equal(riscv64.interruptsEnabled?.(new Map([["status", 0x100n]])), false);
});
