/** The lines of the function_graph tracer, as `trace show` prints them. */
import { padDigits } from "../../../base/hex.ts";
import { possibleCpus } from "../../../kernel/cpumask.ts";
import type { TraceEntry } from "../../../linux/trace/entryText.ts";
import { type GraphLine, graphLines } from "../../../linux/trace/functionGraph.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { TableLayout } from "../../../render/layout.ts";
import { aligned } from "../../../render/pad.ts";
import { type Pieces, text } from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";

/** Yields the tree of calls. @param lastOf selects the lines that are shown */
export function* graph(
  kernel: Kernel,
  entries: readonly TraceEntry[],
  lastOf: (lines: readonly GraphLine[]) => readonly GraphLine[],
): Pieces {
  const width = digitsOfCpus(kernel);
  const layout = new TableLayout(kernel, graphTable(width));
  if (entries.length > 0) yield layout.heading();
  for (const line of lastOf([...graphLines(kernel, entries)])) {
    const { entry, switchedFrom, interrupt } = line;
    const cpu = aligned(`${entry.cpu})`, width + 2, "right");
    if (switchedFrom) yield text(RULE, `${cpu} ${centred(switchedFrom)} => ${centred(entry)}`, RULE, "");
    if (interrupt.begins) yield text(`${cpu}   ==========> |`);
    yield layout.row(line, () => moreLines(line));
    if (interrupt.ends) yield text(`${cpu}   <========== |`);
  }
}

const RULE = " ------------------------------------------";

/** Stacks have a line for each frame. */
const moreLines = (line: GraphLine): [string][] =>
  line.text
    .split("\n")
    .slice(1)
    .map((one) => [one]);

/** Digits of the highest number of a CPU. */
const digitsOfCpus = (kernel: Kernel): number => String(Math.max(0, ...possibleCpus(kernel))).length;

/** Width of a task between CPU switches (TRACE_GRAPH_PROCINFO_LENGTH), and the letters of its name. */
const TASK_WIDTH = 14;
const NAME_LENGTH = 7;

const centred = ({ comm, pid }: Pick<TraceEntry, "pid" | "comm">): string =>
  aligned(`${comm.slice(0, NAME_LENGTH)}-${pid}`, TASK_WIDTH, "center");

/** Marks of long calls by the nanoseconds that they exceed (kernel/trace/trace_output.c: mark[]). */
const MARKS: readonly (readonly [bigint, string])[] = [
  [1_000_000_000n, "$"],
  [100_000_000n, "@"],
  [10_000_000n, "*"],
  [1_000_000n, "#"],
  [100_000n, "!"],
  [10_000n, "+"],
];

/** Width of a duration with its unit. */
const DURATION_WIDTH = 12;

const markOf = (duration: bigint): string => MARKS.find(([limit]) => duration > limit)?.[1] ?? " ";

/** Returns a duration in microseconds, with as many decimals as seven digits leave. */
function durationText(duration: bigint): string {
  const whole = String(duration / 1000n);
  const rest = padDigits(duration % 1000n, 3);
  const number = whole.length < 7 ? `${whole}.${rest.slice(0, 7 - whole.length)}` : whole;
  // A longer number moves the rest of the line.
  return aligned(`${number} us `, DURATION_WIDTH, "left");
}

/** The table of calls, in the layout of the trace file. @param width digits of a CPU */
export const graphTable = (width: number): Table<GraphLine> => ({
  columns: {
    cpu: {
      kind: "number",
      title: "CPU",
      width: width + 2,
      value: ({ entry }) => entry.cpu,
      text: (cpu) => `${cpu})`,
    },
    mark: {
      kind: "text",
      title: "",
      screenOnly: true,
      width: 1,
      value: ({ duration }) => (duration === undefined ? " " : markOf(duration)),
    },
    duration_ns: {
      kind: "nanoseconds",
      title: "DURATION",
      about: "of a call that ended; a sign before it marks one above 10 us, 100 us, 1 ms, 10 ms, 100 ms, 1 s",
      align: "left",
      width: DURATION_WIDTH,
      value: ({ duration }) => duration,
      text: durationText,
    },
    text: {
      kind: "text",
      title: "FUNCTION CALLS",
      gap: "|  ",
      titleGap: "   ",
      value: (line) => line.text,
      text: (said, { depth }) => `${aligned("", 2 * depth, "left")}${said.split("\n", 1)[0] ?? ""}`,
    },
    depth: { kind: "number", about: "calls around it", value: ({ depth }) => depth },
    function: { kind: "text", value: (line) => line.function },
    pid: { kind: "number", value: ({ entry }) => entry.pid },
    comm: { kind: "text", value: ({ entry }) => entry.comm },
    time_ns: { kind: "nanoseconds", about: "by the clock of the instance", value: ({ entry }) => entry.time },
    event: { kind: "text", about: "name of the event", value: ({ entry }) => entry.event?.name },
  },
});
