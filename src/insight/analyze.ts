/** Runs the checks on a crash and collects their findings into a verdict. */
import { attempt, Fault } from "../base/fault.ts";
import { panicMessage } from "../linux/printk/panic.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Check, Need, Step } from "./check.ts";
import { checks as allChecks } from "./checks.ts";
import { combined } from "./combine.ts";
import { asLogFrame, crashFacts, type CrashFacts } from "./crashFacts.ts";
import type { Finding } from "./finding.ts";
import { guiltyAmong } from "../log/guilty.ts";
import { withoutWrapper } from "../log/machinery.ts";
import { crashKey, guiltyFrame } from "./guiltyFrame.ts";
import { mechanismOf } from "./mechanisms.ts";
import { runCheck } from "./runCheck.ts";

/** A check that did not finish, and why. */
export interface Unchecked {
  readonly check: string;
  readonly because: string;
}

/** What the log and the stacks show without a check. */
export interface Headline {
  /** The report's title in the form that syzkaller uses. */
  readonly title: string;
  /** A key that is equal for the same bug on other machines and builds. */
  readonly key: string;
  /**
   * The kind of the report, in the terms of `log/`; "none" if the machine was running, "unknown" if it is not known
   * whether it was.
   */
  readonly kind: string;
  /** How the kernel noticed the failure; "none" and "unknown" as for `kind`. */
  readonly mechanism: string;
}

/** What happened, as far as the dump shows it. */
export interface Verdict extends Headline {
  readonly findings: readonly Finding[];
  readonly unchecked: readonly Unchecked[];
}

/** Time limit of one check, in milliseconds. Findings that the check yielded before the limit are kept. */
const MAX_MS = 2000;

/**
 * Returns the headline of a verdict, which needs no check.
 * @throws Fault if the log cannot be read
 */
export function headlineOf(kernel: Kernel): Headline {
  const crash = crashFacts(kernel);
  const { kind, panic, stopped } = crash;
  return {
    title: titleOf(crash) ?? panic?.text ?? untitled(stopped),
    key: crashKey(crash),
    kind: kind ?? (stopped ? "panic" : withoutStop(stopped)),
    mechanism: stopped ? mechanismOf(kind, panic?.text) : withoutStop(stopped),
  };
}

const withoutStop = (stopped: false | undefined): string => (stopped === undefined ? "unknown" : "none");

/** Returns the title of a dump whose log reports no failure. */
function untitled(stopped: boolean | undefined): string {
  if (stopped === undefined) return "it is not known whether the kernel panicked";
  return stopped ? "kernel panic: the log does not have the reason" : "no crash: the machine was running";
}

/** Returns the report's title. If the report names no function, adds the guilty function of the stack. */
function titleOf(crash: CrashFacts): string | undefined {
  const { report } = crash;
  if (!report || report.guilty || !/ in \{where\}$/.test(report.report.headline.row.title)) return report?.title;
  const { row } = report.report.headline;
  // The title of a stall names the function that a dispatcher called, which is not the guilty one.
  const name = row.guilty === "stall" ? guiltyAmong(crash.frames.map(asLogFrame), row).name : undefined;
  const named = name ?? guiltyFrame(crash)?.function;
  return named === undefined ? report.title : `${report.title} in ${withoutWrapper(named)}`;
}

/** Runs every check that applies to the crash. Each check has a limit of two seconds. A fault ends that check only. */
export function* analyze(kernel: Kernel, checks: readonly Check[] = allChecks): Generator<Step, Verdict, void> {
  const analysis = new Analysis(kernel, checks);
  yield* analysis.advance(() => false);
  return analysis.verdict;
}

/** A check and its progress. */
interface CheckRun {
  readonly check: Check;
  state: "waiting" | "running" | "ended";
  /** Why it did not finish. */
  because?: string | undefined;
  work?: Generator<Step, string | undefined, void>;
  readonly findings: Finding[];
  readonly isFirst: boolean;
}

/** How many checks have ended, of how many, and the one that runs. */
export interface AnalysisProgress {
  readonly done: number;
  readonly total: number;
  readonly running: string | undefined;
}

/**
 * The verdict on a kernel while its checks run. Several callers may advance it by turns: each check runs once, and
 * stops between two steps while no caller advances it.
 */
export class Analysis {
  private readonly kernel: Kernel;
  private readonly headline: Headline;
  private readonly runs: readonly CheckRun[];
  /** An entry for the log, if it cannot be read; otherwise empty. */
  private readonly lost: readonly Unchecked[];
  /** The step whose promise has not settled. */
  private pending: Step | undefined;

