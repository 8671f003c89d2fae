/** Finds where chains of waiting tasks end. */
import type { KnownHolder, WaitGraph, WaitingTask } from "./waitGraph.ts";

/** The end of a chain. */
export interface WaitRoot {
  /** Address of the `task_struct` of the last task. */
  readonly task: bigint;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  /** What the last task does; "cycle" if the chain returns to a task that it contains. */
  readonly state: KnownHolder["fate"]["activity"] | "cycle";
  /** The last task as a holder. */
  readonly holder: KnownHolder;
  /** Whether every step of the chain is certain. */
  readonly isCertain: boolean;
  /** Holders along the chain, in order, at most `MAX_STEPS`; the first is the holder for the waiting task. */
  readonly steps: readonly Pick<KnownHolder, "task" | "pid" | "comm">[];
}

const RANKS: readonly KnownHolder["certainty"][] = ["certain", "likely", "possible"];

/** Returns the holder that a chain follows: the first of the most certain ones; undefined if no holder is known. */
export const firstHolder = ({ holders }: WaitingTask): KnownHolder | undefined =>
  RANKS.flatMap((rank) => holders.filter(({ certainty }) => certainty === rank))[0];

/** Maximum number of steps that are kept; the end of a longer chain is still found. */
const MAX_STEPS = 64;

/** The end of a chain, without its steps. */
interface End {
  readonly holder: KnownHolder;
  readonly isCycle: boolean;
  readonly isCertain: boolean;
}

/** Ends of chains by the address of the waiting task. Many chains share an end. */
const endsOf = new WeakMap<WaitGraph, Map<bigint, End | undefined>>();

/** Follows the chain of holders from a task to its end; undefined if the task has no known holder. */
export function rootOf(graph: WaitGraph, from: WaitingTask): WaitRoot | undefined {
  const end = endOf(graph, from);
  if (!end) return undefined;
  const { holder, isCycle, isCertain } = end;
  const { task, pid, comm } = holder;
  const steps: KnownHolder[] = [];
  const seen = new Set([from.task.address]);
  for (let at: WaitingTask | undefined = from; at && steps.length < MAX_STEPS;) {
    const next = firstHolder(at);
    if (!next) break;
    steps.push(next);
    if (seen.has(next.task)) break;
    seen.add(next.task);
    at = graph.tasks.get(next.task);
  }
  return { task, pid, comm, state: isCycle ? "cycle" : holder.fate.activity, isCertain, holder, steps };
}

function endOf(graph: WaitGraph, from: WaitingTask): End | undefined {
  let ends = endsOf.get(graph);
  if (!ends) endsOf.set(graph, (ends = new Map<bigint, End | undefined>()));
  const path: { readonly task: bigint; readonly holder: KnownHolder }[] = [];
  const seen = new Set<bigint>();
  let end: End | undefined;
  for (let at: WaitingTask | undefined = from; at;) {
    const { address } = at.task;
    if (ends.has(address)) {
      end = ends.get(address);
      break;
    }
    const holder = firstHolder(at);
    if (!holder) break;
    path.push({ task: address, holder });
    seen.add(address);
    if (seen.has(holder.task)) {
      end = { holder, isCycle: true, isCertain: true };
      break;
    }
    at = graph.tasks.get(holder.task);
  }
  for (const { task, holder } of path.reverse()) {
    end = { ...(end ?? { holder, isCycle: false, isCertain: true }) };
    if (holder.certainty !== "certain") end = { ...end, isCertain: false };
    ends.set(task, end);
  }
  if (!ends.has(from.task.address)) ends.set(from.task.address, undefined);
  return end;
}
