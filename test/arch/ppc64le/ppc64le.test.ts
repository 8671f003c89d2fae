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

test("hash page tables are not read, and this is said", () => {
  const paging = pagingOf(ppc64le, ["NUMBER(RADIX_MMU)=0"]);
  assert.match(walked(paging, ROOT, 0xc008000000000000n, {}), /^unknown: .*hash page tables are not read/);
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
