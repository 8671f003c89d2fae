import assert from "node:assert/strict";
import { test } from "node:test";
import { glance } from "../../../src/adapter/values/glance.ts";
import { lockTypes, sleepingKernel } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";

const LOCK = 0xffff_8880_3000_0000n;

test("the address of a lock is described with who holds the lock", () => {
  const kernel = sleepingKernel({
    sleepers: [],
    tasks: [{ pid: 7, comm: "owner" }],
    types: `${lockTypes} struct mutex shelf_lock;`,
    symbols: { shelf_lock: { address: LOCK, size: 32, type: "d" } },
    memory: [["struct mutex", LOCK, { owner: { counter: taskAddress(7) } }]],
  });
  assert.equal(glance(kernel, LOCK), "<shelf_lock>, held by owner [7]");
  assert.equal(glance(kernel, LOCK + 8n), "<shelf_lock+0x8>");
});
