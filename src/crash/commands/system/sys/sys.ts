/** The `sys` command: gives an overview of the crashed system. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { presentPages } from "../../../../linux/mm/mm.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { panicMessage } from "../../../../linux/printk/panic.ts";
import { taintedMask, taintLetters } from "../../../../linux/module/taint.ts";
import { taskTable } from "../../../../linux/sched/task.ts";
import { crashTime, loadAverages, tickTime, uptime } from "../../../../linux/time/timekeeping.ts";
import { kernelConfig } from "../../../../linux/kernelConfig.ts";
import { utsname } from "../../../../linux/utsname.ts";
import { globalU32 } from "../../../../linux/vmcoreinfo.ts";
import { missingTasks } from "../../../language/taskSelector.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { command, type Context, type SessionFacts } from "../../../language/command.ts";
import { cpuCount, cpuText, megahertz } from "../cpuCounts.ts";
import { anyNumber } from "../../../language/number.ts";
import { dateText, durationText, sizeText } from "../../../../render/quantity.ts";
import { type Piece, type Pieces, record, text } from "../../../../say/piece.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { WrongUse } from "../../../language/wrongUse.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { form, table, TableLayout } from "../../../../render/layout.ts";
import type { Form, Table } from "../../../../say/table.ts";
import { type DmiString, dmiStrings, type SystemCall, systemCallName, systemCalls } from "./machineData.ts";

export const sys = command({
  name: "sys",
  readsOnly: true,
  summary: "overview: kernel, machine, panic reason",
  usage: "[-c [name|number]] [-t] [-i] [config]",
  options: [
    { flag: "-c", help: "system calls: all of them, those whose names contain a text, or one by its number" },
    { flag: "-t", help: "why the kernel is tainted: the mask and its letters" },
    { flag: "-i", help: "the firmware's description of the machine (DMI)" },
  ],
  description:
    "Shows which kernel crashed, when, on what machine and why. With config, shows the kernel's .config, if it was built with CONFIG_IKCONFIG.",
  examples: [
    { line: "sys", shows: "Kernel, machine, time and reason of the panic." },
    { line: "sys -c select", shows: "Numbers and places of the select system calls." },
    { line: "sys -c readv", shows: "System calls by name." },
    { line: "sys -t", shows: "Whether foreign modules or earlier warnings taint the kernel." },
  ],
  records: () => [
    { line: "sys", fields: overviewForm.columns },
    { line: "sys -c", fields: callsTable().columns },
    { line: "sys -t", fields: taintTable.columns },
    { line: "sys -i", fields: dmiTable.columns },
  ],
  *run(context, args) {
    const { kernel } = context;
    if (args.has("-c")) yield* calls(context, args.rest[0]);
    else if (args.has("-t")) yield taint(kernel);
    else if (args.has("-i")) yield* dmi(kernel);
    else if (args.rest[0] === "config") yield* config(kernel);
    else if (args.rest.length > 0) throw new WrongUse(`no such argument: ${args.rest.join(" ")}`);
    else {
      yield form(kernel, overviewForm, context, { isAnswer: true });
      // If there are no tasks, the TASKS row shows the reason.
      if (taskTable(kernel).tasks.length > 0) yield* missingTasks(kernel, "sys: ");
    }
  },
});

/** The rows of the overview, in crash's order. A value that the dump does not contain is shown as a fault. */
export const overviewForm: Form<Context, PageKeys["sys"]> = {
  width: 12,
  columns: {
    kernel: {
      kind: "text",
      title: "KERNEL",
      about: "path of the vmlinux; null without one",
      value: ({ session }) => session.vmlinux,
      text: (path, { kernel }) => `${path}${taintMark(kernel)}`,
      absent: ({ kernel }) => `${withoutVmlinux(kernel)}${taintMark(kernel)}`,
    },
    tainted: { kind: "flag", value: ({ kernel }) => taintedMask(kernel) !== 0n },
    dumpFiles: {
      kind: "data",
      title: "DUMPFILE",
      about: "paths",
      value: ({ session }) => session.vmcore,
      text: (_, { session }) => `${session.vmcore.join(" ")}${partMark(session)}`,
    },
    incomplete: {
      kind: "flag",
      about: "the dump was not written completely",
      value: ({ session }) => session.incomplete,
    },
    erased: {
      kind: "text",
      title: "ERASED",
      about: "data that a filter erased from the dump",
      value: ({ session }) => session.erased,
    },
    cpus: {
      kind: "number",
      title: "CPUS",
      value: ({ kernel }) => cpuCount(kernel).present,
      text: (_, { kernel }) => cpuText(kernel),
    },
    offlineCpus: { kind: "number", value: ({ kernel }) => cpuCount(kernel).offline },
    date: {
      kind: "time",
      title: "DATE",
      about: "of the crash",
      unit: "date",
      value: ({ kernel, session }) => attemptOr(() => crashTime(kernel), session.timestamp),
      text: dateText,
    },
    uptime_ns: {
      kind: "nanoseconds",
      title: "UPTIME",
      value: ({ kernel }) => tickTime(kernel),
      text: (_, { kernel }) => durationText(uptime(kernel)),
    },
    loadAverage: {
      kind: "data",
      title: "LOAD AVERAGE",
      about: "over 1, 5 and 15 minutes",
      value: ({ kernel }) => loadAverages(kernel).map(Number),
      text: (_, { kernel }) => loadAverages(kernel).join(", "),
    },
    tasks: { kind: "number", title: "TASKS", value: ({ kernel }) => taskCount(kernel) },
    nodename: { kind: "text", title: "NODENAME", value: ({ kernel }) => utsname(kernel).nodename },
    release: { kind: "text", title: "RELEASE", value: ({ kernel }) => utsname(kernel).release },
    version: { kind: "text", title: "VERSION", value: ({ kernel }) => utsname(kernel).version },
    machine: {
      kind: "text",
      title: "MACHINE",
      value: ({ kernel }) => utsname(kernel).machine,
      text: (machine, { kernel }) => `${machine}  (${megahertz(kernel) ?? "unknown"} Mhz)`,
    },
    megahertz: { kind: "number", about: "x86 only", value: ({ kernel }) => megahertz(kernel) },
    memory: {
      kind: "number",
      title: "MEMORY",
      unit: "bytes",
      value: ({ kernel }) => presentPages(kernel) * pageSize(kernel),
      text: sizeText,
    },
    panic: {
      kind: "text",
      title: "PANIC",
      about: "null for a machine that did not panic",
      value: ({ kernel }) => panicMessage(kernel),
      text: (message) => `"${message}"`,
      absent: "(no panic: the machine was running)",
    },
  },
};

