/** Checks whether one process takes a large part of the memory. */
import { attempt, Fault } from "../../base/fault.ts";
import { residentPageCount, totalramPages } from "../../linux/mm/mm.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { taskComm, taskPid, taskTable, taskTgid } from "../../linux/sched/task.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { percentWords, sizeWords } from "./amounts.ts";

/** Minimum share of the memory that a process has to be reported, and to be a suspect. */
const MIN_SHARE = 0.25;
const SUSPECT_SHARE = 0.75;

/** Reports processes whose resident memory is at least a quarter of the machine's. */
export const processMemory: HealthCheck = {
  id: "process-memory",
  title: "processes with 25 % of memory",
  shows: "ps -u",
  *run(kernel) {
    const all = Number(totalramPages(kernel));
    let most = 0;
    for (const [i, task] of taskTable(kernel).tasks.entries()) {
      if (i % 256 === 0) yield pause("resident memory");
      const pages = attempt(() => (taskPid(task) === taskTgid(task) ? residentPageCount(task) : 0));
      if (pages instanceof Fault) continue;
      most = Math.max(most, pages);
      if (pages < all * MIN_SHARE) continue;
      const [pid, comm] = [taskPid(task), taskComm(task)];
      const bytes = pages * pageSize(kernel);
      yield observed(
        "process-memory",
        pages >= all * SUSPECT_SHARE ? "suspect" : "note",
        { pid, comm, bytes },
        [
          { kind: "task", address: task.address, pid, comm },
          ` has ${sizeWords(bytes)} of resident memory, ${percentWords(pages, all)} of the machine's.`,
        ],
        { kind: "task", address: task.address, text: `${comm} [${pid}]: ${pages} pages resident` },
      );
    }
    return `The largest process has ${percentWords(most, all)} of the memory.`;
  },
};
