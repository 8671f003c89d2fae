import { attempt, Fault } from "../../../../base/fault.ts";
import { hex0x } from "../../../../base/hex.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { presentPages } from "../../../../linux/mm/mm.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { panicMessage } from "../../../../linux/printk/panic.ts";
import { taintedMask, taintLetters } from "../../../../linux/module/taint.ts";
import { taskTable } from "../../../../linux/sched/task.ts";
import { crashTime, loadAverages, uptime } from "../../../../linux/time/timekeeping.ts";
import { utsname } from "../../../../linux/utsname.ts";
import { globalU32 } from "../../../../linux/vmcoreinfo.ts";
import { missingTasks } from "../../../language/taskSelector.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { type Cell, cell, faultCell } from "../../../say/cell.ts";
import { command, type Context } from "../../../language/command.ts";
import { cpuCounts, megahertz } from "../cpuCounts.ts";
import { anyNumber } from "../../../language/number.ts";
import { dateText, durationText, sizeText } from "../../../say/quantity.ts";
import { type Json, type Line, type Piece, record, type Span, text } from "../../../say/piece.ts";
import { WrongUse } from "../../../language/wrongUse.ts";
import { dmiStrings, kernelConfig, systemCallName, systemCalls } from "./kernelConfig.ts";

export const sys = command({
  name: "sys",
  readsOnly: true,
  summary: "what was running, where, and why it stopped",
  usage: "[-c [name|number]] [-t] [-i] [config]",
  options: [
    { flag: "-c", help: "system calls: all of them, those whose names contain a text, or one by its number" },
    { flag: "-t", help: "why the kernel is tainted: the mask and its letters" },
    { flag: "-i", help: "what the firmware says of the machine (DMI)" },
  ],
  description:
    "Says which kernel crashed, when, on what machine and why. With config, the kernel's own .config, where it was built with CONFIG_IKCONFIG.",
  examples: [
    { line: "sys", shows: "The first questions of any crash." },
    { line: "sys -c select", shows: "Numbers and places of the select system calls." },
    { line: "sys -c readv", shows: "System calls by name." },
    { line: "sys -t", shows: "Whether foreign modules or earlier warnings taint the kernel." },
  ],
  *run(context, args) {
    const { kernel } = context;
    if (args.has("-c")) yield* calls(context, args.rest[0]);
    else if (args.has("-t")) yield taint(kernel);
    else if (args.has("-i")) yield* dmi(kernel);
    else if (args.rest[0] === "config") yield* config(kernel);
    else if (args.rest.length > 0) throw new WrongUse(`no such argument: ${args.rest.join(" ")}`);
    else {
      yield overview(context);
      // Without any task the row of tasks says why.
      if (taskTable(kernel).tasks.length > 0) yield* missingTasks(kernel, "sys: ");
    }
  },
});

function overview(context: Context): Piece {
  const rows = facts(context);
  const data: Record<string, Json> = {};
  for (const [label, { json }] of rows) data[label.toLowerCase().replace(" ", "-")] = json;
  const lines = rows.map(([label, { span }]): Line => [{ as: "title", text: label.padStart(12) }, ": ", span]);
  const unread = rows.flatMap(([, { span }]) => (typeof span !== "string" && span.as === "fault" ? [span.fault] : []));
  return { kind: "record", data, lines, unread: unread[0] };
}

/** What crash says, in its order; a fact that this dump cannot give is a fault in its place. */
function facts(context: Context): [string, Cell][] {
  const { kernel, session } = context;
  const tainted = attempt(() => taintedMask(kernel) !== 0n) === true ? "  [TAINTED]" : "";
  const partial = session.incomplete ? "  [INCOMPLETE]" : session.dumpLevel ? "  [PARTIAL DUMP]" : "";
  const uts = (name: keyof ReturnType<typeof utsname>): Cell => cell(() => utsname(kernel)[name]);
  return [
    ["KERNEL", { span: `${session.vmlinux ?? withoutVmlinux(kernel)}${tainted}`, json: session.vmlinux ?? null }],
    ["DUMPFILE", { span: `${session.vmcore.join(" ")}${partial}`, json: session.vmcore }],
    ...(session.erased === undefined
      ? []
      : [["ERASED", { span: session.erased, json: session.erased }] as [string, Cell]]),
    ["CPUS", cell(() => cpuCounts(kernel))],
    ["DATE", cell(() => dateText(attemptOr(() => crashTime(kernel), session.timestamp)))],
    ["UPTIME", cell(() => durationText(uptime(kernel)))],
    ["LOAD AVERAGE", cell(() => loadAverages(kernel).join(", "))],
    ["TASKS", cell(() => taskCount(kernel))],
    ["NODENAME", uts("nodename")],
    ["RELEASE", uts("release")],
    ["VERSION", uts("version")],
    ["MACHINE", cell(() => machine(kernel))],
    ["MEMORY", cell(() => sizeText(presentPages(kernel) * pageSize(kernel)))],
    ["PANIC", panic(kernel)],
  ];
}

