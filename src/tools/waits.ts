/** The tool `waits`: who waits for whom. */
import { z } from "zod";
import { UsageError } from "../base/usageError.ts";
import { commandPieces, quoted } from "./commandPieces.ts";
import { taskInput } from "./task.ts";
import { conclusion, tool } from "./tool.ts";

export const waits = tool({
  name: "waits",
  title: "Who Waits for Whom",
  description:
    "For each blocked task: what it waits for, who holds it, since when, and the chain to the task at its root. `cycle` names the pids of a deadlock. A holder is certain only if the lock itself names it.",
  input: z.strictObject({
    task: taskInput.describe("pid, address or name of a task; default: all blocked tasks"),
    by: z.enum(["task", "lock"]).default("task").describe("one element per waiting task, or per lock with its waiters"),
    sleeping: z.boolean().default(false).describe("all sleeping tasks, not only those that are blocked"),
  }),
  *run(context, { task, by, sleeping }) {
    if (sleeping && by === "lock") throw new UsageError('`sleeping` is not used with `by: "lock"`: leave one out');
    const line = ["waits", by === "lock" ? "-l" : sleeping ? "-a" : "", task === undefined ? "" : quoted(task)]
      .filter((word) => word !== "")
      .join(" ");
    yield conclusion("", line);
    let [shown, inCycles] = [0, 0];
    for (const piece of commandPieces(context, line)) {
      if (piece.kind === "record") {
        shown++;
        if ((piece.data as { deadlock?: unknown }).deadlock === true) inCycles++;
      }
      yield piece;
    }
    const plural = shown === 1 ? "" : "s";
    const what = by === "lock" ? `${shown} lock${plural} with waiters` : `${shown} waiting task${plural}`;
    yield conclusion(`${what}${inCycles > 0 ? `, ${inCycles} of them in a deadlock` : ""}.`, line);
  },
});
