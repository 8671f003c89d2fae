/** Lines that another CPU printed into a report, in a log whose lines have no callers. */
import { AFTER_HUNG, END, isTraceLine, RULE } from "./forms.ts";
import type { ReportKind } from "./kinds.ts";
import type { LogLine } from "./lines.ts";
import { isMachineLine } from "./machines.ts";
import type { Report } from "./report.ts";

/** The lines within a report that others printed. */
export interface Others {
  /** Numbers of lines that another CPU printed, or of which the log does not show who printed them. */
  readonly lines: ReadonlySet<number>;
  /** Whether the log does not show which task the report is about. */
  readonly isTaskUnknown: boolean;
}

/** Kinds that print the stacks of several tasks or CPUs themselves. */
const OF_SEVERAL: ReadonlySet<ReportKind> = new Set([
  "soft-lockup",
  "hard-lockup",
  "rcu-stall",
  "workqueue-lockup",
  "sysrq",
  "panic",
  "oom",
  "kcsan",
  "sched-ext",
  "nmi",
  "machine-check",
  "spinlock",
]);
/** Kinds whose reports have the sections of KASAN, or those of SLUB. */
const WITH_OBJECT: ReadonlySet<ReportKind> = new Set(["kasan", "kfence", "slab", "kmsan"]);

/** dump_stack_print_info(): the first line of a stack or of registers; up to 3.9 it does not name the CPU. */
const HEADER = /^\s{0,32}(?:CPU: (\d{1,5}) (?:UID: \d{1,10} )?PID: (-?\d{1,10}) Comm: |Pid: (\d{1,10}), comm: )/;
/** The line above the entries of a stack. */
const STACK = /^\s{0,32}Call [Tt]race:/;
/** Other lines of a stack or of registers, besides entries of the trace. */
const DUMP =
  /^\s{0,32}(?:Call [Tt]race:|Hardware name:|Workqueue: |Code: |RIP: |<\/?[A-Z]{2,8}\d?>|Modules linked in:|Stack:|task: |\[[0-9a-f]{8}\])/;
/** The outermost functions of a stack: entries from user space, and the first functions of tasks and CPUs. */
const OUTERMOST =
  /^\s{0,32}(?:\[<[0-9a-f]{8,16}>\] )?(?:entry_(?:SYSCALL|SYSENTER|INT80)\w*|ret_from_fork\w*|system_call_fastpath|sysenter_\w+|tracesys\w*|el0t?_\w+|ret_fast_syscall|kernel_thread_helper|child_rip|secondary_startup\w*|rewind_stack_do_exit)\+0x/;
