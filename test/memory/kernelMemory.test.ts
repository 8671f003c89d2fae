import assert from "node:assert/strict";
import { test } from "node:test";
import { x86_64 } from "../../src/arch/x86_64/x86_64.ts";
import { arm } from "../../src/arch/arm/arm.ts";
import { arm64 } from "../../src/arch/arm64/arm64.ts";
import { attempt, Fault } from "../../src/base/fault.ts";
import { DumpKernelMemory } from "../../src/memory/kernelMemory.ts";
import { DumpMemory } from "../../src/memory/physicalMemory.ts";
import { dumpOf, Machine } from "../builders/machine.ts";
import { pagingOf } from "../builders/pageTable.ts";

const BASE = 0xffff_8880_0000_0000n;
const PAGE = 4096n;

/** A kernel with some pages in a row: "one", "two", then one excluded from the dump, then none mapped. */
function toyKernel(): { memory: DumpKernelMemory; machine: Machine; root: bigint } {
  const machine = new Machine();
  const root = machine.table();
  machine.map(root, BASE, 0x5000n);
  machine.map(root, BASE + PAGE, 0x3000n);
  machine.map(root, BASE + 2n * PAGE, 0x9000n);
  machine.put(
    0x5000n,
    Uint8Array.from({ length: 4096 }, (_, i) => i & 0xff),
  );
  machine.put(
    0x3000n,
    Uint8Array.from({ length: 4096 }, (_, i) => 0xff - (i & 0xff)),
  );
  return { memory: kernelOf(machine, root), machine, root };
}

/** The machine as it is now. */
const kernelOf = (machine: Machine, root: bigint): DumpKernelMemory =>
  new DumpKernelMemory(new DumpMemory(machine.image(), x86_64), pagingOf(x86_64, [], { pageTableRoot: root }));

const said = (read: () => unknown): string => {
  const result = attempt(read);
  return result instanceof Fault
    ? `${result.kind} at ${result.address?.toString(16)}: ${result.message}`
    : String(result);
};

test("integers are read across pages that are not contiguous in memory", () => {
  const { memory } = toyKernel();
  assert.equal(memory.u8(BASE + 5n), 5);
  assert.equal(memory.u16(BASE + 2n), 0x0302);
  assert.equal(memory.u32(BASE + 4n), 0x07060504);
  assert.equal(memory.u64(BASE + 8n), 0x0f0e0d0c0b0a0908n);
  assert.equal(memory.word(BASE + 8n), 0x0f0e0d0c0b0a0908n);
});

test("integers that cross into the next page are read whole", () => {
  const { memory } = toyKernel();
  assert.equal(memory.u16(BASE + PAGE - 1n), 0xffff);
  assert.equal(memory.u32(BASE + PAGE - 2n), 0xfefffffe);
  assert.equal(memory.u64(BASE + PAGE - 4n), 0xfcfdfefffffefdfcn);
});

test("a big-endian target's integers are big-endian, across pages too", () => {
  const pages = new Map([0, 1].map((pfn) => [pfn, Uint8Array.from({ length: 4096 }, (_, i) => i & 0xff)]));
  const physical = new DumpMemory(dumpOf(pages, { byteOrder: "big" }), { byteOrder: "big", wordSize: 4 });
  assert.equal(physical.u32(0x10n), 0x10111213);
  assert.equal(physical.u16(0xfffn), 0xff00);
  assert.equal(physical.u64(0xffcn), 0xfcfdfeff00010203n);
  assert.equal(physical.word(0x10n), 0x10111213n);
});

test("page returns the rest of a page", () => {
  const { memory } = toyKernel();
  const rest = memory.page(BASE + PAGE - 3n);
  assert.deepEqual(rest instanceof Fault ? rest : [...rest], [0xfd, 0xfe, 0xff]);
});

test("a fault names the first byte that is not there, and why", () => {
  const { memory } = toyKernel();
  assert.equal(
    said(() => memory.u32(BASE + 2n * PAGE + 8n)),
    `excluded at ffff888000002008: page excluded from dump`,
  );
  assert.equal(
    said(() => memory.read(BASE, 3 * 4096)),
    `excluded at ffff888000002000: page excluded from dump`,
  );
  assert.equal(
    said(() => memory.u64(BASE + 2n * PAGE - 4n)),
    `excluded at ffff888000002000: page excluded from dump`,
  );
  assert.equal(
    said(() => memory.u8(BASE + 3n * PAGE + 1n)),
    `unmapped at ffff888000003001: not mapped (PTE entry 0)`,
  );
  assert.equal(
    said(() => memory.u8(0x1000n)),
    `unmapped at 1000: not a kernel address`,
  );
});

