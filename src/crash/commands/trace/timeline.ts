/** The `timeline` command: log lines, trace events, last runs of tasks and block requests in order of time. */
import { UsageError } from "../../../base/usageError.ts";
import { possibleCpus } from "../../../kernel/cpumask.ts";
import { newestClock } from "../../../linux/sched/sched.ts";
import { timeline as timelineOf, type TimelineEvent, type TimelineKind } from "../../../linux/trace/timeline.ts";
import type { PageKeys } from "../../../protocol/records.ts";
import { TableLayout } from "../../../render/layout.ts";
import { type Piece, type Pieces, progress, text } from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";
import { command, type Context, type Parsed } from "../../language/command.ts";
import { parseCpus } from "../../language/number.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import { perfettoText } from "./perfetto.ts";
import { lastChosen, traceTime, withProgress } from "./trace.ts";

const KINDS: readonly TimelineKind[] = ["log", "trace", "run", "io"];

export const timeline = command({
  name: "timeline",
  readsOnly: (args) => !args.has("--perfetto"),
  summary: "log, trace events, last runs of tasks and block requests by time",
  usage: "[-c cpus] [-k kinds] [-t task] [-s seconds] [-n count] [--perfetto file.json]",
  takesOnlyOptions: true,
  options: [
    { flag: "-c", argument: "cpus", help: "only events of these CPUs" },
    { flag: "-k", argument: "kinds", help: `only these kinds, separated by commas: ${KINDS.join(", ")}` },
    { flag: "-t", argument: "task", help: "only events of the task with this PID or name" },
    { flag: "-s", argument: "seconds", help: "only the last seconds before the crash" },
    { flag: "-n", argument: "count", help: "only the last events" },
    { flag: "--perfetto", argument: "file", help: "write the events to a file for ui.perfetto.dev" },
  ],
  description: `Shows what happened before the crash, oldest first, by the clock of the scheduler: messages of the log, entries of the trace buffers, when each task last got a CPU, and when the block requests in flight were started. The time of a request is accurate to a tick, because it is kept by another clock.

An instance of ftrace with another clock than "local", "global" or "perf" is left out, and the output says so.

The file of --perfetto is JSON in the Trace Event Format. It shows which task each CPU ran where sched_switch was recorded, the calls of the function_graph tracer, and the other events as instants of their tasks.`,
  examples: [
    { line: "timeline -n 30", shows: "The last events before the crash." },
    { line: "timeline -k log,run -s 2", shows: "Messages and last runs in the last two seconds." },
    { line: "timeline -t init", shows: "The events of a task." },
  ],
  records: () => [{ line: "timeline -n 5000", fields: timelineTable.columns }],
  *run(context, args) {
    const { kernel } = context;
    const lastOf = lastChosen(args, "events");
    const isChosen = chooserOf(context, args);
    const { events, missing } = yield* withProgress("events", timelineOf(kernel, { kinds: kindsOf(args) }));
    const chosen = events.filter(isChosen);
    const shown = lastOf(chosen);
    const file = args.value("--perfetto");
    if (file !== undefined) yield* writePerfetto(context, file, shown);
    else yield* shownEvents(context, shown);
    if (shown.length < chosen.length) yield earlierEvents(args, chosen.length - shown.length);
    for (const sentence of missing) yield text(`not shown: ${sentence}`);
  },
});

function* shownEvents({ kernel }: Context, events: readonly TimelineEvent[]): Pieces {
  const layout = new TableLayout(kernel, timelineTable);
  yield layout.heading();
  for (const event of events) yield layout.row(event);
}

/** Says how many events -n leaves out, with the line that includes them. */
function earlierEvents(args: Parsed, count: number): Piece {
  const others = ["-c", "-k", "-t", "-s"].filter((flag) => args.has(flag));
  const line = ["timeline", ...others.flatMap((flag) => [flag, args.value(flag) ?? ""])].join(" ");
  const sentence = `${count.toLocaleString("en")} earlier event${count === 1 ? " is" : "s are"} not in the table.`;
  return { kind: "omission", sentence, all: { title: "All events", line }, lines: [] };
}

function kindsOf(args: Parsed): readonly TimelineKind[] | undefined {
  const given = args.value("-k")?.split(",");
  const unknown = given?.find((one) => !KINDS.some((kind) => kind === one));
  if (unknown !== undefined) throw new WrongUse(`-k ${unknown}: not one of ${KINDS.join(", ")}`);
  return given && KINDS.filter((kind) => given.includes(kind));
}

/** Returns the test of an event by -c, -t and -s. */
function chooserOf({ kernel }: Context, args: Parsed): (event: TimelineEvent) => boolean {
  const cpus = args.has("-c") ? parseCpus(args.value("-c") ?? "", possibleCpus(kernel)) : undefined;
  const task = args.value("-t");
  const seconds = args.has("-s") ? Number(args.value("-s")) : undefined;
  if (seconds !== undefined && !(seconds >= 0 && seconds < 1e9)) throw new WrongUse("-s takes a number of seconds");
  const first = seconds === undefined ? undefined : newestClock(kernel) - BigInt(Math.round(seconds * 1e9));
  return (event) =>
    (cpus === undefined || (event.cpu !== undefined && cpus.includes(event.cpu))) &&
    (task === undefined || event.comm === task || String(event.pid) === task) &&
    (first === undefined || event.time >= first);
}

/** Writes the file for Perfetto. @throws UsageError if this front end writes no files */
function* writePerfetto({ kernel, createFile }: Context, path: string, events: readonly TimelineEvent[]): Pieces {
  if (!createFile) throw new UsageError("this front end writes no files; use the terminal");
  const file = createFile(path);
  let done = 0;
  try {
    const encoder = new TextEncoder();
    for (const part of perfettoText(kernel, events, newestClock(kernel))) {
      file.write(encoder.encode(part));
      if (++done % 1024 === 0) yield progress("events", done, events.length);
    }
  } finally {
    file.close();
  }
  yield text(`${events.length} events were written to ${path}; open it with https://ui.perfetto.dev`);
}

/** The table of events. */
export const timelineTable: Table<TimelineEvent, PageKeys["timeline -n 5000"]> = {
  gap: "  ",
  columns: {
    time_ns: {
      kind: "nanoseconds",
      title: "TIME",
      about: "since boot, by the clock of the scheduler",
      width: 13,
      align: "right",
      value: ({ time }) => time,
      text: (time) => traceTime(time, true),
    },
    kind: { kind: "text", title: "KIND", about: "log, trace, run or io", width: 5, value: ({ kind }) => kind },
    cpu: { kind: "number", title: "CPU", width: 3, value: ({ cpu }) => cpu },
    pid: { kind: "number", title: "PID", width: 7, value: ({ pid }) => pid },
    comm: { kind: "text", title: "COMM", width: 15, value: ({ comm }) => comm },
    event: { kind: "text", title: "EVENT", about: "trace event, disk, printk, or last run", width: 16, value: ({ name }) => name }, // prettier-ignore
    text: {
      kind: "text",
      title: "WHAT",
      value: ({ text: message }) => message,
      text: (message) => message.split("\n", 1)[0] ?? "",
    },
  },
};
