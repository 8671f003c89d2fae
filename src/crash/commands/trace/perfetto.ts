/**
 * Writes a timeline in the Trace Event Format, which ui.perfetto.dev opens ("Trace Event Format", the document of
 * Chromium's trace viewer: the JSON Object Format, phases M, X, i, b and e).
 */
import { entryFields } from "../../../linux/trace/entryText.ts";
import { symbolText } from "../../../linux/trace/formatText.ts";
import type { TimelineEvent } from "../../../linux/trace/timeline.ts";
import type { Kernel } from "../../../model/kernel.ts";

/** An event of the format. Times are in microseconds. */
export interface PerfettoEvent {
  readonly name: string;
  readonly ph: "M" | "X" | "i" | "b" | "e";
  readonly pid: number;
  readonly tid: number;
  readonly ts?: number;
  readonly dur?: number;
  readonly cat?: string;
  readonly id?: string;
  /** Scope of an instant: its thread. */
  readonly s?: "t";
  readonly args?: { readonly [name: string]: string | number };
}

/** Groups of tracks, which the format calls processes. */
const CPUS = 1;
const TASKS = 2;
const LOG = 3;
const DISKS = 4;
const GROUPS: readonly (readonly [number, string])[] = [
  [CPUS, "CPUs"],
  [TASKS, "Tasks"],
  [LOG, "Kernel log"],
  [DISKS, "Block requests in flight"],
];

const microseconds = (time: bigint): number => Number(time) / 1000;

/** Yields the file in parts, one event each. @param end the time of the crash, until which requests are in flight */
export function* perfettoText(
  kernel: Kernel,
  events: readonly TimelineEvent[],
  end: bigint,
): Generator<string, void, void> {
  yield '{"displayTimeUnit":"ns","traceEvents":[\n';
  let isFirst = true;
  for (const event of perfettoEvents(kernel, events, end)) {
    yield `${isFirst ? "" : ",\n"}${JSON.stringify(event)}`;
    isFirst = false;
  }
  yield "\n]}\n";
}

/** What a CPU runs since its last sched_switch. */
interface Running {
  readonly since: bigint;
  readonly pid: number;
  readonly comm: string;
}

/** Yields the events of the format: names of tracks, then the events in the order of the timeline. */
export function* perfettoEvents(
  kernel: Kernel,
  events: readonly TimelineEvent[],
  end: bigint,
): Generator<PerfettoEvent, void, void> {
  for (const [pid, name] of GROUPS) yield { name: "process_name", ph: "M", pid, tid: 0, args: { name } };
  const named = new Set<string>();
  const running = new Map<number, Running>();
  let requests = 0;
  for (const event of events) {
    const [pid, tid, name] = trackOf(event);
    if (!named.has(`${pid}/${tid}`)) {
      named.add(`${pid}/${tid}`);
      yield { name: "thread_name", ph: "M", pid, tid, args: { name } };
    }
    if (event.kind === "io") yield* requestEvents(event, tid, String(++requests), end);
    else yield instantOrCall(kernel, event, pid, tid);
    if (event.entry?.event?.name === "sched_switch") yield* switched(kernel, event, running, named);
  }
  // What a CPU ran after the last entry was not recorded.
  const last = events.findLast(({ entry }) => entry !== undefined)?.time ?? end;
  for (const [cpu, run] of running) yield ranOn(cpu, run, last);
}

/** Returns group, track and name of the track of an event. */
function trackOf({ kind, pid, comm, name }: TimelineEvent): readonly [number, number, string] {
  if (kind === "log") return [LOG, 1, "printk"];
  if (kind === "io") return [DISKS, 1, name];
  // The idle tasks of all CPUs have the same PID.
  if (pid === 0) return [TASKS, 0, "idle tasks"];
  return [TASKS, pid ?? 0, `${comm ?? "?"} [${pid ?? "?"}]`];
}

function* requestEvents(
  event: TimelineEvent,
  tid: number,
  id: string,
  end: bigint,
): Generator<PerfettoEvent, void, void> {
  const common = { name: `${event.name}: ${event.text}`, cat: "io", id, pid: DISKS, tid };
  yield { ...common, ph: "b", ts: microseconds(event.time) };
  yield { ...common, ph: "e", ts: microseconds(end > event.time ? end : event.time) };
}

/** Returns a call of the function_graph tracer as a slice, everything else as an instant. */
function instantOrCall(kernel: Kernel, event: TimelineEvent, pid: number, tid: number): PerfettoEvent {
  const { entry, time, text } = event;
  const cpu = event.cpu === undefined ? {} : { cpu: event.cpu };
  if (entry?.event?.name === "funcgraph_exit") {
    const { calltime, rettime, func } = entryFields(kernel, entry);
    const duration = Number(rettime) - Number(calltime);
    if (typeof func === "string" && duration >= 0) {
      const name = symbolText(kernel, BigInt(func));
      const ts = microseconds(time) - duration / 1000;
      return { name, ph: "X", cat: "calls", pid, tid, ts, dur: duration / 1000, args: cpu };
    }
  }
  const name = event.kind === "log" ? (text.split("\n", 1)[0] ?? "") : event.name;
  return { name, ph: "i", s: "t", cat: event.kind, pid, tid, ts: microseconds(time), args: { ...cpu, text } };
}

/** Ends what the CPU ran, and begins what it runs next. */
function* switched(
  kernel: Kernel,
  { cpu = 0, time, entry }: TimelineEvent,
  running: Map<number, Running>,
  named: Set<string>,
): Generator<PerfettoEvent, void, void> {
  if (!entry) return;
  const key = `${CPUS}/${cpu}`;
  if (!named.has(key)) {
    named.add(key);
    yield { name: "thread_name", ph: "M", pid: CPUS, tid: cpu, args: { name: `CPU ${cpu}` } };
  }
  const run = running.get(cpu);
  if (run) yield ranOn(cpu, run, time);
  const { next_pid: pid, next_comm: comm } = entryFields(kernel, entry);
  running.set(cpu, { since: time, pid: Number(pid), comm: String(comm) });
}

const ranOn = (cpu: number, { since, pid, comm }: Running, until: bigint): PerfettoEvent => ({
  ...{ name: pid === 0 ? "idle" : `${comm} [${pid}]`, ph: "X", cat: "sched", pid: CPUS, tid: cpu },
  ...{ ts: microseconds(since), dur: microseconds(until - since) },
});
