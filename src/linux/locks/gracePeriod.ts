/** RCU grace periods. */
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import { listNodes, memberOffset } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { cpuTask } from "../sched/cpu.ts";
import type { Found, Holder, ReadField } from "./resource.ts";

/** kernel/rcu/rcu.h: RCU_SEQ_STATE_MASK; nonzero during a grace period. */
const RCU_SEQ_STATE_MASK = 3n;
/** Maximum number of nodes of the tree: 65536 CPUs, 16 for each leaf. */
const MAX_NODES = 8192;

/**
 * Returns the current RCU grace period and what holds it up: CPUs that have not reported a quiescent state, and tasks
 * that were preempted in a read-side critical section (kernel/rcu/tree.h: struct rcu_node).
 * @param isSched whether it is a grace period of RCU-sched, which before v4.20 is a flavor of its own @throws Fault
 */
export function gracePeriodState(kernel: Kernel, isSched = false): Found {
  const flavors = isSched ? ["rcu_sched_state"] : ["rcu_preempt_state", "rcu_sched_state"];
  const state = ["rcu_state", ...flavors].find((name) => kernel.hasVariable(name));
  if (state === undefined) throw Fault.of("unknown", `no symbol rcu_state or ${flavors.join(" or ")}`);
  const rcu = kernel.variable(state);
  const type = "struct rcu_state";
  const sequence = BigInt.asUintN(64, rcu.at("gp_seq").value());
  const fields: ReadField[] = [{ type, address: rcu.address, path: "gp_seq", value: hex0x(sequence) }];
  const resource = { kind: "grace period", type, address: rcu.address, detail: "RCU" } as const;
  if ((sequence & RCU_SEQ_STATE_MASK) === 0n)
    return { resource, state: { holders: [], note: "no grace period is in progress", fields } };
  const holders: Holder[] = [];
  const cpus: number[] = [];
  let isStarting = false;
  for (const leaf of leaves(kernel, rcu)) {
    // rcu_gp_init() gives each node the sequence number of the new grace period, and with it the CPUs to wait for.
    isStarting ||= leaf.has("gp_seq") && BigInt.asUintN(64, leaf.at("gp_seq").value()) < sequence;
    cpus.push(...silentCpus(leaf));
    holders.push(...blockedReaders(leaf));
  }
  for (const cpu of cpus) {
    const task = attempt(() => cpuTask(kernel, cpu));
    if (task instanceof Fault) continue;
    const how = `runs on CPU ${cpu}, which has not reported a quiescent state`;
    holders.push({ task: task.address, certainty: "possible", how });
  }
  if (holders.length === 0 && cpus.length === 0) holders.push(...gracePeriodThread(rcu, isStarting));
  const note =
    cpus.length > 0
      ? `no quiescent state reported by CPU ${cpus.join(", ")}`
      : isStarting
        ? "the grace period has not been started for every CPU yet"
        : "every CPU reported a quiescent state";
  return { resource, state: { holders, note, fields } };
}

/** Returns the kernel thread that starts and ends grace periods. */
function gracePeriodThread(rcu: Obj<"struct rcu_state">, isStarting: boolean): Holder[] {
  const task = rcu.has("gp_kthread") ? rcu.at("gp_kthread").value() : 0n;
  const why = isStarting ? "it has not started the grace period for every CPU" : "every CPU has reported";
  const how = `the grace-period kthread, which has to continue because ${why}`;
  return task === 0n ? [] : [{ task, certainty: "likely", how }];
}

/** Yields the leaf nodes, which represent CPUs. */
function* leaves(kernel: Kernel, rcu: Obj<"struct rcu_state">): Generator<Obj<"struct rcu_node">> {
  const count = Math.min(kernel.variable("rcu_num_nodes").number(), MAX_NODES);
  const depth = kernel.variable("rcu_num_lvls").number() - 1;
  for (let i = 0; i < count; i++) {
    const node = rcu.at("node").index(i);
    if (node.at("level").number() === depth) yield node;
  }
}

function silentCpus(leaf: Obj<"struct rcu_node">): number[] {
  const mask = BigInt.asUintN(64, leaf.at("qsmask").value());
  const first = leaf.at("grplo").number();
  const cpus: number[] = [];
  for (let bit = 0; bit < 64; bit++) if ((mask >> BigInt(bit)) & 1n) cpus.push(first + bit);
  return cpus;
}

/** Yields the tasks that block the grace period: in `blkd_tasks` from the one to which `gp_tasks` points to the end. */
function* blockedReaders(leaf: Obj<"struct rcu_node">): Generator<Holder> {
  const { kernel } = leaf;
  const first = leaf.has("gp_tasks") ? leaf.at("gp_tasks").value() : 0n;
  if (first === 0n) return;
  const offset = memberOffset(kernel, "struct task_struct", "rcu_node_entry");
  let isBlocking = false;
  for (const node of listNodes(kernel, leaf.at("blkd_tasks").address)) {
    isBlocking ||= node === first;
    if (isBlocking)
      yield {
        task: node - offset,
        certainty: "certain",
        how: "was switched out within an RCU read-side critical section",
      };
  }
}
