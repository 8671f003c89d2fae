import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { depotStack } from "../../../src/linux/mm/stackDepot.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";

const POOLS = 0xffffffff82000000n;
const ARRAY = 0xffff888000010000n;
const POOL = 0xffff888000020000n;
const HANDLE = 0xffff888000030000n;
const OFFSET = 5n;

interface Layout {
  readonly parts: string;
  readonly record: string;
  readonly array: string;
  /** Number of the second pool in a handle. */
  readonly index: bigint;
}

const BEFORE_6_3: Layout = {
  parts: "unsigned slabindex:16; unsigned offset:10; unsigned valid:1; unsigned extra:5;",
  record: "struct stack_record *next; unsigned hash; unsigned size;",
  array: "stack_slabs",
  index: 1n,
};
const SINCE_6_9: Layout = {
  parts: "unsigned pool_index_plus_1:17; unsigned offset:10; unsigned extra:5;",
  record: "unsigned long hash_list[2]; unsigned hash; unsigned size;",
  array: "stack_pools",
  index: 2n,
};

/** A depot whose second pool has one stack of two frames. */
function depot({ parts, record, array, index }: Layout, isAllocated = false, own = index): ToyKernel {
  const bits = parts.startsWith("unsigned slabindex") ? 16n : 17n;
  const handle = (of: bigint): number => Number(of | (OFFSET << bits));
  const kernel = toyKernel({
    types: `typedef unsigned depot_stack_handle_t;
      union handle_parts { depot_stack_handle_t handle; struct { ${parts} }; };
      struct stack_record { ${record} union handle_parts handle; unsigned count; unsigned long entries[4]; };`,
    symbols: { [array]: POOLS, ...(isAllocated ? { stack_max_pools: POOLS + 0x800n } : {}) },
  });
  if (isAllocated) kernel.put("unsigned long", POOLS, ARRAY);
  kernel.put("unsigned long [2]", isAllocated ? ARRAY : POOLS, [0n, POOL]);
  kernel.put("struct stack_record", POOL + OFFSET * 16n, {
    size: 2,
    handle: { handle: handle(own) },
    entries: [0x1111n, 0x2222n, 0n, 0n],
  });
  kernel.put("depot_stack_handle_t", HANDLE, handle(index));
  return kernel;
}

const stackOf = (kernel: ToyKernel): readonly bigint[] | Fault =>
  attempt(() => depotStack(kernel, kernel.object("depot_stack_handle_t", HANDLE)));

test("a handle leads to its stack, in the layouts before v6.3 and since v6.9", () => {
  for (const layout of [BEFORE_6_3, SINCE_6_9]) assert.deepEqual(stackOf(depot(layout)), [0x1111n, 0x2222n]);
});

test("the array of pools is followed where it is allocated at boot", () => {
  assert.deepEqual(stackOf(depot(SINCE_6_9, true)), [0x1111n, 0x2222n]);
});

test("a record with another handle is not the stack", () => {
  const stack = stackOf(depot(SINCE_6_9, false, 3n));
  assert.equal(stack instanceof Fault && stack.kind, "corrupt");
});

test("an empty handle has no stack", () => {
  const kernel = depot(SINCE_6_9);
  kernel.put("depot_stack_handle_t", HANDLE, 0);
  assert.deepEqual(stackOf(kernel), []);
});
