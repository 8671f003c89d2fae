/** Events of several kinds by their times: the log, trace events, last runs of tasks, block requests in flight. */
import { attempt, Fault, untilFault } from "../../base/fault.ts";
import { sortInSteps } from "../../base/sortInSteps.ts";
import type { Kernel } from "../../model/kernel.ts";
import { inFlightRequests, requestAge } from "../block/blkMq.ts";
import { disks } from "../block/gendisk.ts";
import { logRecords } from "../printk/printk.ts";
import type { LogRecord } from "../printk/printkRecord.ts";
import { lastArrival, newestClock } from "../sched/sched.ts";
import { findTask, taskComm, taskCpu, taskPid, taskTable } from "../sched/task.ts";
import { entryText, type EntryText, type TraceEntry } from "./entryText.ts";
import { lastBootOf } from "./lastBoot.ts";
import { clockName, isSchedulerClock, type TraceArray, traceArrays } from "./traceArray.ts";
import { traceEntries } from "./traceEntries.ts";

export type TimelineKind = "log" | "trace" | "run" | "io";

/** Something that happened at a time. */
export interface TimelineEvent {
  /** By the clock of the scheduler and of the log, in nanoseconds since boot. */
  readonly time: bigint;
  readonly kind: TimelineKind;
  readonly cpu: number | undefined;
  readonly pid: number | undefined;
  readonly comm: string | undefined;
  /** Name of the trace event, of the disk; "printk"; "last run". */
  readonly name: string;
  readonly text: string;
  /** The entry of a trace event. */
  readonly entry?: TraceEntry;
}

export interface Timeline {
  /** Oldest first. */
  readonly events: readonly TimelineEvent[];
  /** What is missing, and why: one sentence each. */
  readonly missing: readonly string[];
}

export interface TimelineChoice {
  /** Undefined for all. */
  readonly kinds?: readonly TimelineKind[] | undefined;
}

/** Number of events between two reports of progress. */
const STEP = 512;

/**
 * Collects the events of all kinds. The times of block requests are approximate, because their clock is another one.
 * Yields the number of events that were read. Never throws: what cannot be read is in `missing`.
 */
export function* timeline(kernel: Kernel, { kinds }: TimelineChoice = {}): Generator<number, Timeline, void> {
  const events: TimelineEvent[] = [];
  const missing: string[] = [];
  const sources: readonly (readonly [TimelineKind, string, () => Iterable<TimelineEvent | number>])[] = [
    ["log", "the log", () => logEvents(kernel)],
    ["trace", "the trace buffers", () => traceEvents(kernel, missing)],
    ["run", "the last runs of tasks", () => runEvents(kernel)],
    ["io", "the block requests", () => requestEvents(kernel)],
  ];
  for (const [kind, what, source] of sources) {
    if (kinds && !kinds.includes(kind)) continue;
    for (const step of untilFault(source(), (fault) => missing.push(`${what}: ${fault.message}`))) {
      if (typeof step !== "number") events.push(step);
      if (typeof step === "number" || events.length % STEP === 0) yield events.length;
    }
  }
  const order = (a: TimelineEvent, b: TimelineEvent): number => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0);
  return { events: yield* sortInSteps(events, order), missing };
}

/** Yields the messages of the log. @throws Fault after the events, if records could not be read or have no time */
function* logEvents(kernel: Kernel): Generator<TimelineEvent, void, void> {
  const unread = new Unread("messages");
  let untimed = 0;
  for (const record of logRecords(kernel)) {
    if (record instanceof Fault) unread.add(record);
    else if (record.nanoseconds === undefined) untimed++;
    else
      yield { time: record.nanoseconds, kind: "log", ...callerOf(kernel, record), name: "printk", text: record.text };
  }
  unread.throwIfAny();
  if (untimed > 0) throw Fault.of("unknown", `${untimed} messages have no time`);
}

/** Counts what could not be read, and keeps the fault of the first. */
class Unread {
  private readonly what: string;
  private first: Fault | undefined;
  private count = 0;

  /** @param what a noun for what is read, in the plural */
  constructor(what: string) {
    this.what = what;
  }

  add(fault: Fault): void {
    this.first ??= fault;
    this.count++;
  }

  /** @throws Fault with the number of the things and the first fault */
  throwIfAny(): void {
    if (!this.first) return;
    const { kind, message } = this.first;
    throw Fault.of(
      kind,
      this.count === 1 ? message : `${this.count} ${this.what} could not be read; the first: ${message}`,
    );
  }
}

