import assert from "node:assert/strict";
import { test } from "node:test";
import { s390x } from "../../../src/arch/s390x/s390x.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { pagingOf, walked, type Entries } from "../../builders/pageTable.ts";

const ROOT = 0x2040000n;
/** Empty entries that name the type of their table. */
const EMPTY_R3 = 0x24n;
const EMPTY_R2 = 0x28n;
const EMPTY_R1 = 0x2cn;

const rows: readonly [string, bigint, Entries, string][] = [
  [
    "three levels",
    0x3ff_ffe1_7b90n,
    { "2040000": EMPTY_R3, "2043ff8": 0xfd8_0007n, fd83ff0: 0xfd0_1800n, fd018b8: 0x1f1_7c3dn },
    "PUD 2043ff8, PMD fd83ff0, PTE fd018b8 -> 1f17b90 (4096)",
  ],
  [
    "four levels",
    0x0001_2345_6789n,
    { "2040000": 0x123_400bn, "1234010": 0x234_5007n, "23461a0": 0x345_6800n, "3456ab0": 0x456_7001n },
    "P4D 2040000, PUD 1234010, PMD 23461a0, PTE 3456ab0 -> 4567789 (4096)",
  ],
  [
    "five levels",
    0x0020_0000_0000_0789n,
    {
      "2040000": EMPTY_R1,
      "2040008": 0x123_400fn,
      "1234000": 0x123_800bn,
      "1238000": 0x123_c007n,
      "123c000": 0x345_6800n,
      "3456800": 0x456_7001n,
    },
    "PGD 2040008, P4D 1234000, PUD 1238000, PMD 123c000, PTE 3456800 -> 4567789 (4096)",
  ],
  [
    "a segment of 1 MiB",
    0x12_3789n,
    { "2040000": 0x123_4007n, "1234008": 0x7890_0403n },
    "PUD 2040000, PMD 1234008 -> 78923789 (1048576)",
  ],
  ["a region of 2 GiB", 0x12_3789n, { "2040000": 0x1_8000_0407n }, "PUD 2040000 -> 180123789 (2147483648)"],
  [
    "a root that is a segment table",
    0x12_3789n,
    { "2040000": 0x20n, "2040008": 0x345_6800n, "3456918": 0x456_7001n },
    "PMD 2040008, PTE 3456918 -> 4567789 (4096)",
  ],
  [
    "an empty region",
    0x8000_0000n,
    { "2040000": EMPTY_R3, "2040008": EMPTY_R3 },
    "unmapped: not mapped (PUD entry 24)",
  ],
  [
    "an empty page",
    0x789n,
    { "2040000": 0x123_4007n, "1234000": 0x345_6800n, "3456800": 0x400n },
    "unmapped: not mapped (PTE entry 400)",
  ],
  [
    "a page not referenced of late is invalid to the CPU alone",
    0x789n,
    { "2040000": 0x123_4007n, "1234000": 0x345_6800n, "3456800": 0x456_7611n },
    "PUD 2040000, PMD 1234000, PTE 3456800 -> 4567789 (4096)",
  ],
  [
    "an address beyond the tables",
    0x400_0000_0000n,
    { "2040000": EMPTY_R3 },
    "unmapped: beyond the end of the address space",
  ],
  [
    "an address within a larger space is not beyond",
    0x400_0000_0000n,
    { "2040000": EMPTY_R2, "2040008": EMPTY_R2 },
    "unmapped: not mapped (P4D entry 28)",
  ],
];

for (const [name, address, entries, expected] of rows) {
  test(`s390x walks: ${name}`, () => {
    assert.equal(walked(pagingOf(s390x, []), ROOT, address, entries), expected);
  });
}

test("since 6.10 the physical and the virtual address of the image are independent", () => {
  const lines = ["SYMBOL(swapper_pg_dir)=3fffff40000", "KERNELOFFSET=3fffe7f8000", "KERNELOFFPHYS=8f8000"];
  assert.equal(pagingOf(s390x, lines).kernelRoot, 0x2040000n);
});

test("before, addresses of the image are physical ones", () => {
  const lines = ["SYMBOL(swapper_pg_dir)=1748000", "KERNELOFFSET=500000"];
  assert.equal(pagingOf(s390x, lines).kernelRoot, 0x1748000n);
});

test("NT_PRSTATUS is big-endian", () => {
  const desc = new ByteWriter("big").append(new Uint8Array(32)).u32(4711).append(new Uint8Array(76));
  for (let i = 0; i < 18; i++) desc.u64(0x100 + i);
  const state = s390x.prstatus(desc.done());
  assert.equal(state?.pid, 4711);
  assert.deepEqual(
    ["pswm", "pswa", "r0", "r15"].map((name) => state?.registers.get(name)),
    [0x100n, 0x101n, 0x102n, 0x111n],
  );
});

test("the control registers' note has the kernel's root table", () => {
  const desc = new ByteWriter("big");
  for (let i = 0; i < 16; i++) desc.u64(i === 13 ? 0x2040007n : 0n);
  assert.equal(s390x.cpuNote?.("LINUX", 0x304, desc.done())?.pageTableRoot, 0x2040000n);
});
