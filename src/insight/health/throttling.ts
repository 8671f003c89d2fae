/** Checks whether the scheduler holds back queues that used up their time. */
import { cpuList, cpusInUse } from "../../kernel/cpumask.ts";
import { childGroups, isThrottled, runqueue, taskGroupName } from "../../linux/sched/runqueue.ts";
import { logLines } from "../../linux/printk/printk.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";

/** Maximum number of task groups that are examined. */
const MAX_GROUPS = 1 << 16;

/** Reports real-time queues and groups with a CPU quota whose tasks may not run at the moment. */
export const throttling: HealthCheck = {
  id: "throttling",
  title: "throttled run queues",
  shows: "runq -g",
  *run(kernel) {
    const cpus = cpusInUse(kernel);
    const realTime = cpus.filter((cpu) => isThrottled(runqueue(kernel, cpu).at("rt")));
    if (realTime.length > 0)
      yield observed(
        "throttling",
        "suspect",
        { class: "rt", cpus: realTime },
        [
          `Real-time tasks used up their share of CPU ${cpuList(realTime)} (sched_rt_runtime_us) and may not run until the next period.`,
        ],
        { kind: "output", command: "runq -g", text: `rt_rq.rt_throttled of CPU ${cpuList(realTime)}` },
      );
    const line = logLines(kernel).findIndex(({ text }) => text.includes("RT throttling activated"));
    if (line >= 0)
      yield observed(
        "throttling",
        "note",
        { class: "rt" },
        ["Real-time tasks were throttled at least once: they used up their share of a period (sched_rt_runtime_us)."],
        { kind: "log", line, text: logLines(kernel)[line]?.text ?? "" },
      );
    yield* throttledGroups(kernel, cpus);
    return "No run queue is throttled.";
  },
};

function* throttledGroups(kernel: Kernel, cpus: readonly number[]) {
  const pending: Obj<"struct task_group">[] = [kernel.variable("root_task_group")];
  let done = 0;
  for (const group of pending) {
    if (++done > MAX_GROUPS) return;
    if (done % 64 === 0) yield pause("task groups");
    pending.push(...childGroups(group));
    // RUNTIME_INF (kernel/sched/sched.h) means no quota.
    if (!group.has("cfs_bandwidth.quota") || BigInt.asIntN(64, group.at("cfs_bandwidth.quota").value()) === -1n)
      continue;
    const held = cpus.filter((cpu) => isThrottled(group.at("cfs_rq").index(cpu).deref()));
    if (held.length === 0) continue;
    const name = taskGroupName(group) ?? "(no name)";
    yield observed(
      "throttling",
      "note",
      { class: "fair", group: name, cpus: held },
      [`The cgroup ${name} used up its CPU quota; its tasks on CPU ${cpuList(held)} wait for the next period.`],
      { kind: "field", type: "struct task_group", address: group.address, path: "cfs_bandwidth", value: "throttled" },
    );
  }
}
