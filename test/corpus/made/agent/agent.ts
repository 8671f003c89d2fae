/**
 * The scripted agent: follows skills/vmcore-debug/SKILL.md without a model, without the tools `verdict` and `run`. It
 * decides by kinds of reports, roles of frames, registers and locks, never by what only one dump contains.
 */
import type { Finding } from "../truth.ts";
import { badPointer } from "./badPointer.ts";
import type { Connection } from "./connection.ts";
import { finding } from "./finding.ts";
import { type FrameElement, Frames } from "./frames.ts";
import { waiting } from "./waiting.ts";

/** What the agent says: the kind of the crash, and statements in the form of findings. */
export interface Conclusion {
  readonly kind: string;
  readonly findings: readonly Finding[];
}

/** Kinds in which the machine stopped because something did not go on. */
const STALLS = /^(?:hung-task|soft-lockup|hard-lockup|rcu-stall|workqueue-lockup|nmi|spinlock)$/;
/** Kinds in which a stack ran over. */
const STACKS = /^stack-(?:guard|overflow)$/;
/** Messages of panics that name their reason themselves: no function is at fault. */
const REASONS = /Attempted to kill init|Unable to mount root|[Oo]ut of memory|NMI: Not continuing/;

/** Finds out why the kernel stopped. */
export async function conclude(connection: Connection, path: string): Promise<Conclusion> {
  const opened = await connection.ask("open_dump", { path });
  const { kind } = opened?.data[0] as { readonly kind: string | null };
  const lines = ((await connection.ask("log", { crash: true }))?.data ?? []) as readonly { readonly text: string }[];
  const report = lines.map(({ text }) => text);
  const pid = reportedPid(report);
  const task = pid === undefined ? undefined : String(pid);
  const elements = ((await connection.ask("stack", { ...(task !== undefined && { task }) }))?.data ??
    []) as readonly FrameElement[];
  const frames = new Frames(
    connection,
    elements.filter((one) => one.pc !== undefined),
    task,
  );
  const findings: Finding[] = [];
  const guilty = STACKS.test(kind ?? "") ? repeated(frames.elements) : frames.elements.find(isCandidate);
  const isNamed = guilty && kind !== "oom" && !isIdle(guilty) && !report.some((line) => REASONS.test(line));
  if (isNamed) findings.push(finding("where.guilty", { function: plain(guilty.function ?? "") }));
  if (STALLS.test(kind ?? "")) findings.push(...(await waiting(connection, pid ?? runningPid(report))));
  else {
    const trapped = frames.elements.findIndex(({ trap, role }) => trap != null && role !== "report");
    if (trapped >= 0) findings.push(...(await badPointer(frames, trapped)));
  }
  return { kind: kind ?? "none", findings };
}

const isCandidate = ({ function: name, role, doubt }: FrameElement): boolean =>
  name != null && role === null && doubt !== "scan";

/** Whether a CPU did nothing: then its stack says nothing of the cause. */
const isIdle = ({ function: name }: FrameElement): boolean => /idle|safe_halt/.test(name ?? "");

/** Returns a function's name without the suffixes of the compiler. */
const plain = (name: string): string => name.replace(/\.(?:cold|isra|constprop|part).*$/, "");

/** Returns the task that the report is about; undefined if it names none. */
function reportedPid(lines: readonly string[]): number | undefined {
  for (const line of lines.slice(0, 12)) {
    const pid = /\btask .{1,40}:(\d+) blocked\b/.exec(line)?.[1] ?? /stuck for \d+s! \[.{1,40}:(\d+)\]/.exec(line)?.[1];
    if (pid !== undefined && pid !== "0") return Number(pid);
  }
  return undefined;
}

/** Returns the task that ran on the CPU which printed the report; undefined if it does not say which. */
function runningPid(lines: readonly string[]): number | undefined {
  for (const line of lines) {
    const pid = /^CPU: \d+ (?:UID: \d+ )?PID: (\d+) /.exec(line)?.[1];
    if (pid !== undefined) return Number(pid);
  }
  return undefined;
}

/**
 * Returns the first frame of the function that is most often on the stack, if it calls itself. Of functions that call
 * each other, one of a module is taken.
 */
function repeated(elements: readonly FrameElement[]): FrameElement | undefined {
  const counts = new Map<string, number>();
  for (const { function: name } of elements) if (name != null) counts.set(name, (counts.get(name) ?? 0) + 1);
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  if (!most || most[1] < 4) return elements.find(isCandidate);
  const isPartner = ({ function: name }: FrameElement): boolean => (counts.get(name ?? "") ?? 0) >= most[1] - 1;
  return (
    elements.find((one) => isPartner(one) && one.module != null) ??
    elements.find(({ function: name }) => name === most[0])
  );
}