const taintMark = (kernel: Kernel): string => (attempt(() => taintedMask(kernel) !== 0n) === true ? "  [TAINTED]" : "");

const partMark = ({ incomplete, dumpLevel }: SessionFacts): string =>
  incomplete ? "  [INCOMPLETE]" : dumpLevel ? "  [PARTIAL DUMP]" : "";

/** Returns the text that replaces the path of the vmlinux when symbols and types come from the dump alone. */
function withoutVmlinux(kernel: Kernel): string {
  const sources = [...kernel.symbols.sources, ...kernel.types.sources];
  return `(no vmlinux; from the dump: ${sources.length > 0 ? [...new Set(sources)].join(", ") : "nothing"})`;
}

/**
 * Returns the value of `read`, or `other` if it throws a Fault.
 * @throws Fault of `read` if `other` is undefined, or if the data is damaged
 */
function attemptOr<T>(read: () => T, other: T | undefined): T {
  const value = attempt(read);
  if (!(value instanceof Fault)) return value;
  if (other === undefined || value.kind === "corrupt") throw value;
  return other;
}

/** Returns the number of listed tasks; if none can be listed, the kernel's own count plus one idle task per CPU. */
function taskCount(kernel: Kernel): number {
  const { tasks, fault } = taskTable(kernel);
  if (!fault || tasks.length > 0) return tasks.length;
  const counted = globalU32(kernel, "nr_threads");
  if (counted === undefined) throw fault;
  return counted + possibleCpus(kernel).length;
}

