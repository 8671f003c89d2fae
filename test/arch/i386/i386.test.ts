import assert from "node:assert/strict";
import { test } from "node:test";
import { returnAddressAt } from "../../../src/arch/i386/frame.ts";
import { i386 } from "../../../src/arch/i386/i386.ts";
import { ByteWriter } from "../../builders/byteWriter.ts";
import { type Entries, pagingOf, walked } from "../../builders/pageTable.ts";

const PAE = ["CONFIG_X86_PAE=y"];
const ROOT = 0x1e98000n;

const rows: readonly [string, readonly string[], bigint, Entries, string][] = [
  [
    "PAE, from a real dump",
    PAE,
    0xd09fe4c0n,
    { "1e98018": 0x1e94021n, "1e94420": 0x2d55067n, "2d55ff0": 0x800000000354c163n },
    "PGD 1e98018, PMD 1e94420, PTE 2d55ff0 -> 354c4c0 (4096)",
  ],
  [
    "PAE: a page of 2 MiB above 4 GiB",
    PAE,
    0xc215d200n,
    { "1e98018": 0x1e94021n, "1e94080": 0x80000009020001e3n },
    "PGD 1e98018, PMD 1e94080 -> 90215d200 (2097152)",
  ],
  [
    "PAE: the frame number of a PROT_NONE page is inverted",
    PAE,
    0x1000n,
    { "1e98000": 0x2000001n, "2000000": 0x2001067n, "2001008": 0x000ffffffaaaa100n },
    "PGD 1e98000, PMD 2000000, PTE 2001008 -> 5555000 (4096)",
  ],
  [
    "two levels",
    [],
    0xc0001abcn,
    { "1e98c00": 0x2000063n, "2000004": 0x3000063n },
    "PGD 1e98c00, PTE 2000004 -> 3000abc (4096)",
  ],
  [
    "a page of 4 MiB, with address bits 39:32 in the entry",
    [],
    0xc0123456n,
    { "1e98c00": 0x004021e3n },
    "PGD 1e98c00 -> 100523456 (4194304)",
  ],
  ["nothing mapped", [], 0x1000n, { "1e98000": 0n }, "unmapped: not mapped (PGD entry 0)"],
  ["more than 32 bits", [], 0x100001000n, {}, "unmapped: not a 32-bit address"],
];

for (const [what, lines, address, entries, expected] of rows) {
  test(`${what} is translated`, () => {
    assert.equal(walked(pagingOf(i386, lines), ROOT, address, entries), expected);
  });
}

test("the root table is in the direct map", () => {
  assert.equal(pagingOf(i386, ["SYMBOL(swapper_pg_dir)=c1e98000"]).kernelRoot, 0x1e98000n);
  assert.equal(pagingOf(i386, ["SYMBOL(swapper_pg_dir)=81e98000"]).kernelRoot, 0x1e98000n);
});

test("a CPU's note has the registers in the order of user_regs_struct", () => {
  const desc = new ByteWriter().append(new Uint8Array(24)).u32(7).append(new Uint8Array(44));
  for (let value = 1; value <= 18; value++) desc.u32(value);
  assert.equal(desc.length, i386.prstatusBytes);
  const state = i386.prstatus(desc.done());
  assert.equal(state?.pid, 7);
  for (const [name, value] of [
    ["ebx", 1n],
    ["ebp", 6n],
    ["eip", 13n],
    ["cs", 14n],
    ["esp", 16n],
  ] as const)
    assert.equal(state?.registers.get(name), value, name);
});

const NOP = [0x3e, 0x8d, 0x74, 0x26, 0x00];
const at = (code: readonly number[], next: readonly number[] = []): number | "frame" | undefined =>
  returnAddressAt(Uint8Array.from(code), Uint8Array.from(next));

test("the return address is found before, in and after the instructions that make a frame", () => {
  assert.equal(at(NOP, [0x55, 0x89]), 0);
  assert.equal(at([...NOP, 0x55], [0x89, 0xe5]), 4);
  assert.equal(at([...NOP, 0x55, 0x89, 0xe5], [0x57, 0x56]), "frame");
  assert.equal(at([...NOP, 0x55, 0x89, 0xe5, 0x57]), "frame");
  assert.equal(at([...NOP, 0x55, 0x89, 0xe5, 0x90], [0x5d, 0xc3]), 4);
  assert.equal(at([...NOP, 0x55, 0x89, 0xe5, 0x90, 0x5d], [0xc3, 0x90]), 0);
  assert.equal(at([0x31, 0xc0], [0x90, 0x90]), undefined);
});

test("an exception is named by the function that entry code called", () => {
  const named = ["handle_exception", "exc_page_fault", "sysvec_apic_timer_interrupt", "entry_INT80_32", "exc_int3"].map((name) => i386.trapName(name)); // prettier-ignore
  assert.deepEqual(named, [undefined, "page fault", "interrupt", "system call", "breakpoint"]);
});

test("entry code marks saved registers by a frame pointer without its highest bit", () => {
  assert.equal(i386.encodedRegisters?.(0x411ffb0n), 0x8411ffb0n);
  assert.equal(i386.encodedRegisters?.(0xc411ffb0n), undefined);
  assert.equal(i386.encodedRegisters?.(0n), undefined);
});