/** Returns the task or CPU that printed a message, as far as the kernel recorded it. */
function callerOf(kernel: Kernel, { caller }: LogRecord): Pick<TimelineEvent, "cpu" | "pid" | "comm"> {
  const number = caller === undefined ? undefined : Number(caller.slice(1));
  if (caller?.startsWith("C") || number === undefined) return { cpu: number, pid: undefined, comm: undefined };
  const comm = attempt(() => {
    const task = findTask(kernel, number);
    return task && taskComm(task);
  });
  return { cpu: undefined, pid: number, comm: comm instanceof Fault ? undefined : comm };
}

function* traceEvents(kernel: Kernel, missing: string[]): Generator<TimelineEvent | number, void, void> {
  for (const array of traceArrays(kernel)) {
    const clock = clockName(array);
    if (!isSchedulerClock(clock)) {
      missing.push(`the trace buffers of ${array.name}: their clock is ${clock}, not that of the scheduler`);
      continue;
    }
    if (lastBootOf(array)) missing.push(`the trace buffers of ${array.name}: their entries are from the boot before`);
    else yield* arrayEvents(kernel, array, missing);
  }
}

function* arrayEvents(
  kernel: Kernel,
  array: TraceArray,
  missing: string[],
): Generator<TimelineEvent | number, void, void> {
  const { entries, faults } = yield* traceEntries(kernel, array);
  for (const fault of faults) missing.push(`the trace buffers of ${array.name}: ${fault.message}`);
  for (const entry of entries) yield new EntryEvent(kernel, entry);
}

/** The event of an entry. Its text is made when it is read, because most of a million entries are not shown. */
class EntryEvent implements TimelineEvent {
  readonly kind = "trace";
  readonly entry: TraceEntry;
  private readonly kernel: Kernel;
  private formatted: EntryText | undefined;

  constructor(kernel: Kernel, entry: TraceEntry) {
    this.kernel = kernel;
    this.entry = entry;
  }

  get time(): bigint {
    return this.entry.time;
  }
  get cpu(): number {
    return this.entry.cpu;
  }
  get pid(): number {
    return this.entry.pid;
  }
  get comm(): string {
    return this.entry.comm;
  }
  get name(): string {
    const { name } = this.read();
    return name === "" ? (this.entry.event?.name ?? "") : name;
  }
  get text(): string {
    const { text, raw } = this.read();
    return raw ? `raw: ${text}` : text;
  }

  private read(): EntryText {
    return (this.formatted ??= entryText(this.kernel, this.entry));
  }
}

/**
 * Yields the last run of each task. @throws Fault after the events, if the list of tasks breaks, or times of tasks
 * cannot be read
 */
function* runEvents(kernel: Kernel): Generator<TimelineEvent, void, void> {
  const unread = new Unread("tasks");
  const { tasks, fault } = taskTable(kernel);
  for (const task of tasks) {
    const event = attempt((): TimelineEvent | undefined => {
      const time = lastArrival(task);
      if (time === 0n) return undefined;
      const [pid, comm, cpu] = [taskPid(task), taskComm(task), taskCpu(task)];
      return { time, kind: "run", cpu, pid, comm, name: "last run", text: "last got a CPU" };
    });
    if (event instanceof Fault) unread.add(event);
    else if (event) yield event;
  }
  if (fault) throw fault;
  unread.throwIfAny();
}

/** The low bits of a request's `cmd_flags` are its operation (REQ_OP_MASK). */
const OPERATION_MASK = 0xffn;

/** Returns the name of an operation (enum req_op, before v6.0 req_opf): "WRITE". */
function operationName(kernel: Kernel, operation: bigint): string {
  const known = kernel.types.enumerator("REQ_OP_READ")?.type.values ?? [];
  const name = known.find(({ value }) => value === operation)?.name;
  return name === undefined ? `operation ${operation}` : name.replace("REQ_OP_", "");
}

/** Yields the requests to disks. @throws Fault after the events, if requests could not be read */
function* requestEvents(kernel: Kernel): Generator<TimelineEvent, void, void> {
  const unread = new Unread("disks or requests");
  const now = newestClock(kernel);
  for (const disk of disks(kernel)) {
    const requests = attempt(() => [...inFlightRequests(disk)]);
    if (requests instanceof Fault) {
      unread.add(requests);
      continue;
    }
    for (const request of requests) {
      const event = attempt((): TimelineEvent => {
        const age = requestAge(request);
        const operation = operationName(kernel, request.at("cmd_flags").value() & OPERATION_MASK);
        const place = `sector ${request.at("__sector").value()}, ${request.at("__data_len").value()} bytes`;
        return {
          ...{ time: now - age, kind: "io", cpu: undefined, pid: undefined, comm: undefined },
          name: disk.at("disk_name").text(),
          text: `${operation} at ${place}, in flight for ${(Number(age) / 1e9).toFixed(3)} s`,
        };
      });
      if (event instanceof Fault) unread.add(event);
      else yield event;
    }
  }
  unread.throwIfAny();
}
