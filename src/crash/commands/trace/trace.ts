/** The `trace` command: the ring buffers of ftrace. */
import { attempt, Fault } from "../../../base/fault.ts";
import { padDigits } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { possibleCpus } from "../../../kernel/cpumask.ts";
import { entryFields, entryText, type EntryText, type TraceEntry } from "../../../linux/trace/entryText.ts";
import { clockName, cpuBuffers, isInNanoseconds, isRecording, TOP_INSTANCE, type TraceArray, traceArrays, tracerName } from "../../../linux/trace/traceArray.ts"; // prettier-ignore
import { lastBootOf } from "../../../linux/trace/lastBoot.ts";
import { traceEntries } from "../../../linux/trace/traceEntries.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { table, TableLayout } from "../../../render/layout.ts";
import { faultPiece, type Line, type Piece, type Pieces, progress, text } from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";
import { command, type Context, type Parsed } from "../../language/command.ts";
import { parseCpus } from "../../language/number.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import { dumpToFile, dumpToFolder } from "./dump.ts";
import { graph, graphTable } from "./graph.ts";

export const trace = command({
  name: "trace",
  readsOnly: (args) => args.rest[0] !== "dump",
  summary: "the ring buffers of ftrace",
  usage:
    "[list]\nshow [-e | -g] [-c cpus] [-i instance] [-n count]\ndump [-m] [-i instance] folder\ndump -t [-i instance] [file]",
  options: [
    { flag: "-c", argument: "cpus", help: "only entries of these CPUs" },
    { flag: "-e", help: "one line for each entry, of the function_graph tracer too" },
    { flag: "-g", help: "calls as a tree; default if the tracer of the instance is function_graph" },
    {
      flag: "-i",
      argument: "instance",
      help: `this instance; "show" without it: ${TOP_INSTANCE}, the one that is always there; "dump": all`,
    },
    { flag: "-m", help: "write the files that describe the buffers too" },
    { flag: "-t", help: "write one file that trace-cmd reads; default: trace.dat" },
    { flag: "-n", argument: "count", help: "only the last entries, or lines of the tree" },
  ],
  description: `Shows what ftrace recorded before the crash, from the dump alone.

"trace" lists the instances: the top one and those of tracefs' folder instances/, with a persistent one of the command line (trace_instance=) among them. "trace show" prints the entries as the file "trace" of the instance does: task, CPU, context, time, event.

"trace dump" writes the buffers as they are in the dump, with the entries that a reader consumed of its page: as the files trace_pipe_raw of tracefs in a folder, or with -t as one file that "trace-cmd report" reads.

Pointers are printed as they are, where the file "trace" prints a hash of them. The calls of the function_graph tracer are a tree, as with the default options of the tracer. An event whose format only the kernel's own code can evaluate has its fields instead, after "raw:".`,
  examples: [
    { line: "trace", shows: "The instances and how many entries each has." },
    { line: "trace show -n 20", shows: "The last entries." },
    { line: "trace show -c 0", shows: "Entries of one CPU." },
    { line: "trace dump -t /tmp/trace.dat", shows: "The file for trace-cmd, KernelShark and Perfetto." },
  ],
  records: () => [
    { line: "trace", fields: instancesTable.columns },
    { line: "trace show", fields: entriesTable(true).columns },
    { line: "trace show -g", fields: graphTable(1).columns },
  ],
  needs: ["types"],
  *run(context, args) {
    const [verb = "list", ...more] = args.rest;
    if (verb === "dump") return yield* dump(context, args, more);
    if (more.length > 0 || !["list", "show"].includes(verb))
      throw new WrongUse(`there is no "${args.rest.join(" ")}"; there are list, show and dump`);
    if (verb === "show") yield* show(context, args);
    else yield* table(context.kernel, instancesTable, traceArrays(context.kernel));
  },
});

/** @param paths the words after "dump" */
function* dump(context: Context, args: Parsed, paths: readonly string[]): Pieces {
  const { kernel } = context;
  const [path = args.has("-t") ? "trace.dat" : undefined] = paths;
  if (paths.length > 1 || path === undefined) throw new WrongUse("dump takes one folder, or with -t one file");
  const arrays = args.has("-i") ? [instanceNamed(kernel, args.value("-i") ?? TOP_INSTANCE)] : traceArrays(kernel);
  if (args.has("-t")) yield* dumpToFile(context, arrays, path);
  else yield* dumpToFolder(context, arrays, path, args.has("-m"));
}