test("a fault is not cached, and is the same each time", () => {
  const { memory } = toyKernel();
  const ask = (): string => said(() => memory.u8(BASE + 2n * PAGE));
  assert.equal(ask(), ask());
});

test("an unreasonable size is refused before memory is allocated", () => {
  const { memory } = toyKernel();
  for (const size of [-1, NaN, 2 ** 40])
    assert.match(
      said(() => memory.read(BASE, size)),
      /corrupt.*bytes is not possible/,
    );
  assert.equal(memory.read(BASE, 0).length, 0);
});

test("text ends at its NUL or at the limit, or is a fault where memory ends", () => {
  const { memory, machine } = toyKernel();
  machine.put(0x5ff0n, "a text that runs");
  machine.put(0x3000n, " across two pages\0");
  assert.equal(memory.cString(BASE + 0xff0n), "a text that runs across two pages");
  assert.equal(memory.cString(BASE + 0xff0n, 6), "a text");
  machine.put(0x3ffcn, "long");
  assert.equal(
    said(() => memory.cString(BASE + PAGE + 0xffcn)),
    "excluded at ffff888000002000: page excluded from dump",
  );
});

test("addresses that share a place in the cache do not share pages", () => {
  const machine = new Machine();
  const root = machine.table();
  const far = [0n, 1n << 22n, 1n << 32n, 1n << 40n].map((distance) => BASE + distance);
  far.forEach((address, index) => {
    machine.map(root, address, BigInt(0x5000 + index * 4096));
    machine.put(BigInt(0x5000 + index * 4096), Uint8Array.of(index + 1));
  });
  const memory = kernelOf(machine, root);
  for (let round = 0; round < 3; round++) {
    assert.deepEqual(
      far.map((address) => memory.u8(address)),
      [1, 2, 3, 4],
    );
  }
});

test("neighbours on a large page are translated alike", () => {
  const machine = new Machine(0x40_0000n);
  const root = machine.table();
  machine.map(root, BASE, 0x20_0000n, 2097152);
  for (let i = 0; i < 512; i += 511) machine.put(0x20_0000n + BigInt(i) * PAGE, Uint8Array.of(i & 0xff));
  const memory = kernelOf(machine, root);
  assert.equal(memory.u8(BASE), 0);
  assert.equal(memory.u8(BASE + 511n * PAGE), 255);
  assert.match(
    said(() => memory.u8(BASE + 512n * PAGE)),
    /^unmapped/,
  );
  assert.match(
    said(() => memory.u8(BASE - PAGE)),
    /^unmapped/,
  );
});

test("a dump of larger pages than the kernel's is read in the kernel's", () => {
  const small = new Machine();
  const root = small.table();
  small.map(root, BASE, 0x5000n);
  small.map(root, BASE + PAGE, 0x3000n);
  small.put(0x5000n, "five");
  small.put(0x3000n, "three");
  const large = new Map<number, Uint8Array>();
  for (const [pfn, bytes] of small.pages) {
    const page = large.get(pfn >> 4) ?? new Uint8Array(65536);
    page.set(bytes, (pfn & 15) * 4096);
    large.set(pfn >> 4, page);
  }
  const physical = new DumpMemory(dumpOf(large, { pageSize: 65536 }), x86_64);
  const memory = new DumpKernelMemory(physical, pagingOf(x86_64, [], { pageTableRoot: root }));
  assert.equal(memory.cString(BASE), "five");
  assert.equal(memory.cString(BASE + PAGE), "three");
});

test("read-only pages that the dump leaves out are read from the vmlinux", () => {
  const { memory } = toyKernel();
  const excluded = BASE + 2n * PAGE;
  assert.match(
    said(() => memory.u8(excluded)),
    /^excluded/,
  );
  const asked: bigint[] = [];
  memory.setFallback((address, length) => {
    asked.push(address);
    return new Uint8Array(length).fill(0x90);
  });
  assert.equal(memory.u8(excluded + 7n), 0x90);
  assert.equal(memory.u8(BASE + 5n), 5);
  assert.match(
    said(() => memory.u8(BASE + 3n * PAGE)),
    /^unmapped/,
  );
  assert.deepEqual(asked, [excluded]);
});

