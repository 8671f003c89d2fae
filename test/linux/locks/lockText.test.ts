import assert from "node:assert/strict";
import { test } from "node:test";
import { summary } from "../../../src/model/summary.ts";
import { sleepingKernel } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";
import type { ToyValue } from "../../builders/kernel.ts";

const LOCK = 0xffff_8880_3000_0000n;

/** What stands beside a lock wherever it is shown. */
function shown(type: string, value: ToyValue): string | undefined {
  const kernel = sleepingKernel({ sleepers: [], tasks: [{ pid: 7, comm: "owner" }], memory: [[type, LOCK, value]] });
  return summary(kernel.object(type, LOCK));
}

test("a mutex is shown with its owner by name", () => {
  assert.equal(shown("struct mutex", { owner: { counter: taskAddress(7) | 1n } }), "held by owner [7]");
  assert.equal(shown("struct mutex", { owner: { counter: 1n } }), "unlocked");
});

test("a reader-writer semaphore is shown with its writer, or with how many read it", () => {
  const of = (count: bigint, owner: bigint): string | undefined =>
    shown("struct rw_semaphore", { count: { counter: count }, owner: { counter: owner } });
  assert.equal(of(1n, taskAddress(7)), "held by owner [7]");
  assert.equal(of(0n, taskAddress(7) | 1n), "unlocked");
  assert.equal(
    of(0x300n, taskAddress(7) | 1n),
    "possibly held by owner [7]; held by 3 readers, which the lock does not record",
  );
});

test("an exhausted semaphore reports that its holders are not recorded", () => {
  assert.equal(shown("struct semaphore", { count: 1 }), "unlocked");
  assert.equal(shown("struct semaphore", { count: 0 }), "a semaphore does not record who took it");
});
