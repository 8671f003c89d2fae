/** Checks the load average against the number of CPUs. */
import { cpusInUse } from "../../kernel/cpumask.ts";
import { loadAverages } from "../../linux/time/timekeeping.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords } from "./amounts.ts";

/** Load per CPU above which, over one minute and over five, the load is a suspect. */
const SUSPECT_LOAD = 2;

/** Reports a load average of the last minute that is above the number of CPUs in use. */
export const load: HealthCheck = {
  id: "load",
  title: "load average",
  shows: "sys",
  *run(kernel) {
    const averages = loadAverages(kernel);
    const cpus = cpusInUse(kernel).length;
    const sentence = `The load averages over 1, 5 and 15 minutes are ${averages.join(", ")}, with ${countWords(cpus, "CPU")} in use.`;
    const [now = 0, before = 0] = averages.map(Number);
    if (now > cpus)
      yield observed(
        "load",
        Math.min(now, before) > SUSPECT_LOAD * cpus ? "suspect" : "note",
        { load: now, cpus },
        [sentence, " Running, runnable and uninterruptible tasks count as load."],
        { kind: "output", command: "sys", text: `LOAD AVERAGE: ${averages.join(", ")}` },
      );
    return sentence;
  },
};
