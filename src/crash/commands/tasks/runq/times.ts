/** The clocks of run queues: `runq -t`, `-m` and `-T`. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { padDigits } from "../../../../base/hex.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { cpuTask } from "../../../../linux/sched/cpu.ts";
import { lastArrival, runqueueClock } from "../../../../linux/sched/sched.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { table, TableLayout } from "../../../../render/layout.ts";
import { indent, longestLength } from "../../../../render/pad.ts";
import { agoText } from "../../../../render/quantity.ts";
import { faultPiece, type Pieces } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { queuedTaskColumns } from "./queues.ts";

/** A CPU and the task that it runs. */
interface Running {
  readonly cpu: number;
  readonly task: Obj;
}

/** Yields a row for each CPU, or why the task that it runs cannot be read. */
function* runningRows(kernel: Kernel, cpus: readonly number[], declared: Table<Running>): Pieces {
  const layout = new TableLayout(kernel, declared);
  for (const cpu of cpus) {
    const task = attempt(() => cpuTask(kernel, cpu));
    yield task instanceof Fault ? faultPiece(task, `CPU ${cpu}: `) : layout.row({ cpu, task });
  }
}

const widthOf = (cpus: readonly number[]): number => longestLength(cpus.map(String));

const cpuColumn = <Row extends { readonly cpu: number }>(cpus: readonly number[], gap = " CPU "): Column<Row> => ({
  kind: "number",
  title: "",
  gap,
  width: widthOf(cpus),
  value: ({ cpu }) => cpu,
});

const clockOf = ({ cpu, task }: Running): bigint => runqueueClock(task.kernel, cpu);

/** Returns the table of `runq -t`. A row has two lines, with the times below each other. */
export const clocksTable = (cpus: readonly number[]): Table<Running> => ({
  end: '"',
  columns: {
    cpu: cpuColumn(cpus),
    clock_ns: { kind: "nanoseconds", title: "", gap: ": ", about: "the scheduler clock of the CPU", value: clockOf },
    lastRun_ns: {
      kind: "nanoseconds",
      title: "",
      line: 1,
      gap: indent(" CPU ".length + widthOf(cpus) + ": ".length),
      about: "when its task got the CPU, by that clock",
      value: ({ task }) => lastArrival(task),
      text: (time, row) => padDigits(time, String(clockOf(row)).length),
    },
    ...queuedTaskColumns<Running>("  PID: ", 1),
  },
});

/** Yields each CPU's scheduler clock, and when its running task got the CPU, in nanoseconds. */
export const runqueueClocks = (kernel: Kernel, cpus: readonly number[]): Pieces =>
  runningRows(kernel, cpus, clocksTable(cpus));

export const timesTable = (cpus: readonly number[]): Table<Running> => ({
  end: '"',
  columns: {
    cpu: cpuColumn(cpus),
    ranFor_ns: {
      kind: "nanoseconds",
      title: "",
      gap: ": [",
      about: "time since its task got the CPU",
      value: (row) => {
        const elapsed = clockOf(row) - lastArrival(row.task);
        return elapsed < 0n ? 0n : elapsed;
      },
      text: agoText,
    },
    ...queuedTaskColumns<Running>("]  PID: "),
  },
});

/** Yields how long each CPU has been running its task. */
export const currentTimes = (kernel: Kernel, cpus: readonly number[]): Pieces =>
  runningRows(kernel, cpus, timesTable(cpus));

interface Lag {
  readonly cpu: number;
  readonly clock: bigint | Fault;
  /** Nanoseconds behind the latest clock of all CPUs. */
  readonly lag: bigint | Fault;
}

export const lagsTable = (cpus: readonly number[]): Table<Lag> => ({
  columns: {
    cpu: cpuColumn(cpus, "  CPU "),
    lag_ns: {
      kind: "nanoseconds",
      title: "",
      gap: ": ",
      about: "how far the clock is behind the latest of all CPUs",
      value: ({ lag }) => lag,
      text: (lag) => `${(Number(lag) / 1e9).toFixed(2)} secs`,
    },
    clock_ns: { kind: "nanoseconds", value: ({ clock }) => clock },
  },
});

/** Yields how far each CPU's clock is behind the latest of all CPUs, the latest first; those that cannot be read last. */
export function* clockLags(kernel: Kernel, cpus: readonly number[]): Pieces {
  const clocks = possibleCpus(kernel).map((cpu) => ({ cpu, clock: attempt(() => runqueueClock(kernel, cpu)) }));
  const latest = clocks.reduce((most, { clock }) => (typeof clock === "bigint" && clock > most ? clock : most), 0n);
  const rows = clocks
    .filter(({ cpu }) => cpus.includes(cpu))
    .map(({ cpu, clock }): Lag => ({ cpu, clock, lag: clock instanceof Fault ? clock : latest - clock }));
  const order = ({ clock }: Lag): bigint => (clock instanceof Fault ? -1n : clock);
  rows.sort((a, b) => (order(a) < order(b) ? 1 : order(a) > order(b) ? -1 : a.cpu - b.cpu));
  yield* table(kernel, lagsTable(cpus), rows, { heading: false });
}
