/** Where chains of waiting tasks end. */
import type { KnownHolder, WaitGraph, WaitingTask } from "./waitGraph.ts";

/** The end of a chain. */
export interface WaitRoot {
  /** Address of its `task_struct`. */
  readonly task: bigint;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  /** What it does; "cycle" for a task that waits for itself in the end. */
  readonly state: KnownHolder["fate"]["activity"] | "cycle";
  /** Whether every step on the way to it is certain. */
  readonly isCertain: boolean;
  /** Tasks on the way, without the one that asks: its holder first. */
  readonly steps: readonly Pick<KnownHolder, "task" | "pid" | "comm">[];
}

const RANKS: readonly KnownHolder["certainty"][] = ["certain", "likely", "possible"];

/** The holder that a chain follows: the most certain, of several the first. */
export const firstHolder = ({ holders }: WaitingTask): KnownHolder | undefined =>
  RANKS.flatMap((rank) => holders.filter(({ certainty }) => certainty === rank))[0];

/** Longer chains are told by their beginning and end. */
const MAX_STEPS = 64;

/** Follows a task's holder, that one's, and so on; undefined for a task on whom nobody is known to sit. */
export function rootOf({ tasks }: WaitGraph, from: WaitingTask): WaitRoot | undefined {
  const seen = new Set([from.task.address]);
  const steps: KnownHolder[] = [];
  let isCertain = true;
  for (let at: WaitingTask | undefined = from; ;) {
    const holder: KnownHolder | undefined = at && firstHolder(at);
    if (!holder) {
      const last = steps.at(-1);
      return last && rootAt(last, last.fate.activity, isCertain, steps);
    }
    steps.push(holder);
    isCertain &&= holder.certainty === "certain";
    if (seen.has(holder.task)) return rootAt(holder, "cycle", isCertain, steps);
    seen.add(holder.task);
    at = tasks.get(holder.task);
  }
}

const rootAt = (
  { task, pid, comm }: KnownHolder,
  state: WaitRoot["state"],
  isCertain: boolean,
  steps: readonly KnownHolder[],
): WaitRoot => ({ task, pid, comm, state, isCertain, steps: steps.slice(0, MAX_STEPS) });
