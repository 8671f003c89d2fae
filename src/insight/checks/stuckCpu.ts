/** Checks which CPU was stuck. */
import { attempt, Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { bitmapBits, nrCpuIds, possibleCpus } from "../../kernel/cpumask.ts";
import { preemptCount } from "../../linux/sched/cpu.ts";
import { hz } from "../../linux/time/timekeeping.ts";
import type { ReportFacts } from "../../log/facts.ts";
import { guiltyAmong } from "../../log/guilty.ts";
import { isMachinery } from "../../log/machinery.ts";
import { preemptCountText, preemptFields } from "../../log/preemptCount.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import { type Check, pause, type Step } from "../check.ts";
import { cpuContext, type CpuContext } from "../cpuContext.ts";
import { asLogFrame, type CrashFacts, functionOf } from "../crashFacts.ts";
import type { Evidence } from "../evidence.ts";
import type { Finding } from "../finding.ts";
import { stalledCpus } from "./rcuStall.ts";

/** Reports the stuck CPU: its function, the duration, and whether interrupts were enabled. */
export const stuckCpu: Check = {
  id: "stuck-cpu",
  needs: [],
  about: ["soft-lockup", "hard-lockup", "rcu-stall", "nmi", "panic"],
  *run(kernel, crash) {
    const { report, kind } = crash;
    if (!crash.stopped)
      throw Fault.of("unknown", "the kernel is not known to have stopped: its CPUs may have run something else since");
    if (kind === "soft-lockup" || kind === "hard-lockup") {
      const cpu = report?.cpu ?? crash.cpu;
      const context = cpu === undefined ? undefined : cpuContext(kernel, cpu);
      if (!context) throw Fault.of("unknown", "what the stuck CPU ran is not known");
      if (report?.pid !== undefined && report.pid !== context.pid && kind === "soft-lockup")
        throw Fault.of(
          "unknown",
          `CPU ${cpu} was stuck in task ${report.pid}, and runs task ${context.pid} in the dump`,
        );
      yield stuckFinding(kernel, crash, context, secondsOf(report));
      return;
    }
    if (kind === "rcu-stall" && report) {
      for (const cpu of new Set([...stalledCpus(report), ...starvingCpu(report)])) {
        const context = cpuContext(kernel, cpu);
        if (context && context.pid !== 0) yield stuckFinding(kernel, crash, context, stallSeconds(kernel, report));
      }
      return;
    }
    yield* silentCpus(kernel, crash);
  },
};

const secondsOf = (report: ReportFacts | undefined): number | undefined => {
  const digits = / stuck for (\d{1,9})s!/.exec(report?.headline ?? "")?.[1];
  return digits === undefined ? undefined : Number(digits);
};

/** Returns the CPU of the starved grace-period thread: `->cpu=1`. */
function starvingCpu({ texts }: ReportFacts): number[] {
  const text = texts.find((one) => / kthread starved for /.test(one));
  const digits = /->cpu=(\d{1,5})\b/.exec(text ?? "")?.[1];
  return digits === undefined ? [] : [Number(digits)];
}

/** Returns the duration of the stall in seconds, from `t=1252 jiffies` of the report; undefined if it is not known. */
function stallSeconds(kernel: Kernel, { texts }: ReportFacts): number | undefined {
  const digits = texts.map((text) => /\bt=(\d{1,12}) jiffies\b/.exec(text)?.[1]).find((one) => one !== undefined);
  const rate = attempt(() => hz(kernel));
  return digits === undefined || rate instanceof Fault ? undefined : Math.round(Number(digits) / rate);
}

/** The alternative, if interrupts were off when an NMI came. */
const BRIEFLY = " Interrupts may have been off for a moment only.";

/** The alternative for a CPU whose clock stands still while it runs one task. */
const TICKLESS = " Its clock may have stood still without a tick (nohz_full=), and interrupts may have been off for a moment only."; // prettier-ignore

/**
 * Returns whether a CPU is one of nohz_full= (kernel/time/tick-sched.c), which has no tick while it runs a single task;
 * true too if this cannot be read.
 */
export function mayBeTickless(kernel: Kernel, cpu: number): boolean {
  const running = kernel.symbols.find("tick_nohz_full_running");
  const mask = kernel.symbols.find("tick_nohz_full_mask");
  if (!running || !mask) return false;
  const isFull = attempt(() => {
    if (kernel.memory.u8(running.address) === 0) return false;
    // With CONFIG_CPUMASK_OFFSTACK, cpumask_var_t is a pointer.
    const type = kernel.types.find("typedef", "cpumask_var_t");
    if (!type) throw Fault.of("unknown", "no type cpumask_var_t");
    const isPointer = bare(type).kind === "pointer";
    const address = isPointer ? kernel.memory.word(mask.address) : mask.address;
    return bitmapBits(kernel, address, nrCpuIds(kernel)).includes(cpu);
  });
  return isFull !== false;
}

/** Nanoseconds without a clock update, with interrupts off, after which a CPU counts as stuck. */
const STUCK_NS = 2_000_000_000n;

/**
 * Yields CPUs that ran kernel code with interrupts off and whose run-queue clock had stopped. The run-queue clock and
 * the log timestamps use the same clock (sched_clock()).
 */
function* silentCpus(kernel: Kernel, crash: CrashFacts): Generator<Finding | Step, void, void> {
  const contexts: CpuContext[] = [];
  for (const cpu of possibleCpus(kernel)) {
    yield pause("CPUs");
    const context = cpuContext(kernel, cpu);
    if (context) contexts.push(context);
  }
  // What the log prints after the panic may take seconds itself.
  const end = crash.report?.report.at ?? crash.panic?.line;
  const seconds = end === undefined ? undefined : crash.secondsAt(end);
  if (seconds === undefined) throw Fault.of("unknown", "the log does not have the time of the crash");
  const now = BigInt(Math.round(seconds * 1e9));
  for (const context of contexts) {
    if (context.interrupts !== "off" || context.pid === 0 || context.clock === undefined) continue;
    const behind = now - context.clock;
    // An NMI sent by hand suggests that the machine hung. Otherwise a short time with interrupts off is normal.
    const isBehind = behind >= STUCK_NS;
    if (!isBehind && crash.kind !== "nmi") continue;
    const doubt = !isBehind ? BRIEFLY : mayBeTickless(kernel, context.cpu) ? TICKLESS : undefined;
    const found = stuckFinding(kernel, crash, context, Number(behind / 100_000_000n) / 10);
    yield doubt === undefined ? found : { ...found, certainty: "likely", text: [...found.text, doubt] };
  }
}

/** What each watchdog measures. */
const WORDS: Readonly<Record<string, string>> = {
  "soft-lockup": "without scheduling for",
  "hard-lockup": "without a timer interrupt for",
  "rcu-stall": "while the grace period waited for",
};

function timeText({ kind }: CrashFacts, seconds: number | undefined): string {
  const words = WORDS[kind ?? ""];
  if (seconds === undefined) return "";
  if (words !== undefined) return `, ${words} ${seconds} s`;
  return seconds < 1 ? "" : `, without a tick for ${seconds} s`;
}

/** Returns the function that loops or waits: the first one that is not machinery; undefined if there is none. */
function loopOf({ frames }: CpuContext, { report }: CrashFacts): string | undefined {
  const row = report?.report.headline.row;
  const found = row?.guilty === "stall" ? guiltyAmong(frames.map(asLogFrame), row).frame : undefined;
  const frame = found ? frames[found.at] : frames.find((one) => !isMachinery(functionOf(one) ?? "", "soft-lockup"));
  return frame && functionOf(frame);
}

/** Returns the words for a count that contains the interrupt which stopped the CPU; "" for any other. */
function stoppedText(frame: Frame | undefined, count: number): string {
  const { hardirq, nmi } = preemptFields(count);
  return frame?.trap === undefined || hardirq + nmi === 0 ? "" : ", with the interrupt that stopped it";
}

function stuckFinding(kernel: Kernel, crash: CrashFacts, context: CpuContext, seconds: number | undefined): Finding {
  const { cpu, pid, comm, task, interrupts, frames } = context;
  const name = loopOf(context, crash);
  const count = attempt(() => preemptCount(kernel, cpu));
  const [frame] = frames;
  const evidence: [Evidence, ...Evidence[]] = [{ kind: "cpu", cpu, text: `${comm} [${pid}] in ${name ?? "?"}` }];
  if (frame) evidence.push({ kind: "frame", task: task.address, pc: frame.pc, text: functionOf(frame) ?? "?" });
  const { report } = crash;
  if (report) evidence.push({ kind: "log", line: report.report.at, text: report.headline });
  const where = name === undefined ? [] : [" in ", { kind: "code", text: name } as const];
  return {
    id: "cpu.stuck",
    severity: "cause",
    certainty: "certain",
    slots: { cpu, pid, function: name, interrupts, preemptCount: count instanceof Fault ? undefined : count, seconds },
    text: [
      { kind: "cpu", cpu },
      " ran ",
      { kind: "task", address: task.address, pid, comm },
      ...where,
      timeText(crash, seconds),
      interrupts === undefined ? "" : `, interrupts ${interrupts}`,
      count instanceof Fault
        ? "."
        : `; its preempt count was ${preemptCountText(count)} when the memory was saved${stoppedText(frame, count)}.`,
    ],
    evidence,
    ...(count instanceof Fault ? { unknown: [{ what: "the preempt count", because: count }] } : {}),
  };
}
