/** The resources that tasks wait for: `waits -l`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { column } from "../../../../render/pad.ts";
import type { WaitGraph, WaitingTask } from "../../../../insight/waits/waitGraph.ts";
import { heldBy, taskName } from "../../../../insight/waits/words.ts";
import { taskComm, taskPid } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultSpan, type Line, type Pieces, text } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import { waitsTable, type WaitRow } from "./rows.ts";

const { resource, name, waitsFor, holders, waiters, note } = waitsTable.columns;

/** The table of `waits -l`: one row per resource, with the values from one of its waiters. */
export const resourcesTable: Table<WaitRow> = {
  gap: "  ",
  columns: {
    kind: {
      kind: "text",
      about: "mutex, rwsem, completion and others",
      value: ({ waiting }) => waiting.wait.resource?.kind,
    },
    resource,
    cType: { kind: "text", about: "its C type", value: ({ waiting }) => waiting.wait.resource?.type },
    name,
    waitsFor: { ...waitsFor, title: "RESOURCE" },
    heldBy: {
      kind: "text",
      title: "HELD BY",
      about: "the first of `holders` as a phrase",
      value: ({ waiting, graph }) => heldBy(waiting, graph),
    },
    holders,
    waiters,
    note,
  },
};

/** Yields the rows of resources; resources with more waiters come first. */
export function* resourceRows(kernel: Kernel, graph: WaitGraph, chosen: readonly WaitingTask[] | undefined): Pieces {
  const byResource = new Map<string, WaitingTask>();
  for (const waiting of chosen ?? graph.tasks.values()) {
    const resource = waiting.wait.resource;
    if (!resource) continue;
    const key = `${resource.kind} ${resource.address} ${resource.mm ?? ""} ${resource.detail ?? ""}`;
    if (!byResource.has(key)) byResource.set(key, waiting);
  }
  const rows = [...byResource.values()].map((waiting): WaitRow => ({ waiting, graph }));
  rows.sort((a, b) => b.waiting.wait.queue.length - a.waiting.wait.queue.length);
  if (rows.length === 0) {
    yield text(`${chosen ? "none of these tasks" : "no task"} waits for a known resource`);
    return;
  }
  const layout = new TableLayout(kernel, resourcesTable);
  layout.fit(rows);
  yield layout.heading();
  for (const row of rows) yield layout.row(row, () => queueLines(row));
}

/** Maximum number of waiters of a resource that are printed; `--json` has all. */
const MAX_SHOWN = 32;

function queueLines({ waiting }: WaitRow): Line[] {
  const { queue, task } = waiting.wait;
  const lines = queue.slice(0, MAX_SHOWN).map(({ task: address }, at): Line => {
    const place = `${column(String(at + 1), 6, "right")}. `;
    if (address === undefined) return [place, "not a task: another kind of entry"];
    const object = task.kernel.object("struct task_struct", address);
    const name = attempt(() => taskName({ pid: taskPid(object), comm: taskComm(object) }));
    return [place, name instanceof Fault ? faultSpan(name) : { as: "task", text: name, address }];
  });
  if (queue.length > MAX_SHOWN) lines.push([`       and ${queue.length - MAX_SHOWN} more`]);
  return lines;
}
