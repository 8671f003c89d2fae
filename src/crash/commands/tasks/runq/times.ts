import { cpuTask } from "../../../../linux/sched/cpu.ts";
import { lastArrival, runqueueClock } from "../../../../linux/sched/sched.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { cell } from "../../../../say/cell.ts";
import { type Pieces, record } from "../../../../say/piece.ts";
import { agoText } from "../../../../render/quantity.ts";
import { taskData, taskSpans } from "./queues.ts";

/** Each CPU's scheduler clock, and when what it runs got the CPU; nanoseconds. */
export function* runqueueClocks(kernel: Kernel, cpus: readonly number[]): Pieces {
  const width = String(Math.max(...cpus)).length;
  for (const cpu of cpus) {
    const task = cpuTask(kernel, cpu);
    const clock = cell(() => runqueueClock(kernel, cpu).toString());
    const arrival = cell(() => lastArrival(task).toString());
    const at = typeof clock.span === "string" ? clock.span.length : 0;
    const label = ` CPU ${String(cpu).padStart(width)}: `;
    const since = typeof arrival.span === "string" ? arrival.span.padStart(at, "0") : arrival.span;
    yield record(
      { cpu, clock: clock.json, lastRun: arrival.json, ...taskData(task) },
      [label, clock.span],
      [" ".repeat(label.length), since, "  ", ...taskSpans(task)],
    );
  }
}

/** For how long each CPU has been running its task. */
export function* currentTimes(kernel: Kernel, cpus: readonly number[]): Pieces {
  const width = String(Math.max(...cpus)).length;
  for (const cpu of cpus) {
    const task = cpuTask(kernel, cpu);
    const read = (): bigint => {
      const elapsed = runqueueClock(kernel, cpu) - lastArrival(task);
      return elapsed < 0n ? 0n : elapsed;
    };
    const data = { cpu, nanoseconds: cell(() => read().toString()).json, ...taskData(task) };
    const label = ` CPU ${String(cpu).padStart(width)}: [`;
    yield record(data, [label, cell(read, agoText).span, "]  ", ...taskSpans(task)]);
  }
}

/** How far each CPU's clock is behind the latest, the latest first. */
export function* clockLags(kernel: Kernel, cpus: readonly number[]): Pieces {
  const clocks = cpus.map((cpu) => ({ cpu, clock: runqueueClock(kernel, cpu) }));
  const latest = clocks.reduce((most, { clock }) => (clock > most ? clock : most), 0n);
  const width = String(Math.max(...cpus)).length;
  clocks.sort((a, b) => (a.clock < b.clock ? 1 : a.clock > b.clock ? -1 : a.cpu - b.cpu));
  for (const { cpu, clock } of clocks) {
    const lag = latest - clock;
    const seconds = (Number(lag) / 1e9).toFixed(2);
    yield record(
      { cpu, lagNanoseconds: lag.toString(), clock: clock.toString() },
      `  CPU ${String(cpu).padStart(width)}: ${seconds} secs`,
    );
  }
}