test("a vmlinux that has only part of a page is not used for it", () => {
  const { memory } = toyKernel();
  memory.setFallback(() => new Uint8Array(100));
  assert.match(
    said(() => memory.u8(BASE + 2n * PAGE)),
    /^excluded/,
  );
  memory.setFallback(() => undefined);
  assert.match(
    said(() => memory.u8(BASE + 2n * PAGE)),
    /^excluded/,
  );
});

test("the linear range of the kernel image is used only if a table is not in the dump", () => {
  const machine = new Machine();
  const root = machine.table();
  machine.put(0x5000n, "text");
  const image = machine.image();
  const lines = ["SYMBOL(_stext)=ffffffff81000000", "NUMBER(phys_base)=-16756736"];
  const linked = 0xffffffff81000000n;
  const lost = new DumpKernelMemory(
    new DumpMemory(image, x86_64),
    pagingOf(x86_64, lines, { pageTableRoot: 0x77000n }),
  );
  assert.equal(lost.cString(linked), "text");
  assert.match(
    said(() => lost.u8(BASE)),
    /^excluded.*cannot translate: PGD entry/,
  );
  const there = new DumpKernelMemory(new DumpMemory(image, x86_64), pagingOf(x86_64, lines, { pageTableRoot: root }));
  assert.match(
    said(() => there.u8(linked)),
    /^unmapped/,
  );
});

test("a task's addresses are translated by its page tables", () => {
  const { machine, root } = toyKernel();
  const pgd = machine.table();
  machine.map(root, BASE + 16n * PAGE, pgd);
  machine.map(pgd, 0x40_0000n, 0x7000n);
  machine.put(0x7000n, "user");
  const memory = kernelOf(machine, root);
  const user = memory.user(BASE + 16n * PAGE, "user of pid 1");
  assert.equal(user.name, "user of pid 1");
  assert.equal(user.cString(0x40_0000n), "user");
  assert.match(
    said(() => user.u8(0x40_1000n)),
    /^unmapped at 401000/,
  );
  assert.match(
    said(() => user.u8(BASE)),
    /not a user address/,
  );
});

test("for a task without page tables, reading memory reports the reason", () => {
  const { memory } = toyKernel();
  const user = memory.user(BASE + 77n * PAGE, "user of pid 2");
  assert.match(
    said(() => user.u8(0x40_0000n)),
    /^unmapped at 400000: page tables of the task: not mapped/,
  );
});

test("arm64: a user address is never looked up in the kernel's tables, nor the other way round", () => {
  const paging = pagingOf(arm64, ["NUMBER(VA_BITS)=39"], { pageTableRoot: 0x1000n });
  const memory = new DumpKernelMemory(new DumpMemory(dumpOf(new Map([[1, new Uint8Array(4096)]])), x86_64), paging);
  assert.match(
    said(() => memory.u8(0x1000n)),
    /not a kernel address/,
  );
  assert.match(
    said(() => memory.user(0xffff_ffc0_0000_0000n, "user").u8(0xffff_ffc0_0000_0000n)),
    /unmapped/,
  );
});

test("physical memory iterates over the pages in the dump", () => {
  const pages = new Map([3, 4, 9].map((pfn) => [pfn, new Uint8Array(4096)]));
  const physical = new DumpMemory(dumpOf(pages), x86_64);
  assert.deepEqual(
    [0n, 0x3000n, 0x3001n, 0x4001n, 0x9001n].map((at) => physical.next(at)),
    [0x3000n, 0x3000n, 0x4000n, 0x9000n, undefined],
  );
  assert.equal(physical.end, 0xa000n);
  assert.match(
    said(() => physical.u8(0xa000n)),
    /^missing at a000/,
  );
});

test("physical memory whose page frames have another origin keeps its addresses", () => {
  const pages = new Map([[1, new Uint8Array(4096).fill(7)]]);
  const physical = new DumpMemory(dumpOf(pages), arm, 0x4000_0000n);
  assert.equal(physical.u8(0x4000_1000n), 7);
  assert.equal(physical.next(0n), 0x4000_1000n);
  assert.equal(physical.end, 0x4000_2000n);
  assert.match(
    said(() => physical.u8(0x1000n)),
    /^missing at 1000/,
  );
});