const counted = (array: TraceArray, member: string): number =>
  cpuBuffers(array.array.kernel, array).reduce((sum, { buffer }) => sum + buffer.at(`${member}.a.counter`).number(), 0);

/** Returns the number of entries that were written and are still there, without those that a reader consumed. */
const entriesOf = (array: TraceArray): number =>
  counted(array, "entries") -
  counted(array, "overrun") -
  cpuBuffers(array.array.kernel, array).reduce((sum, { buffer }) => sum + buffer.at("read").number(), 0);

const sizeOf = (array: TraceArray): number =>
  cpuBuffers(array.array.kernel, array).reduce(
    (sum, one) => sum + one.buffer.at("nr_pages").number() * one.pageBytes,
    0,
  );

export const instancesTable: Table<TraceArray> = {
  gap: "  ",
  columns: {
    array: { kind: "address", title: "TRACE_ARRAY", value: ({ array }) => array.address },
    instance: { kind: "text", title: "INSTANCE", width: "rows", value: ({ name }) => name },
    tracer: { kind: "text", title: "TRACER", width: "rows", value: tracerName },
    recording: {
      kind: "flag",
      title: "ON",
      about: "whether it recorded at the crash",
      width: 3,
      value: isRecording,
      text: (is) => (is ? "yes" : "no"),
    },
    boot: {
      kind: "text",
      title: "BOOT",
      about: "whether the entries are from this boot or from the one before, for a persistent ring buffer",
      width: "rows",
      value: (array) => (lastBootOf(array) ? "before" : "this"),
    },
    clock: { kind: "text", title: "CLOCK", width: "rows", value: clockName },
    entries: { kind: "number", title: "ENTRIES", width: 8, value: entriesOf },
    overwritten: {
      kind: "number",
      title: "OVERWRITTEN",
      about: "entries that newer ones replaced",
      width: 11,
      value: (array) => counted(array, "overrun"),
    },
    bytes: {
      kind: "number",
      title: "BYTES",
      unit: "bytes",
      about: "of the buffers of all CPUs",
      width: 10,
      value: sizeOf,
    },
  },
};

/** Finds an instance by name. @throws UsageError if there is none */
export function instanceNamed(kernel: Kernel, name: string): TraceArray {
  const arrays = traceArrays(kernel);
  const found = arrays.find((one) => one.name === name);
  if (!found)
    throw new UsageError(`ftrace has no instance ${name}; it has ${arrays.map((one) => one.name).join(", ")}`);
  return found;
}

function* show({ kernel }: Context, args: Parsed): Pieces {
  const array = instanceNamed(kernel, args.value("-i") ?? TOP_INSTANCE);
  const cpus = args.has("-c") ? parseCpus(args.value("-c") ?? "", possibleCpus(kernel)) : undefined;
  const lastOf = lastChosen(args, "entries");
  const { entries, faults } = yield* withProgress("trace entries", traceEntries(kernel, array, cpus));
  if (lastBootOf(array)) yield text(`the entries of ${array.name} are from the boot before this one`);
  if (entries.length === 0 && faults.length === 0) yield text(emptyText(array, args));
  else if (isGraph(array, args)) yield* graph(kernel, entries, lastOf);
  else yield* oneByOne(kernel, array, lastOf(entries));
  for (const fault of faults) yield faultPiece(fault, "trace: ");
}

const emptyText = ({ name }: TraceArray, args: Parsed): string =>
  `the buffers of ${name} are empty${args.has("-c") ? ` on the CPUs of -c ${args.value("-c")}` : ""}`;

/** Whether calls are a tree: as -g and -e say, or by the tracer. */
function isGraph(array: TraceArray, args: Parsed): boolean {
  if (args.has("-g") && args.has("-e")) throw new WrongUse("-g and -e exclude each other");
  return args.has("-g") || (!args.has("-e") && attempt(() => tracerName(array)) === "function_graph");
}

