import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { toEnd } from "../../../src/base/job.ts";
import { pagesByStack } from "../../../src/linux/mm/pagesByStack.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";

const ROOTS = 0xffff888000000000n;
const SECTION = 0xffff888000001000n;
const RECORDS = 0xffff888000100000n;
const POOL = 0xffff888000020000n;
const GLOBALS = 0xffffffff82000000n;
const SIZE = 24n;
const ALLOCATED = 1 << 2;

/** A section of 4096 pages, of which some have records; the handle of stack `n` is at offset `n` of the first pool. */
function machine(
  records: readonly (readonly [page: number, flags: number, stack: bigint])[],
  base = RECORDS,
): ToyKernel {
  const handle = (stack: bigint): number => Number(1n | (stack << 17n));
  const record = (stack: bigint, ...entries: bigint[]) =>
    ["struct stack_record", POOL + stack * 16n, { size: entries.length, handle: { handle: handle(stack) }, entries }] as const; // prettier-ignore
  const kernel = toyKernel({
    types: `typedef unsigned depot_stack_handle_t;
      union handle_parts { depot_stack_handle_t handle; struct { unsigned pool_index_plus_1:17; unsigned offset:10; unsigned extra:5; }; };
      struct stack_record { unsigned long list[2]; unsigned hash; unsigned size; union handle_parts handle; unsigned count; unsigned long entries[2]; };
      struct page_ext { unsigned long flags; };
      enum page_ext_flags { PAGE_EXT_OWNER = 1, PAGE_EXT_OWNER_ALLOCATED };
      struct page_ext_operations { unsigned long offset; unsigned long size; };
      struct page_owner { unsigned short order; short reason; depot_stack_handle_t handle; };
      struct mem_section { unsigned long section_mem_map; void *usage; struct page_ext *page_ext; unsigned long pad; };`,
    symbols: {
      stack_pools: GLOBALS,
      page_ext_size: GLOBALS + 8n,
      page_owner_ops: GLOBALS + 16n,
      mem_section: ROOTS,
    },
    vmcoreinfo: { PAGESIZE: "4096", "SYMBOL(mem_section)": ROOTS.toString(16), "LENGTH(mem_section)": "1", "NUMBER(SECTION_SIZE_BITS)": "24" }, // prettier-ignore
    memory: [
      ["unsigned long", GLOBALS, POOL],
      ["unsigned long", GLOBALS + 8n, SIZE],
      ["struct page_ext_operations", GLOBALS + 16n, { offset: 8, size: 16 }],
      ["unsigned long", ROOTS, SECTION],
      ["unsigned char [4096]", SECTION, []],
      ["struct mem_section", SECTION, { section_mem_map: 3n, page_ext: base }],
      ["unsigned char [98304]", RECORDS, []],
      record(1n, 0x1111n, 0x2222n),
      record(8n, 0x3333n),
    ],
  });
  for (const [page, flags, stack] of records) {
    const at = RECORDS + BigInt(page) * SIZE;
    kernel.put("struct page_ext", at, { flags });
    kernel.put("struct page_owner", at + 8n, { handle: handle(stack) });
  }
  return kernel;
}

const counted = (kernel: ToyKernel) => attempt(() => toEnd(pagesByStack(kernel)));

test("the pages in use are counted by the stack that allocated them, the most first", () => {
  const kernel = machine([
    [0, ALLOCATED, 1n],
    [1, ALLOCATED, 8n],
    [2000, ALLOCATED | 2, 8n],
  ]);
  assert.deepEqual(counted(kernel), [
    { stack: [0x3333n], pages: 2 },
    { stack: [0x1111n, 0x2222n], pages: 1 },
  ]);
});

test("a page that was freed is not counted", () => {
  const kernel = machine([
    [0, ALLOCATED, 1n],
    [1, 2, 8n],
  ]);
  assert.deepEqual(counted(kernel), [{ stack: [0x1111n, 0x2222n], pages: 1 }]);
});

test("without the boot option page_owner has no records", () => {
  const found = counted(machine([], 0n));
  assert.equal(found instanceof Fault && found.kind, "unknown");
});
