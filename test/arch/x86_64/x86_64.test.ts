import assert from "node:assert/strict";
import { test } from "node:test";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { pagingOf, walked, type Entries } from "../../builders/pageTable.ts";

const ROOT = 0x1000n;
/** Index 0x111 of every level, offset 0xabc. */
const ADDRESS = 0xffff_88c4_6231_1abcn;
const down = { "1888": 0x2063n, "2888": 0x3063n, "3888": 0x4063n };

const rows: readonly [string, readonly string[], bigint, Entries, string][] = [
  [
    "a page of 4 KiB",
    [],
    ADDRESS,
    { ...down, "4888": 0x8000_0000_0765_4163n },
    "PGD 1888, PUD 2888, PMD 3888, PTE 4888 -> 7654abc (4096)",
  ],
  [
    "a page of 2 MiB",
    [],
    ADDRESS,
    { ...down, "3888": 0x8000_0000_4e20_00e3n },
    "PGD 1888, PUD 2888, PMD 3888 -> 4e311abc (2097152)",
  ],
  [
    "a page of 1 GiB",
    [],
    ADDRESS,
    { ...down, "2888": 0x0000_0123_4000_00e3n },
    "PGD 1888, PUD 2888 -> 12362311abc (1073741824)",
  ],
  [
    "the PAT bit of a large page is no address bit",
    [],
    ADDRESS,
    { ...down, "3888": 0x4e20_10e3n },
    "PGD 1888, PUD 2888, PMD 3888 -> 4e311abc (2097152)",
  ],
  ["an empty entry says at which level", [], ADDRESS, { ...down, "3888": 0n }, "unmapped: not mapped (PMD entry 0)"],
  [
    "a swapped page is not mapped",
    [],
    ADDRESS,
    { ...down, "4888": 0x0bff_ffff_ffff_e000n },
    "unmapped: not mapped (PTE entry bffffffffffe000)",
  ],
  [
    "PROT_NONE is mapped, its frame inverted against L1TF",
    [],
    ADDRESS,
    { ...down, "4888": 0x800f_ffff_f89a_b160n },
    "PGD 1888, PUD 2888, PMD 3888, PTE 4888 -> 7654abc (4096)",
  ],
  [
    "a huge page under change has PSE alone, its frame inverted",
    [],
    ADDRESS,
    { ...down, "3888": 0x000f_ffff_b1c0_00e2n },
    "PGD 1888, PUD 2888, PMD 3888 -> 4e311abc (2097152)",
  ],
  [
    "the encryption bit is no address bit",
    ["NUMBER(sme_mask)=140737488355328"],
    ADDRESS,
    { "1888": 0x8000_0000_2063n, "2888": 0x8000_0000_3063n, "3888": 0x8000_0000_4063n, "4888": 0x8000_0765_4163n },
    "PGD 1888, PUD 2888, PMD 3888, PTE 4888 -> 7654abc (4096)",
  ],
  [
    "five levels",
    ["NUMBER(pgtable_l5_enabled)=1"],
    0xff11_0000_0000_1000n,
    { "1888": 0x2063n, "2000": 0x3063n, "3000": 0x4063n, "4000": 0x5063n, "5008": 0x9063n },
    "PGD 1888, P4D 2000, PUD 3000, PMD 4000, PTE 5008 -> 9000 (4096)",
  ],
  ["an address no CPU accepts", [], 0xdead_0000_0000_0100n, {}, "unmapped: not a canonical address"],
  [
    "with five levels more addresses are canonical",
    ["NUMBER(pgtable_l5_enabled)=1"],
    0xff11_0000_0000_0000n,
    { "1888": 0n },
    "unmapped: not mapped (PGD entry 0)",
  ],
  [
    "a table that is not in the dump",
    [],
    ADDRESS,
    { "1888": 0x2063n },
    "missing: cannot translate: PUD entry at physical 2888: page not in dump",
  ],
];

for (const [name, lines, address, entries, expected] of rows) {
  test(`x86_64 walks: ${name}`, () => {
    assert.equal(walked(pagingOf(x86_64, lines), ROOT, address, entries), expected);
  });
}