/** The table of taints. A row is the taint mask. */
export const taintTable: Table<{ readonly kernel: Kernel; readonly mask: bigint }> = {
  columns: {
    mask: { kind: "integer", title: "", gap: "TAINTED_MASK: ", unit: "hex", value: ({ mask }) => mask, text: hex },
    letters: {
      kind: "text",
      title: "",
      gap: "  ",
      about: "of the flags",
      value: ({ kernel, mask }) => taintLetters(kernel, mask),
    },
  },
};

const taint = (kernel: Kernel): Piece =>
  new TableLayout(kernel, taintTable).row({ kernel, mask: BigInt(taintedMask(kernel)) });

export const dmiTable: Table<DmiString> = {
  columns: {
    name: { kind: "text", title: "", width: 25, align: "right", about: "of enum dmi_field", value: ({ name }) => name },
    value: { kind: "text", title: "", gap: ": ", value: ({ value }) => value() },
  },
};

function* dmi(kernel: Kernel): Pieces {
  const strings = dmiStrings(kernel);
  if (strings === undefined) yield text("sys: dmi_ident does not exist in this kernel");
  else if (strings.length === 0) yield text("sys: dmi_ident is empty: the firmware gave no DMI");
  else yield* table(kernel, dmiTable, strings, { heading: false });
}

function* config(kernel: Kernel): Pieces {
  const lines = yield* kernelConfig(kernel);
  if (lines === undefined) return yield text("sys: kernel_config_data does not exist in this kernel");
  for (const line of lines) yield record(line, line);
}

interface Call extends SystemCall {
  readonly name: string;
  readonly source: { readonly file: string; readonly line: number } | undefined;
}

/** The table of system calls. @param radix radix of the numbers */
export const callsTable = (radix: 10 | 16 = 10): Table<Call> => ({
  columns: {
    number: {
      kind: "number",
      title: "NUM",
      width: 3,
      value: ({ number }) => number,
      text: (number) => number.toString(radix),
    },
    name: {
      kind: "symbol",
      title: "SYSTEM CALL",
      width: 26,
      gap: "  ",
      value: ({ name }) => name,
      text: (name, { address }) => ({ as: "symbol", text: name, address }),
    },
    address: { kind: "address", value: ({ address }) => address },
    file: {
      kind: "text",
      title: "FILE AND LINE NUMBER",
      about: "with debuginfo",
      value: ({ source }) => source?.file,
      text: (file, { source }) => ({
        as: "source",
        text: `${fromBuild(file)}: ${source?.line}`,
        file,
        line: source?.line ?? 0,
      }),
    },
    line: { kind: "number", value: ({ source }) => source?.line },
  },
});

function* calls({ kernel, radix }: Context, wanted: string | undefined): Pieces {
  const layout = new TableLayout(kernel, callsTable(radix));
  let isFirst = true;
  const one = wanted === undefined ? undefined : anyNumber(wanted);
  for (const { number, address } of systemCalls(kernel)) {
    const name = systemCallName(kernel, address);
    if (wanted !== undefined && (one === undefined ? !name.includes(wanted) : one !== BigInt(number))) continue;
    if (isFirst) yield layout.heading();
    isFirst = false;
    yield layout.row({ number, address, name, source: kernel.code.scopes(address).at(-1)?.source });
  }
  if (isFirst && wanted !== undefined) throw new UsageError(`no system call matches ${wanted}; "sys -c" lists them`);
  if (isFirst) throw Fault.of("unknown", "there is no symbol sys_call_table, or it does not point to code");
}

/** Returns a file name as crash prints it, relative to a directory inside the source tree. */
const fromBuild = (file: string): string => (file.startsWith("/") ? file : `../${file}`);
