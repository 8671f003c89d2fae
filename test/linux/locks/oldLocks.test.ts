/** The state of locks in kernels that record less than the newest. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { gracePeriodState } from "../../../src/linux/locks/gracePeriod.ts";
import { mutexState } from "../../../src/linux/locks/mutex.ts";
import { rpcWait } from "../../../src/linux/locks/rpc.ts";
import { toyKernel, type ToyValue } from "../../builders/kernel.ts";

const LOCK = 0xffff_8880_3000_0000n;
const OWNER = LOCK + 0x1000n;

function oldMutex(members: string, value: ToyValue) {
  const types = `typedef struct { int counter; } atomic_t; struct mutex { atomic_t count; ${members} };`;
  const { holders, isFree, note, fields } = mutexState(
    toyKernel({ types, memory: [["struct mutex", LOCK, value]] }),
    LOCK,
  );
  return { holders: holders.map(({ task }) => task), isFree, note, read: fields.map(({ path }) => path) };
}

test("before v4.10 the owner of a mutex is a plain pointer, and only members that exist count as read", () => {
  const owner = "struct task_struct *owner;";
  assert.deepEqual(oldMutex(owner, { count: { counter: 0 }, owner: OWNER }), {
    holders: [OWNER],
    isFree: undefined,
    note: undefined,
    read: ["count.counter", "owner"],
  });
  assert.match(oldMutex(owner, { count: { counter: 0 } }).note ?? "", /its owner is not recorded/);
  const without = oldMutex("", { count: { counter: 0 } });
  assert.match(without.note ?? "", /this kernel does not record the owner/);
  assert.deepEqual(without.read, ["count.counter"]);
  assert.equal(oldMutex("", { count: { counter: 1 } }).isFree, true);
});

test("where RCU-sched is a flavor of its own, its grace period is that of rcu_sched_state", () => {
  const types = `struct rcu_state { unsigned long gp_seq; };
    struct rcu_state rcu_preempt_state; struct rcu_state rcu_sched_state;`;
  const symbols = { rcu_preempt_state: LOCK, rcu_sched_state: LOCK + 0x100n };
  const kernel = toyKernel({
    types,
    symbols,
    memory: [
      ["rcu_preempt_state", {}],
      ["rcu_sched_state", {}],
    ],
  });
  assert.equal(gracePeriodState(kernel).resource?.address, LOCK);
  assert.equal(gracePeriodState(kernel, true).resource?.address, LOCK + 0x100n);
});

test("an RPC whose procedure has no name calls the NULL procedure; one whose procedure cannot be read does not", () => {
  const types = `struct rpc_program { const char *name; };
    struct rpc_procinfo { const char *p_name; };
    struct rpc_message { struct rpc_procinfo *rpc_proc; };
    struct rpc_clnt { struct rpc_program *cl_program; void *cl_xprt; };
    struct rpc_task { unsigned long tk_runstate; int tk_status; unsigned char tk_timeouts;
      struct rpc_clnt *tk_client; struct rpc_message tk_msg; };`;
  const of = (rpc_proc: bigint) => {
    const kernel = toyKernel({
      types,
      memory: [
        ["struct rpc_task", LOCK, { tk_client: LOCK + 0x100n, tk_msg: { rpc_proc } }],
        ["struct rpc_clnt", LOCK + 0x100n, { cl_program: LOCK + 0x200n }],
        ["struct rpc_program", LOCK + 0x200n, { name: "nfs" }],
        ["struct rpc_procinfo", LOCK + 0x300n, {}],
        ["struct rpc_procinfo", LOCK + 0x400n, { p_name: "READ" }],
      ],
    });
    return rpcWait(kernel, LOCK).resource?.phrase;
  };
  assert.equal(of(LOCK + 0x300n), "the reply to nfs NULL");
  assert.equal(of(LOCK + 0x400n), "the reply to nfs READ");
  assert.equal(of(LOCK + 0x80_0000n), "the reply to nfs call");
});
