/** The lines of a deadlock for `waits`. */
import type { Step } from "../../../../insight/check.ts";
import { type Taking, takings } from "../../../../insight/waits/taking.ts";
import type { WaitCycle, WaitingTask } from "../../../../insight/waits/waitGraph.ts";
import { cycleHeading, relationTo, taskName, waitWords } from "../../../../insight/waits/words.ts";
import type { Line } from "../../../../say/piece.ts";
import { resourceSpan } from "./rows.ts";

/**
 * Returns a cycle of tasks, one line per task, each with the call that took the lock if the stack of its holder still
 * shows it. The heading says whether the deadlock is certain.
 */
export function* deadlockLines({ tasks, certainty }: WaitCycle): Generator<Step, Line[], void> {
  const lines: Line[] = [[{ as: "title", text: cycleHeading(certainty) }]];
  for (const [at, one] of tasks.entries()) {
    const next = tasks[(at + 1) % tasks.length] ?? one;
    lines.push([
      "  ",
      { as: "task", text: taskName(one), address: one.task.address },
      " waits for ",
      resourceSpan(waitWords(one), one),
      `, ${relationTo(next, one)} `,
      { as: "task", text: taskName(next), address: next.task.address },
    ]);
    for (const taking of yield* takingsBy(next, one)) lines.push(takingLine(next, taking));
  }
  return [...lines, []];
}

/** Returns the calls by which a task took the lock that another one waits for. */
function* takingsBy(holder: WaitingTask, { wait: { resource } }: WaitingTask): Generator<Step, Taking[], void> {
  return resource ? yield* takings(holder.task.kernel, holder.task, resource) : [];
}

function takingLine(holder: WaitingTask, { address, function: name, callee, source }: Taking): Line {
  return [
    `    likely taken by ${taskName(holder)} in `,
    { as: "symbol", text: name, address },
    `, which calls ${callee}`,
    ...(source
      ? [" at ", { as: "source", text: `${source.file}:${source.line}`, file: source.file, line: source.line } as const]
      : []),
  ];
}