/** Where the dump alone gives symbols and types, it says so instead of a path. */
function withoutVmlinux(kernel: Kernel): string {
  const sources = [...kernel.symbols.sources, ...kernel.types.sources];
  return `(no vmlinux; from the dump: ${sources.length > 0 ? [...new Set(sources)].join(", ") : "nothing"})`;
}

/** @throws Fault of `read` when there is no other answer, and of damage, which is to be seen */
function attemptOr<T>(read: () => T, other: T | undefined): T {
  const value = attempt(read);
  if (!(value instanceof Fault)) return value;
  if (other === undefined || value.kind === "corrupt") throw value;
  return other;
}

/** Tasks that can be listed; without types, the kernel's own count and an idle task for each CPU. */
function taskCount(kernel: Kernel): number {
  const { tasks, fault } = taskTable(kernel);
  if (!fault || tasks.length > 0) return tasks.length;
  const counted = globalU32(kernel, "nr_threads");
  if (counted === undefined) throw fault;
  return counted + possibleCpus(kernel).length;
}

const machine = (kernel: Kernel): string => `${utsname(kernel).machine}  (${megahertz(kernel) ?? "unknown"} Mhz)`;

function panic(kernel: Kernel): Cell {
  const message = attempt(() => panicMessage(kernel));
  if (message instanceof Fault) return faultCell(message);
  if (message === undefined) return { span: "(no panic: the machine was running)", json: null };
  return { span: `"${message}"`, json: message };
}

function taint(kernel: Kernel): Piece {
  const mask = taintedMask(kernel);
  const letters = taintLetters(kernel, mask);
  return record({ mask: hex0x(mask), letters }, `TAINTED_MASK: ${mask.toString(16)}  ${letters}`);
}

function* dmi(kernel: Kernel): Generator<Piece, void, void> {
  const strings = dmiStrings(kernel);
  if (strings === undefined) return yield text("sys: dmi_ident does not exist in this kernel");
  if (strings.length === 0) return yield text("sys: dmi_ident is empty: the firmware gave no DMI");
  for (const { name, value } of strings) {
    const { span, json } = cell(() => value());
    yield record({ name, value: json }, [`${name.padStart(25)}: `, span]);
  }
}

function* config(kernel: Kernel): Generator<Piece, void, void> {
  const lines = yield* kernelConfig(kernel);
  if (lines === undefined) return yield text("sys: kernel_config_data does not exist in this kernel");
  for (const line of lines) yield record(line, line);
}

function* calls({ kernel, radix }: Context, wanted: string | undefined): Generator<Piece, void, void> {
  yield text([{ as: "title", text: "NUM  SYSTEM CALL                FILE AND LINE NUMBER" }]);
  const one = wanted === undefined ? undefined : anyNumber(wanted);
  for (const { number, address } of systemCalls(kernel)) {
    const name = systemCallName(kernel, address);
    if (wanted !== undefined && (one === undefined ? !name.includes(wanted) : one !== BigInt(number))) continue;
    const source = kernel.code.scopes(address).at(-1)?.source;
    const line: Span[] = [number.toString(radix).padStart(3), "  ", { as: "symbol", text: name.padEnd(26), address }];
    if (source) line.push(" ", { as: "source", text: `${fromBuild(source.file)}: ${source.line}`, ...source });
    yield record({ number, name, address: hex0x(address), file: source?.file, line: source?.line }, line);
  }
}

/** crash tells where a file is from a directory within the tree. */
const fromBuild = (file: string): string => (file.startsWith("/") ? file : `../${file}`);
