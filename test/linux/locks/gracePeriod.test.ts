/** What an RCU grace period waits for. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gracePeriodState } from "../../../src/linux/locks/gracePeriod.ts";
import { toyKernel } from "../../builders/kernel.ts";

const STATE = 0xffff_8880_3000_0000n;
const THREAD = STATE + 0x1000n;

/** The state of a grace period with one leaf node, whose own sequence number and CPUs are given. */
function stateOf(leaf: { readonly gp_seq: number; readonly qsmask: number }) {
  const types = `struct task_struct { int pid; };
    struct rcu_node { unsigned long gp_seq, qsmask; unsigned char level; int grplo, grphi; };
    struct rcu_state { struct rcu_node node[1]; unsigned long gp_seq; struct task_struct *gp_kthread; };
    struct rcu_state rcu_state; int rcu_num_nodes; int rcu_num_lvls;`;
  const kernel = toyKernel({
    types,
    symbols: { rcu_state: STATE, rcu_num_nodes: STATE + 0x800n, rcu_num_lvls: STATE + 0x808n },
    memory: [
      ["rcu_state", { node: [leaf], gp_seq: 9, gp_kthread: THREAD }],
      ["rcu_num_nodes", 1],
      ["rcu_num_lvls", 1],
    ],
  });
  const { note, holders } = gracePeriodState(kernel).state ?? {};
  return { note, how: holders?.map(({ how }) => how) };
}

test("a grace period whose nodes have no CPU left waits for its kthread, because every CPU reported", () => {
  assert.deepEqual(stateOf({ gp_seq: 9, qsmask: 0 }), {
    note: "every CPU reported a quiescent state",
    how: ["the grace-period kthread, which has to continue because every CPU has reported"],
  });
});

test("a CPU whose node does not have the new grace period yet is not said to have reported", () => {
  assert.deepEqual(stateOf({ gp_seq: 4, qsmask: 0 }), {
    note: "the grace period has not been started for every CPU yet",
    how: ["the grace-period kthread, which has to continue because it has not started the grace period for every CPU"],
  });
});
