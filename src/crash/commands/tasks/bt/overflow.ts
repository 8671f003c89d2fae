/** The check for stack overflows: `bt -v`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { nrCpuIds } from "../../../../kernel/cpumask.ts";
import { endOfStack, STACK_END_MAGIC } from "../../../../linux/sched/stack.ts";
import { taskCpu, taskTable } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { taskStackRange } from "../../../../unwind/stacks.ts";
import { type Line, type Piece, record, text } from "../../../../say/piece.ts";
import { missingTasks } from "../../../language/taskSelector.ts";
import { taskFacts, taskHeading, taskColumns } from "../../../say/taskHeading.ts";
import type { Fields } from "../../../../say/table.ts";

/** The fields of a task whose stack overflowed. */
export const overflowFields: Fields = { ...taskColumns, signs: { kind: "data", about: "sentences" } };

/** Checks the far end of every task's stack for signs of an overflow. */
export function* stackOverflows(kernel: Kernel): Generator<Piece, void, void> {
  let found = false;
  let unread = 0;
  for (const task of taskTable(kernel).tasks) {
    const signs = overflowSigns(task);
    if (signs === undefined) unread++;
    if (!signs?.length) continue;
    found = true;
    const lines = signs.map((sign): Line => [{ as: "bad", text: `possible stack overflow: ${sign}` }]);
    yield record({ ...taskFacts(task), signs }, taskHeading(task), ...lines, []);
  }
  if (!found) yield text("No stack overflows detected");
  if (unread > 0) yield text(`The end of the stack cannot be read: ${unread} task${unread === 1 ? "" : "s"}`);
  yield* missingTasks(kernel, "bt: ");
}

/** Returns the signs of an overflow; undefined if there are none and the end of the stack cannot be read. */
function overflowSigns(task: Obj): string[] | undefined {
  const { kernel } = task;
  const signs: string[] = [];
  const base = attempt(() => taskStackRange(kernel, task).start);
  // The stack of a zombie is already freed.
  if (base instanceof Fault) return base.kind === "unmapped" ? [] : undefined;
  if (!task.has("thread_info") && kernel.types.find("struct", "thread_info")) {
    const info = kernel.object("struct thread_info", base);
    const recorded = attempt(() => (info.has("task") ? info.at("task").value() : task.address));
    if (!(recorded instanceof Fault) && recorded !== task.address) {
      signs.push(`thread_info.task: ${hex(recorded)} != ${hex(task.address)}`);
    }
  }
  const cpu = attempt(() => taskCpu(task));
  const limit = attempt(() => nrCpuIds(kernel));
  if (typeof cpu === "number" && typeof limit === "number" && cpu >= limit)
    signs.push(`thread_info.cpu: ${cpu} >= ${limit}`);
  const magic = attempt(() => kernel.memory.word(endOfStack(task)));
  if (magic instanceof Fault) return signs.length > 0 ? signs : undefined;
  if (magic !== STACK_END_MAGIC) signs.push(`${hex(magic)} != STACK_END_MAGIC`);
  return signs;
}
