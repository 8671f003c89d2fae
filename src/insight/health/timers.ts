/** Checks whether timers expire in time. */
import { attempt, Fault } from "../../base/fault.ts";
import { cpusInUse } from "../../kernel/cpumask.ts";
import { hz, jiffies64, tickTime } from "../../linux/time/timekeeping.ts";
import { clockName, clockTimers, hrtimerBase, timerBases, wheelTimers } from "../../linux/time/timer.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { symbolOrAddress } from "../../model/symbolText.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, SECOND, timeWords } from "./amounts.ts";

/** Minimum time in nanoseconds by which a reported timer is overdue. */
const LIMIT = 10n * SECOND;

interface Overdue {
  readonly timer: Obj;
  /** Time since it should have run, in nanoseconds. */
  readonly by: bigint;
  readonly kind: "timer" | "hrtimer";
}

/** Reports CPUs with timers that should have expired more than 10 seconds ago. */
export const timers: HealthCheck = {
  id: "timers",
  title: "overdue timers",
  shows: "timer",
  *run(kernel) {
    const cpus = cpusInUse(kernel);
    for (const cpu of cpus) {
      yield pause("timers");
      const overdue = [...overdueTimers(kernel, cpu), ...overdueHrtimers(kernel, cpu)];
      const [first] = overdue.sort((a, b) => (a.by > b.by ? -1 : 1));
      if (!first) continue;
      const called = functionOf(kernel, first.timer);
      yield observed(
        "timers",
        "suspect",
        { cpu, timers: overdue.length, overdue_ns: first.by, function: called },
        [
          { kind: "cpu", cpu },
          ` has ${countWords(overdue.length, "overdue timer")}; ${called} should have run ${timeWords(first.by)} ago.`,
        ],
        {
          kind: "field",
          type: first.kind === "timer" ? "struct timer_list" : "struct hrtimer",
          address: first.timer.address,
          path: "function",
          value: called,
        },
      );
    }
    return `No timer of ${countWords(cpus.length, "CPU")} is overdue by more than ${timeWords(LIMIT)}.`;
  },
};

function functionOf(kernel: Kernel, timer: Obj): string {
  const address = attempt(() => timer.at("function").value());
  if (address instanceof Fault) return "an unknown function";
  return symbolOrAddress(kernel, address);
}

/** Yields the overdue timers of the wheel, except deferrable ones (BASE_DEF), which may wait while a CPU is idle. */
function* overdueTimers(kernel: Kernel, cpu: number): Generator<Overdue> {
  const bits = kernel.arch.wordSize * 8;
  const now = jiffies64(kernel);
  const rate = BigInt(hz(kernel));
  for (const { name, base } of timerBases(kernel, cpu)) {
    if (name === "BASE_DEF") continue;
    for (const timer of wheelTimers(base)) {
      const late = BigInt.asIntN(bits, now - timer.at("expires").value());
      const by = (late * SECOND) / rate;
      if (by > LIMIT) yield { timer, by, kind: "timer" };
    }
  }
}

/** Yields the overdue timers of CLOCK_MONOTONIC. */
function* overdueHrtimers(kernel: Kernel, cpu: number): Generator<Overdue> {
  const now = tickTime(kernel);
  for (const clock of hrtimerBase(kernel, cpu).at("clock_base").elements()) {
    if (clockName(clock) !== "ktime_get") continue;
    for (const timer of clockTimers(clock)) {
      const by = now - timer.at("node.expires").value();
      // The first timer of a clock is the next to expire.
      if (by <= LIMIT) break;
      yield { timer, by, kind: "hrtimer" };
    }
  }
}
