/** Scheduling policies: `ps -Y`, and the argument of `ps -y`. */
import { UsageError } from "../../../../base/usageError.ts";
import { schedulingPolicy } from "../../../../linux/sched/sched.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { table } from "../../../../render/layout.ts";
import type { Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import { type RowOptions, stackPointerTable, taskTable } from "./rows.ts";

/** SCHED_* of include/uapi/linux/sched.h; OTHER is the POSIX name of NORMAL. */
const POLICIES = ["NORMAL", "FIFO", "RR", "BATCH", "ISO", "IDLE", "DEADLINE", "EXT"];

/** Reads a list of policies: names or numbers, separated by commas. @throws UsageError */
export function parsePolicies(list: string): number[] {
  return list.split(",").map((word) => {
    const name = word.toUpperCase();
    const policy = /^\d$/.test(word) ? Number(word) : name === "OTHER" ? 0 : POLICIES.indexOf(name);
    if (policy < 0 || policy >= POLICIES.length) throw new UsageError(`${word}: invalid scheduling policy`);
    return policy;
  });
}

/** Yields each task with its scheduling policy and its priority, as crash does since July 2026. */
export const tasksPolicies = (kernel: Kernel, tasks: Iterable<Obj>, options: RowOptions): Pieces =>
  table(kernel, policyTable(options), tasks, { heading: options.heading });

/** Returns the table of `ps -Y`. Rows are `struct task_struct`s. */
export function policyTable({
  stackPointer,
  hideOffline,
}: Pick<RowOptions, "stackPointer" | "hideOffline">): Table<Obj> {
  const { mark, columns } = stackPointer ? stackPointerTable(hideOffline) : taskTable(hideOffline);
  const {
    state: _state,
    memPercent: _share,
    vsz: _vsz,
    rss: _rss,
    comm,
    running,
    ...first
  } = columns as Table<Obj>["columns"];
  return {
    ...(mark && { mark }),
    columns: {
      ...first,
      policy: {
        kind: "text",
        title: "POLICY",
        width: 12,
        gap: "  ",
        value: (task) => POLICIES[schedulingPolicy(task)] ?? "UNKNOWN",
      },
      prio: {
        kind: "number",
        title: "PRIO",
        about: "task_struct.prio: 0 to 99 for real-time tasks, 100 to 139 for others, -1 for deadline tasks",
        width: 4,
        gap: " ",
        value: (task) => task.at("prio").number(),
      },
      ...(comm && { comm }),
      ...(running && { running }),
    },
  };
}
