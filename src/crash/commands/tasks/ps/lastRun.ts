import { attempt, Fault } from "../../../../base/fault.ts";
import { lastArrival, runqueueClock } from "../../../../linux/sched/sched.ts";
import { taskCpu } from "../../../../linux/sched/task.ts";
import { taskState } from "../../../../linux/sched/taskState.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { cell } from "../../../say/cell.ts";
import { faultText, type Piece, record, text } from "../../../say/piece.ts";
import { durationParts } from "../../../say/quantity.ts";
import { taskFacts, taskHeading } from "../../../say/taskHeading.ts";

export interface LastRunOptions {
  /** How long ago, rather than the clock's value. */
  readonly ago: boolean;
  /** CPU by CPU; all together when undefined. */
  readonly cpus: readonly number[] | undefined;
}

interface LastRun {
  readonly task: Obj;
  /** Nanoseconds of the CPU's scheduler clock. */
  readonly at: bigint | Fault;
}

/** When each task last got a CPU, the latest first; tasks for which that is not known come last. */
export function* tasksLastRun(
  kernel: Kernel,
  tasks: Iterable<Obj>,
  { ago, cpus }: LastRunOptions,
): Generator<Piece, void, void> {
  const runs = [...tasks].map((task): LastRun => ({ task, at: attempt(() => lastArrival(task)) }));
  runs.sort((a, b) => compare(order(b), order(a)));
  const width = runs[0] ? String(order(runs[0])).length : 1;
  const pieceOf = (run: LastRun): Piece => lastRunPiece(kernel, run, ago, width);
  if (!cpus) return yield* runs.map(pieceOf);
  for (const [i, cpu] of cpus.entries()) {
    yield text(...(i > 0 ? [""] : []), `CPU: ${cpu}`);
    yield* runs.filter(({ task }) => attempt(() => taskCpu(task)) === cpu).map(pieceOf);
  }
}

const order = ({ at }: LastRun): bigint => (at instanceof Fault ? -1n : at);
const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

function lastRunPiece(kernel: Kernel, { task, at }: LastRun, ago: boolean, width: number): Piece {
  const since = attempt(() => {
    if (at instanceof Fault) throw at;
    const nanoseconds = runqueueClock(kernel, taskCpu(task)) - at;
    return nanoseconds < 0n ? 0n : nanoseconds;
  });
  const shown = ago
    ? since instanceof Fault
      ? `<${faultText(since)}>`
      : agoText(since)
    : at instanceof Fault
      ? `<${faultText(at)}>`
      : String(at).padStart(width);
  const data = {
    ...taskFacts(task),
    lastRun: at instanceof Fault ? undefined : at.toString(),
    agoNanoseconds: since instanceof Fault ? undefined : since.toString(),
  };
  return record(data, [`[${shown}] [`, cell(() => taskState(task)).span, "]  ", ...taskHeading(task)]);
}

/** `0 00:00:01.162`: days, then hours to milliseconds. */
export function agoText(nanoseconds: bigint): string {
  const milliseconds = nanoseconds / 1_000_000n;
  const { days, time } = durationParts(Number(milliseconds / 1000n));
  return `${days} ${time}.${String(milliseconds % 1000n).padStart(3, "0")}`;
}
