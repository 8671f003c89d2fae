/** The `timer` command: lists the timers of each CPU. */
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { jiffies64, tickTime } from "../../../../linux/time/timekeeping.ts";
import { command } from "../../../language/command.ts";
import { guarded } from "../../../../say/guarded.ts";
import { parseCpus } from "../../../language/number.ts";
import { text } from "../../../../say/piece.ts";
import { table } from "../../../../render/layout.ts";
import type { Table } from "../../../../say/table.ts";
import { cpuHrtimers, hrtimersTable } from "./hrtimers.ts";
import { cpuWheels, wheelTable } from "./wheel.ts";

export const timer = command({
  name: "timer",
  readsOnly: true,
  summary: "pending timers of each CPU",
  usage: "[-r] [-C cpu(s)]",
  takesOnlyOptions: true,
  options: [
    { flag: "-r", help: "high-resolution timers, by clock; nanoseconds" },
    { flag: "-C", argument: "cpu(s)", help: "only these CPUs: 3, or 1,3,5-7" },
  ],
  description: `Shows the timers of each CPU in the order in which they expire, with their time to expiry (TTE, negative if overdue) and the function that they call. Times of the timer wheels are in jiffies.

With -r, the current time of a clock is computed from jiffies, so it has the precision of a jiffy.`,
  examples: [
    { line: "timer", shows: "The timer wheels." },
    { line: "timer -C 0", shows: "Those of one CPU." },
    { line: "timer -r", shows: "High-resolution timers." },
  ],
  records: () => [
    { line: "timer", fields: jiffiesTable.columns },
    { line: "timer", fields: wheelTable(0, "", 0n).columns },
    { line: "timer -r", fields: hrtimersTable({ cpu: 0, clock: 0, now: 0n }, []).columns },
  ],
  needs: ["types"],
  *run({ kernel }, args) {
    const cpus = parseCpus(args.value("-C") ?? "", possibleCpus(kernel));
    if (args.has("-r")) {
      const now = tickTime(kernel);
      for (const cpu of cpus) yield* guarded(cpuHrtimers(kernel, cpu, now));
      return;
    }
    const jiffies = BigInt.asUintN(kernel.arch.wordSize * 8, jiffies64(kernel));
    yield* table(kernel, jiffiesTable, [jiffies]);
    yield text("");
    for (const [i, cpu] of cpus.entries()) {
      if (i > 0) yield text("");
      yield* guarded(cpuWheels(kernel, cpu, jiffies));
    }
  },
});

/** The table with the value of jiffies. */
const jiffiesTable: Table<bigint> = {
  columns: { jiffies: { kind: "integer", title: "JIFFIES", unit: "jiffies", value: (jiffies) => jiffies } },
};
