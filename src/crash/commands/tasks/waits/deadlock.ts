/** The lines of a deadlock for `waits`. */
import type { WaitCycle } from "../../../../insight/waits/waitGraph.ts";
import { cycleHeading, relationWords, taskName, waitWords } from "../../../../insight/waits/words.ts";
import type { Line } from "../../../../say/piece.ts";
import { resourceSpan } from "./rows.ts";

/** Returns a cycle of tasks, one line per task; the heading says whether the deadlock is certain. */
export function deadlockLines({ tasks, certainty }: WaitCycle): Line[] {
  return [
    [{ as: "title", text: cycleHeading(certainty) }],
    ...tasks.map((one, at): Line => {
      const next = tasks[(at + 1) % tasks.length] ?? one;
      const holder = one.holders.find(({ task }) => task === next.task.address);
      const doubt = holder?.certainty === "certain" ? "" : "possibly ";
      return [
        "  ",
        { as: "task", text: taskName(one), address: one.task.address },
        " waits for ",
        resourceSpan(waitWords(one), one),
        `, ${doubt}${relationWords(one)} `,
        { as: "task", text: taskName(next), address: next.task.address },
      ];
    }),
    [],
  ];
}