test("the root table is found by the kernel image's own mapping, below zero too", () => {
  const lines = ["SYMBOL(swapper_pg_dir)=ffffffff9ca10000", "NUMBER(phys_base)=-436207616"];
  assert.equal(pagingOf(x86_64, lines).kernelRoot, 0x2a10000n);
});

test("the dump's header gives phys_base if VMCOREINFO has none", () => {
  const paging = pagingOf(x86_64, ["SYMBOL(swapper_pg_dir)=ffffffff81a10000"], { physBase: 0x1000000n });
  assert.equal(paging.kernelRoot, 0x2a10000n);
});

test("phys_base is computed from a root table that was found", () => {
  const paging = pagingOf(x86_64, ["SYMBOL(swapper_pg_dir)=ffffffff81a10000"], { pageTableRoot: 0x5a10000n });
  assert.equal(paging.facts.get("phys_base"), 0x4000000n);
  assert.equal(paging.linear[0]?.physical, 0x4000000n);
});

test("without VMCOREINFO, five levels are recognized by a CPU's CR4", () => {
  const paging = pagingOf(x86_64, [], { controlRegisters: new Map([["cr4", 1n << 12n]]), pageTableRoot: ROOT });
  assert.equal(paging.facts.get("page table levels"), 5n);
});

test("NT_PRSTATUS is decoded to named registers", () => {
  const desc = new ByteWriter().append(new Uint8Array(32)).u32(4711).append(new Uint8Array(76));
  for (let i = 0; i < 27; i++) desc.u64(0x100 + i);
  const state = x86_64.prstatus(desc.done());
  assert.equal(state?.pid, 4711);
  assert.deepEqual(
    ["r15", "rbp", "rax", "orig_rax", "rip", "cs", "rflags", "rsp", "ss", "gs_base"].map((name) =>
      state?.registers.get(name),
    ),
    [0x100n, 0x104n, 0x10an, 0x10fn, 0x110n, 0x111n, 0x112n, 0x113n, 0x114n, 0x116n],
  );
});

test("a note that is too short is no state", () => {
  assert.equal(x86_64.prstatus(new Uint8Array(200)), undefined);
  assert.equal(x86_64.cpuNote?.("QEMU", 0, new Uint8Array(100)), undefined);
});

test("QEMU's own note gives control registers and segment bases", () => {
  const desc = new ByteWriter().u32(1).u32(440);
  for (let i = 0; i < 18; i++) desc.u64(i);
  for (let i = 0; i < 10; i++)
    desc
      .u32(0x10 + i)
      .u32(0xffff)
      .u32(0)
      .u32(0)
      .u64(0xffff_0000 + i);
  for (const value of [0x80050033n, 0n, 0x7fff1000n, 0x57f0801n, 0x6f0n, 0n]) desc.u64(value);
  const state = x86_64.cpuNote?.("QEMU", 0, desc.done());
  assert.equal(state?.pageTableRoot, 0x57f0000n);
  assert.equal(state.registers.get("cr2"), 0x7fff1000n);
  assert.equal(state.registers.get("cr4"), 0x6f0n);
  assert.equal(state.registers.get("gs_base"), 0xffff_0004n);
  assert.equal(state.registers.get("rip"), 16n);
});

test("registers are found in pt_regs under the kernel's names", () => {
  assert.deepEqual(
    ["rip", "rsp", "rflags", "rax", "r8", "r15", "orig_rax", "cs", "ss"].map((name) => x86_64.ptRegs.get(name)),
    ["ip", "sp", "flags", "ax", "r8", "r15", "orig_ax", "cs", "ss"],
  );
});

test("DWARF numbers follow the psABI", () => {
  assert.deepEqual(
    [0, 1, 4, 6, 7, 8, 16, 17, 49, 58].map((number) => x86_64.dwarfRegisters[number]),
    ["rax", "rdx", "rsi", "rbp", "rsp", "r8", "rip", undefined, "rflags", "fs_base"],
  );
});

test("code that calls one of some functions is found by the bytes of the call", () => {
  const code = Uint8Array.of(0x90, 0xe8, 0x0a, 0, 0, 0, 0xc3);
  // From 0x1001 on, five bytes and ten further.
  assert.equal(x86_64.mayCall?.(code, 0x1000n, new Set([0x1010n])), true);
  assert.equal(x86_64.mayCall?.(code, 0x1000n, new Set([0x1011n])), false);
});
