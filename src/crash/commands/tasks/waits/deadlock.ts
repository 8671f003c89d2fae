import type { WaitCycle } from "../../../../insight/waits/waitGraph.ts";
import { firstHolder } from "../../../../insight/waits/root.ts";
import { taskName, waitWords } from "../../../../insight/waits/words.ts";
import type { Line } from "../../../../say/piece.ts";
import { resourceSpan } from "./rows.ts";

/** A cycle of tasks, a line for each: its heading says whether it is one for certain. */
export function deadlockLines({ tasks, certainty }: WaitCycle): Line[] {
  const heading =
    certainty === "certain" ? "DEADLOCK" : "POSSIBLE DEADLOCK, if each holder named has what it is named for";
  return [
    [{ as: "title", text: heading }],
    ...tasks.map((one, at): Line => {
      const next = tasks[(at + 1) % tasks.length] ?? one;
      const doubt = firstHolder(one)?.certainty === "certain" ? "held by " : "possibly held by ";
      return [
        "  ",
        { as: "task", text: taskName(one), address: one.task.address },
        " waits for ",
        resourceSpan(waitWords(one), one),
        `, ${doubt}`,
        { as: "task", text: taskName(next), address: next.task.address },
      ];
    }),
    [],
  ];
}