function* oneByOne(kernel: Kernel, array: TraceArray, entries: readonly TraceEntry[]): Pieces {
  const layout = new TableLayout(kernel, entriesTable(isInNanoseconds(clockOf(array))));
  yield layout.heading();
  for (const entry of entries) {
    const row = shownEntry(kernel, entry);
    yield layout.row(row, () => moreLines(row));
  }
}

/** Runs a job that yields how much it has read. @param what the things that it reads, in the plural */
export function* withProgress<T>(what: string, job: Generator<number, T, void>): Generator<Piece, T, void> {
  for (let step = job.next(); ; step = job.next()) {
    if (step.done) return step.value;
    yield progress(what, step.value, 0);
  }
}

/** Returns the function that selects the last rows, as many as -n says. @throws WrongUse if that is not a number */
export function lastChosen(args: Parsed, what: string): <T>(rows: readonly T[]) => readonly T[] {
  const count = args.has("-n") ? Number(args.value("-n")) : Infinity;
  if (!(count > 0)) throw new WrongUse(`-n takes a number of ${what}`);
  return (rows) => rows.slice(Math.max(0, rows.length - count));
}

const clockOf = (array: TraceArray): string => {
  const clock = attempt(() => clockName(array));
  return clock instanceof Fault ? "unknown" : clock;
};

/** An entry with its text. */
interface ShownEntry {
  readonly kernel: Kernel;
  readonly entry: TraceEntry;
  readonly formatted: EntryText;
}

const shownEntry = (kernel: Kernel, entry: TraceEntry): ShownEntry => ({
  kernel,
  entry,
  formatted: entryText(kernel, entry),
});

/** Returns the name and the text of an entry as one text. */
export const wholeText = ({ name, text: formatted, raw }: EntryText): string =>
  `${name === "" ? "" : `${name}: `}${raw ? "raw: " : ""}${formatted}`;

const moreLines = ({ formatted }: ShownEntry): Line[] =>
  wholeText(formatted)
    .split("\n")
    .slice(1)
    .map((line) => [line]);

/**
 * Formats a time as the trace file does, rounded to microseconds. @param isSeconds false for clocks that do not count
 * nanoseconds
 */
export function traceTime(time: bigint, isSeconds: boolean): string {
  if (!isSeconds) return String(time);
  const micros = (time + 500n) / 1000n;
  return `${micros / 1_000_000n}.${padDigits(micros % 1_000_000n, 6)}`;
}

/** The table of entries, in the layout of the trace file. */
export const entriesTable = (isSeconds: boolean): Table<ShownEntry> => ({
  columns: {
    comm: { kind: "text", title: "TASK", width: 16, align: "right", value: ({ entry }) => entry.comm },
    pid: {
      kind: "number",
      title: "PID",
      titleAlign: "left",
      gap: "-",
      align: "left",
      width: 7,
      value: ({ entry }) => entry.pid,
    },
    cpu: {
      kind: "number",
      title: "CPU",
      width: 5,
      value: ({ entry }) => entry.cpu,
      text: (cpu) => `[${padDigits(cpu, 3)}]`,
    },
    context: {
      kind: "text",
      title: "CTX",
      about: "interrupts off, need to reschedule, context, preempt depth, migrate depth, each a letter",
      width: 5,
      value: ({ entry }) => entry.context,
    },
    time_ns: {
      kind: "nanoseconds",
      title: "TIME",
      about: "by the clock of the instance",
      width: 13,
      align: "right",
      value: ({ entry }) => entry.time,
      text: (time) => `${traceTime(time, isSeconds)}:`,
    },
    event: { kind: "text", about: "name of the event", value: ({ entry }) => entry.event?.name },
    system: { kind: "text", value: ({ entry }) => entry.event?.system },
    text: {
      kind: "text",
      title: "EVENT",
      value: ({ formatted }) => formatted.text,
      text: (_, { formatted }) => wholeText(formatted).split("\n", 1)[0] ?? "",
    },
    fields: {
      kind: "data",
      about: "the fields of the event by name: numbers of up to 53 bits, other values as text",
      value:
        ({ kernel, entry }) =>
        () =>
          entryFields(kernel, entry),
    },
    raw: {
      kind: "text",
      about: "why the text has the fields instead of the kernel's format",
      value: ({ formatted }) => formatted.raw?.message,
    },
  },
});
