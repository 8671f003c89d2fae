import assert from "node:assert/strict";
import { test } from "node:test";
import { architectureOf } from "../../../src/arch/architectures.ts";
import { ppc64le } from "../../../src/arch/ppc64le/ppc64le.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { type Entries, pagingOf, walked } from "../../builders/pageTable.ts";

const ROOT = 0x2750000n;

/** Tables are big-endian in the memory of a little-endian kernel. */
function stored(entries: Entries): Entries {
  const swap = (value: bigint): bigint => BigInt(`0x${(value.toString(16).padStart(16, "0").match(/../g) ?? []).reverse().join("")}`); // prettier-ignore
  return Object.fromEntries(Object.entries(entries).map(([at, entry]) => [at, swap(entry)]));
}

const rows: readonly [string, number, bigint, Entries, string][] = [
  [
    "the radix tree with pages of 4 KiB, from a real dump",
    4096,
    0xc008000000312100n,
    {
      "2758000": 0x800000000288e009n,
      "288e000": 0x80000000038c5009n,
      "38c5008": 0x8000000003c45009n,
      "3c45890": 0xc000000002ee718en,
    },
    "PGD 2758000, PUD 288e000, PMD 38c5008, PTE 3c45890 -> 2ee7100 (4096)",
  ],
  [
    "the radix tree with pages of 64 KiB",
    65536,
    0xc00800000031abcdn,
    {
      "2758000": 0x8000000002880009n,
      "2880000": 0x8000000003880009n,
      "3880008": 0x8000000003c40005n,
      "3c40088": 0xc000000002ee018en,
    },
    "PGD 2758000, PUD 2880000, PMD 3880008, PTE 3c40088 -> 2eeabcd (65536)",
  ],
  [
    "a page of 2 MiB",
    4096,
    0x112345n,
    { "2750000": 0x8000000002880009n, "2880000": 0x8000000003880009n, "3880000": 0xc00000000ee0018en },
    "PGD 2750000, PUD 2880000, PMD 3880000 -> ef12345 (2097152)",
  ],
  ["the direct map", 4096, 0xc000000003818000n, {}, " -> 3818000 (4096)"],
  ["nothing mapped", 4096, 0x1000n, { "2750000": 0n }, "unmapped: not mapped (PGD entry 0)"],
];

for (const [what, pageSize, address, entries, expected] of rows) {
  test(`${what} is translated`, () => {
    const paging = pagingOf(ppc64le, ["NUMBER(RADIX_MMU)=1"], { pageSize });
    assert.equal(walked(paging, ROOT, address, stored(entries)), expected);
  });
}

const HASH = ["NUMBER(RADIX_MMU)=0", "NUMBER(VMALLOC_START)=0xc0003d0000000000"];

test("with the hash MMU Linux's own tree is walked, whose pointers to tables may have PRESENT", () => {
  const entries = { "2750f40": 0x8000000002f76000n, "2f76000": 0x2f77000n, "2f77010": 0x2f78000n, "2f78038": 0xc08000000288718en }; // prettier-ignore
  const paging = pagingOf(ppc64le, HASH);
  const expected = "PGD 2750f40, PUD 2f76000, PMD 2f77010, PTE 2f78038 -> 2887110 (4096)";
  assert.equal(walked(paging, ROOT, 0xc0003d0000407110n, stored(entries)), expected);
});

test("a kernel that does not name its MMU has the tree that its entries show", () => {
  const hash = { "2750f40": 0x8000000002f76000n, "2f76000": 0x2f77000n, "2f77010": 0x2f78000n, "2f78038": 0xc08000000288718en }; // prettier-ignore
  const radix = { "2750000": 0x8000000002880009n, "2880000": 0x8000000003880009n, "3880000": 0xc00000000ee0018en };
  const paging = pagingOf(ppc64le, HASH.slice(1));
  assert.match(walked(paging, ROOT, 0xc0003d0000407110n, stored(hash)), / -> 2887110 \(4096\)$/);
  assert.match(walked(paging, ROOT, 0x112345n, stored(radix)), / -> ef12345 \(2097152\)$/);
});

test("with the hash MMU vmemmap_list has the pages of struct page", () => {
  const paging = pagingOf(ppc64le, [
    ...HASH,
    "SYMBOL(vmemmap)=c0003f0000000000",
    "SYMBOL(vmemmap_list)=c000000000001000",
    "SYMBOL(mmu_vmemmap_psize)=c000000000002000",
    "SYMBOL(mmu_psize_defs)=c000000000003000",
    "SIZE(mmu_psize_def)=96",
    "OFFSET(mmu_psize_def.shift)=0",
    "OFFSET(vmemmap_backing.list)=0",
    "OFFSET(vmemmap_backing.phys)=8",
    "OFFSET(vmemmap_backing.virt_addr)=16",
  ]);
  const memory = {
    "1000": 0xc000000000004000n,
    "2000": 2n,
    "30c0": 24n,
    "4000": 0xc000000000005000n,
    "4008": 0x8000000n,
    "4010": 0xc0003f0001000000n,
    "5000": 0n,
    "5008": 0x7000000n,
    "5010": 0xc0003f0000000000n,
  };
  assert.equal(walked(paging, ROOT, 0xc0003f0001000040n, memory), " -> 8000040 (16777216)");
  assert.equal(walked(paging, ROOT, 0xc0003f0000000080n, memory), " -> 7000080 (16777216)");
  assert.match(walked(paging, ROOT, 0xc0003f0002000000n, memory), /^unmapped: not in vmemmap_list/);
});

test("notes have the byte order of the file, which QEMU chooses", () => {
  for (const order of ["little", "big"] as const) {
    const desc = new ByteWriter(order).append(new Uint8Array(32)).u32(7).append(new Uint8Array(76));
    for (let value = 0; value < 48; value++) desc.u64(value);
    desc.append(new Uint8Array(8));
    assert.equal(desc.length, ppc64le.prstatusBytes);
    const state = ppc64le.prstatus(desc.done(), order);
    assert.equal(state?.pid, 7);
    for (const [name, value] of [
      ["r1", 1n],
      ["nip", 32n],
      ["msr", 33n],
      ["link", 36n],
      ["trap", 40n],
    ] as const)
      assert.equal(state?.registers.get(name), value, name);
  }
});

test("a file in the other byte order is one of this machine", () => {
  const hints = { byteOrder: "big", elfMachine: undefined, machine: "Unknown", vmcoreinfo: undefined } as const;
  assert.equal(architectureOf({ ...hints, prstatusBytes: 504 }), ppc64le);
});