  /** @throws Fault if the log cannot be read */
  constructor(kernel: Kernel, checks: readonly Check[] = allChecks) {
    const { kind, report } = crashFacts(kernel);
    const message = report ? undefined : attempt(() => panicMessage(kernel));
    this.lost = message instanceof Fault ? [{ check: "log", because: message.message }] : [];
    this.kernel = kernel;
    this.headline = headlineOf(kernel);
    this.runs = checks
      .filter(({ about }) => about === "any" || (kind !== undefined && about.includes(kind)))
      .map((check) => ({
        check,
        state: "waiting",
        findings: [],
        isFirst: kind !== undefined && check.firstFor?.includes(kind) === true,
      }));
  }

  /** The findings so far. */
  get verdict(): Verdict {
    const unchecked = this.runs.flatMap(({ check, because }) =>
      because === undefined ? [] : [{ check: check.id, because }],
    );
    return { ...this.headline, findings: combined(this.findings), unchecked: [...this.lost, ...unchecked] };
  }

  /** The findings of all checks, in the order of the checks. */
  private get findings(): Finding[] {
    return this.runs.flatMap(({ findings }) => findings);
  }

  /** The check that runs or comes next; undefined if all have ended. */
  private get current(): CheckRun | undefined {
    const open = this.runs.filter(({ state }) => state !== "ended");
    return open.find(({ state }) => state === "running") ?? open.find(({ isFirst }) => isFirst) ?? open[0];
  }

  get progress(): AnalysisProgress {
    const done = this.runs.filter(({ state }) => state === "ended").length;
    return { done, total: this.runs.length, running: this.current?.check.id };
  }

  /** A number that grows with each finding and each check that ends. */
  get version(): number {
    return this.findings.length + this.progress.done;
  }

  /**
   * Runs the checks until all have ended, or `isEnough` returns true, which is called between two steps.
   * @param ms limit in milliseconds, also while a check waits for a promise
   */
  *advance(isEnough: () => boolean, ms = Infinity): Generator<Step, void, void> {
    const end = performance.now() + ms;
    let last: Step | undefined;
    while (!isEnough() && performance.now() < end) {
      const run = this.current;
      if (!run) return;
      // A caller that does not wait for promises gets the step again. The check then goes on without the result.
      if (this.pending !== undefined && this.pending === last) this.pending = undefined;
      const step = this.pending ?? this.next(run);
      last = step;
      if (step) yield step.until && ms < Infinity ? { ...step, until: soon(step.until, end) } : step;
    }
  }

  /**
   * Runs a check to its next step; undefined when it has ended. An error other than a Fault also ends the check, and is
   * thrown on.
   */
  private next(run: CheckRun): Step | undefined {
    const { done, total } = this.progress;
    if (!run.work) {
      run.work = this.start(run);
      run.state = "running";
      return { kind: "progress", what: "checks", done, total };
    }
    let isSound = false;
    try {
      const step = run.work.next();
      isSound = true;
      if (!step.done) return this.waited(step.value);
      run.because = step.value;
      run.state = "ended";
      return undefined;
    } finally {
      if (!isSound) {
        run.because = "an internal error of vmcore-debug ended it";
        run.state = "ended";
      }
    }
  }

  /** Keeps a step with a promise until that settles, because every caller has to wait for it. */
  private waited(step: Step): Step {
    if (!step.until) return step;
    this.pending = step;
    const settled = (): void => {
      if (this.pending === step) this.pending = undefined;
    };
    step.until.then(settled, settled);
    return step;
  }

  private *start({ check, findings }: CheckRun): Generator<Step, string | undefined, void> {
    const crash = crashFacts(this.kernel);
    const missing = check.needs.map((need) => missingNeed(need, this.kernel, crash)).find((one) => one !== undefined);
    if (missing !== undefined) return missing;
    const end = yield* runCheck(check.run(this.kernel, crash), findings, MAX_MS);
    return "because" in end ? end.because : undefined;
  }
}

/** Returns a promise that settles with another one, at the latest at a time of `performance.now()`. */
function soon(promise: Promise<unknown>, end: number): Promise<unknown> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise((done) => (timer = setTimeout(done, end - performance.now())));
  return Promise.race([promise.finally(() => clearTimeout(timer)), late]);
}

function missingNeed(need: Need, kernel: Kernel, { stack, trap, fault }: CrashFacts): string | undefined {
  switch (need) {
    case "types":
      return kernel.types.sources.length > 0 ? undefined : "the dump has no types (BTF) and no vmlinux is loaded";
    case "stack":
      return stack && stack.frames.length > 0 ? undefined : (fault?.message ?? "no task is known to have crashed");
    case "trap":
      return trap ? undefined : "no exception frame was found on the stack";
  }
}