const OF_OBJECT = /^(?:Allocated by task|Freed by task|The buggy address|Memory state around)/;
/** By kind, the lines that name the task which a report is about. */
const OWNER: readonly (readonly [kinds: RegExp, line: RegExp])[] = [
  [/^(?:warning|refcount|odebug|usercopy|fortify|lock-bug|netdev-watchdog)$/, /^WARNING: CPU: \d+ PID: (\d+) /],
  [/^(?:kasan|kfence)$/, /\bby task .{1,40}\/(\d+)\s*$/],
  [/^lock-/, /^.{1,40}\/(\d+) (?:is trying|just changed|takes|is freeing|is leaving|is exiting|\[HC)/],
  [/^(?:lock-|rcu-usage)/, /^\d+ locks? held by .{1,40}\/(\d+)/],
  [/^(?:atomic-sleep|rcu-usage)$/, /, pid: (\d+), name: /],
];

/** Who prints, besides tasks that a first line names: KASAN in a report of another kind. */
const SANITIZER = "sanitizer";
/** The printer of a stack without such a line in a report, while no other task prints one. */
const OWN = "own";
/** Maximum number of lines before a report in which another one may have begun its stack. */
const BEFORE = 150;
/** Number of other lines in a row after which a stack without its outermost function has ended. */
const MAX_PAUSE = 3;
const NONE: Others = { lines: new Set(), isTaskUnknown: false };

interface Printer {
  readonly who: string;
  readonly cpu: string;
  /** The line in which the stack began. */
  readonly at: number;
  hasTrace: boolean;
}

/**
 * Finds the lines that others printed, by the tasks that the first lines of stacks name. A line of a stack belongs to
 * the only task that has begun a stack and not ended it. While two tasks have, the log does not show who printed the
 * line.
 * @param lines lines of the log
 * @param before the start of the report before
 */
export function othersIn(lines: readonly LogLine[], report: Report, before: number): Others {
  const { kind } = report.headline.row;
  if (report.caller !== undefined || OF_SEVERAL.has(kind)) return NONE;
  const end = Math.min(report.end, report.otherCpusLine ?? report.end);
  // Another task prints the stack of a hung one: no first line of a stack names it.
  const isShown = kind === "hung-task";
  const last = isShown ? endOfHung(lines, report.start, end) : end;
  const named = isShown ? OWN : ownerNamed(lines, report, last);
  const hasTime = lines[report.at]?.seconds !== undefined;
  const printers = new Printers(report.start, WITH_OBJECT.has(kind));
  const printed = new Map<number, string>();
  let own = named;
  let isTaskUnknown = false;
  for (let at = Math.max(before, report.start - BEFORE); at < last; at++) {
    const line = lines[at];
    // A line without a time among lines with one is a user program's.
    const isOfUser = line?.seconds === undefined && hasTime;
    if (!line || line.isForeign || isOfUser || line.caller !== undefined) continue;
    const header = HEADER.exec(line.text);
    const task = header ? taskIn(header) : undefined;
    if (task !== undefined && at >= report.start && named === undefined) {
      // The second task began its stack before that of the first one came.
      if (own !== undefined && own !== task && printers.isWaiting(own)) isTaskUnknown = true;
      own ??= task;
    }
    const who = printers.read(line.text, at, header);
    if (at >= report.start && at !== report.at && who !== undefined) printed.set(at, who);
  }
  const isOwn = (who: string): boolean =>
    !isTaskUnknown && (who === (own ?? "") || (who === OWN && (isShown || !printers.isOwnDoubtful)));
  const others = [...printed].filter(([, who]) => !isOwn(who));
  return { lines: new Set(others.map(([at]) => at)), isTaskUnknown };
}

function endOfHung(lines: readonly LogLine[], start: number, end: number): number {
  for (let at = start; at < end; at++) if (AFTER_HUNG.test(lines[at]?.text ?? "")) return at;
  return end;
}

/** Names a task by its PID; idle tasks, which all have PID 0, by their CPU too. */
const taskIn = ([, cpu = "", pid, old = ""]: RegExpExecArray): string => (pid === "0" ? `0 on ${cpu}` : (pid ?? old));

function ownerNamed(lines: readonly LogLine[], { headline, start }: Report, last: number): string | undefined {
  const { pid } = headline.groups;
  if (pid !== undefined) return pid === "0" ? undefined : pid;
  for (const [kinds, pattern] of OWNER) {
    if (!kinds.test(headline.row.kind)) continue;
    for (let at = start; at < last; at++) {
      const line = lines[at];
      const pid = line && !line.isForeign ? pattern.exec(line.text)?.[1] : undefined;
      if (pid !== undefined) return pid === "0" ? undefined : pid;
    }
  }
  return undefined;
}

const isDump = (text: string): boolean =>
  text !== "" && (HEADER.test(text) || DUMP.test(text) || isTraceLine(text) || isMachineLine(text));

/** The tasks that have begun to print a stack and not ended it. */
class Printers {
  private readonly start: number;
  private readonly isOfObject: boolean;
  private active: Printer[] = [];
  /** Who printed the last stack that ended; `""` if that was one of several. */
  private last: string | undefined;
  /** Number of lines since the last one of a stack. */
  private pause = 0;
  /** Stacks that ended while several tasks printed. */
  private ends = 0;
  /**
   * Whether a task began its stack while one that no line names was printed: which of the two is the report's is open.
   */
  isOwnDoubtful = false;

  /** @param start of the report @param isOfObject the report itself has the sections of KASAN */
  constructor(start: number, isOfObject: boolean) {
    this.start = start;
    this.isOfObject = isOfObject;
  }

  /** Whether a task has begun to print, and no entry of a stack came yet. */
  isWaiting(who: string): boolean {
    return this.active.some((one) => one.who === who && !one.hasTrace);
  }

  /** Returns who printed a line; undefined if it is not a line of a stack, `""` if the log does not show it. */
  read(text: string, at: number, header: RegExpExecArray | null): string | undefined {
    if (at === this.start) this.last = undefined;
    if (header) return this.begin(taskIn(header), header[1] ?? "", at);
    if (STACK.test(text)) this.beginStack(at);
    if (
      at >= this.start &&
      !this.isOfObject &&
      OF_OBJECT.test(text) &&
      !this.active.some(({ who }) => who === SANITIZER)
    )
      this.active.push({ who: SANITIZER, cpu: "", at, hasTrace: true });
    if (RULE.test(text)) this.active = this.active.filter(({ who }) => who !== SANITIZER);
    if (!isDump(text)) {
      this.pauseAt(text);
      return undefined;
    }
    this.pause = 0;
    const [only] = this.active;
    const who = this.active.length > 1 ? "" : (only?.who ?? this.last);
    if (isTraceLine(text)) for (const one of this.active) one.hasTrace = true;
    if (OUTERMOST.test(text)) this.endOne();
    return who;
  }

  /** A stack that no first line names is of the report, or of a task that another one shows (sched_show_task). */
  private beginStack(at: number): void {
    if (this.active.some((one) => !one.hasTrace && one.who !== SANITIZER)) return;
    const isAlone = this.active.length === 0 && at >= this.start;
    this.active.push({ who: isAlone ? OWN : `the stack at ${at}`, cpu: "", at, hasTrace: false });
    this.ends = 0;
  }

  private begin(who: string, cpu: string, at: number): string {
    if (this.active.some((one) => one.who === OWN)) this.isOwnDoubtful = true;
    // One task, or one CPU, prints one stack at a time.
    this.active = this.active.filter((one) => one.who !== who && (one.cpu !== cpu || cpu === ""));
    this.active.push({ who, cpu, at, hasTrace: false });
    this.pause = 0;
    this.ends = 0;
    return who;
  }

  private endOne(): void {
    if (this.active.length === 0 || ++this.ends < this.active.length) return;
    this.last = this.active.length === 1 ? this.active[0]?.who : "";
    this.active = [];
    this.ends = 0;
  }

  private pauseAt(text: string): void {
    const [only] = this.active;
    if (only === undefined || this.active.length > 1) return;
    if (END.test(text)) return this.endOne();
    if (++this.pause < MAX_PAUSE || !only.hasTrace) return;
    // A stack from before the report has ended unless it goes on within these lines.
    this.last = only.at < this.start ? undefined : only.who;
    this.active = [];
  }
}
