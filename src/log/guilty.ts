/** The guilty function of a report, by the rule of its kind. */
import type { KernelLog } from "./kernelLog.ts";
import type { KindRow } from "./kinds.ts";
import {
  type Frame,
  frameOf,
  framesOf,
  isAfterLastCall,
  nameOf,
  NO_VERDICT,
  siteFrames,
  traceFrames,
  type Verdict,
} from "./frames.ts";
import {
  ANCHORS,
  FROM_USER,
  isMachinery,
  type MachineryKind,
  isUserOfMachinery,
  SLEEPS,
  withoutWrapper,
} from "./machinery.ts";
import { type PrintedPlace, placeAt } from "./place.ts";
import type { Report } from "./reports.ts";
import { stacksOf } from "./traces.ts";

export type { Frame, Verdict } from "./frames.ts";

/** Entries of exceptions: they are on the stack because of the fault (arm: entry-armv.S; x86: entry_64.S). */
const ENTRY =
  /^__(?:dabt|pabt|und|irq|fiq)_(?:svc|usr)$|^(?:async_)?page_fault$|^(?:general_protection|error_entry)$|^asm_exc_/;

/** Finds the guilty function: the first one that is not machinery, in the order of frames for the kind of report. */
export function verdictOf(log: KernelLog, report: Report): Verdict {
  const { row, groups } = report.headline;
  const kind: MachineryKind = row.kind === "kasan" && row.type === "KASAN-INVALID-FREE" ? "kasan-free" : row.kind;
  switch (row.guilty) {
    case "none":
      return NO_VERDICT;
    case "site":
      return first(siteFrames(log, report), kind, row.skip);
    case "trace":
      return first(traceFrames(log, report), kind, row.skip);
    case "headline":
      return first(
        [...headlineFrames(log, report, groups.function), ...framesAfterHeadline(log, report)],
        kind,
        row.skip,
      );
    case "wait":
      return waiting(traceFrames(log, report));
    case "stall":
      return row.kind === "rcu-stall" ? stalledFor(log, report) : stalled(siteFrames(log, report), kind, undefined);
    case "lock":
      return locking(log, report, kind);
    case "origin":
      return first(originFrames(log, report), kind);
  }
}

/**
 * Finds the guilty function among frames that were not printed but unwound from memory, innermost first, by the same
 * rules. @param row of the report's headline
 */
export function guiltyAmong(frames: readonly Frame[], { kind, guilty, skip }: KindRow): Verdict {
  switch (guilty) {
    case "site":
    case "trace":
    case "headline":
      return first(frames, kind, skip);
    case "wait":
      return waiting(frames);
    case "stall":
      return stalled(frames, kind, undefined);
    case "lock":
    case "origin":
    case "none":
      return NO_VERDICT;
  }
}

function first(frames: readonly Frame[], kind: MachineryKind, skip?: RegExp): Verdict {
  const isMachine = (one: Frame): boolean => isMachinery(nameOf(one), kind, skip) || FROM_USER.test(nameOf(one));
  const titled = frames.find((one) => one.isUntitled !== true && one.place.name !== undefined && !isMachine(one));
  const frame = frames.find(
    (one) =>
      one.place.name !== undefined && !isAfterLastCall(one) && (isUserOfMachinery(nameOf(one)) || !isMachine(one)),
  );
  if (!titled) return NO_VERDICT;
  const guilty = frame ?? titled;
  return { frame: ENTRY.test(nameOf(guilty)) ? undefined : guilty, name: withoutWrapper(nameOf(titled)) };
}

/** Returns the function that the headline itself names. */
function headlineFrames(log: KernelLog, report: Report, name: string | undefined): Frame[] {
  const text = log.lines[report.at]?.text ?? "";
  const at =
    name === undefined
      ? text.lastIndexOf(" at ") + 4
      : Math.max(text.indexOf(` ${name}`), text.indexOf(`(${name}`)) + 1;
  const start = name === undefined ? placeStart(text) : at;
  const place = start > 0 ? (placeAt(text, start) ?? namedPlace(text, start)) : undefined;
  return place?.name === undefined ? [] : [{ place, at: report.at, returns: false }];
}

/** `at file:line f+o/s`, `file:line at f+o/s, CPU#0`. */
function placeStart(text: string): number {
  const match = /^\s*WARNING: .*?(?:at \S{1,250}:\d+ |:\d+ at )(?=[A-Za-z_.$<])/.exec(text);
  return match ? match[0].length : 0;
}

const namedPlace = (text: string, start: number): PrintedPlace | undefined => {
  const name = /^[A-Za-z_$][\w.$]*/.exec(text.slice(start, start + 256))?.[0];
  return name === undefined
    ? undefined
    : {
        name,
        offset: undefined,
        size: undefined,
        module: undefined,
        address: undefined,
        start,
        end: start + name.length,
      };
};

/**
 * Returns the frames besides the headline's: for a warning, the instruction and its trace; for a sanitizer's report,
 * the trace.
 */
function framesAfterHeadline(log: KernelLog, report: Report): Frame[] {
  return report.headline.row.kind === "warning" ? siteFrames(log, report) : traceFrames(log, report);
}

/** Returns where a hung task waits: the first function that does not put tasks to sleep on behalf of others. */
function waiting(frames: readonly Frame[]): Verdict {
  for (const frame of frames) {
    const name = nameOf(frame);
    if (/synchronize_(?:s?rcu|net|sched)/.test(name)) return { frame: below(frames, frame), name: "synchronize_rcu" };
    if (name.includes("rtnl_lock")) return { frame: below(frames, frame), name: withoutWrapper(name) };
  }
  const frame = frames.find(
    // A return address is never the first byte of a function, so such an entry is left over from an earlier call.
    (one) =>
      one.place.name !== undefined &&
      one.place.offset !== 0 &&
      !SLEEPS.test(nameOf(one)) &&
      !isMachinery(nameOf(one), "hung-task"),
  );
  return frame ? { frame, name: withoutWrapper(nameOf(frame)) } : NO_VERDICT;
}

/**
 * Returns the frame to blame if the title names another function: the title names `rtnl_lock`, the guilty function is
 * its caller.
 */
function below(frames: readonly Frame[], frame: Frame): Frame {
  const rest = frames.slice(frames.indexOf(frame) + 1);
  return rest.find((one) => one.place.name !== undefined && !SLEEPS.test(nameOf(one))) ?? frame;
}

/** Functions that show stacks, and those that a tick runs: not part of a loop. */
const TICK =
  /^(?:sched_show_task|dump_cpu_task|show_state|check_cpu_stall|print_\w*stall|update_process_times|tick_|__?hrtimer|hrtimer_|local_apic|__sysvec|sysvec_|asm_|smp_apic|apic_timer|el1_|el1h_|gic_|handle_domain|_*schedule(?:_|$)|_*preempt_schedule|__irq_svc|__irq_usr|irq_enter|irq_exit|__irq_exit|do_IRQ|common_interrupt|ret_from_intr|synchronize_)/;

/** Functions that an idle processor runs. */
const IDLE =
  /^(?:default_idle|native_safe_halt|mwait_idle|intel_idle|poll_idle|arch_cpu_idle|cpuidle_enter|cpu_idle|do_idle$|cpu_do_idle|acpi_idle|amd_e400_idle|psw_idle|pseries_lpar|snooze_loop|wait_for_interrupt|r4k_wait)/;

/**
 * Finds the guilty function of a stall: the innermost one. The title names the function that a dispatcher (ANCHORS)
 * called, because it is the same wherever in the loop the tick came.
 */
function stalled(site: readonly Frame[], kind: MachineryKind, tick: readonly Frame[] | undefined): Verdict {
  const frames = (tick && tick.length > 0 ? tick : site).filter(
    (one) => one.place.name !== undefined && !isMachinery(nameOf(one), kind),
  );
  const names = frames.map((one) => withoutWrapper(nameOf(one)));
  const anchor = names.findIndex((name) => ANCHORS.test(name));
  const top = frames.find((one) => !TICK.test(nameOf(one)));
  // An idle processor delays no other: the report only shows where it was.
  if (top && IDLE.test(nameOf(top))) return NO_VERDICT;
  if (anchor < 0) return kind === "soft-lockup" && top ? { frame: top, name: withoutWrapper(nameOf(top)) } : NO_VERDICT;
  const name =
    names[anchor]?.includes("smp_call_function") === true ? "smp_call_function" : names[Math.max(0, anchor - 1)];
  // The functions that filled the stack ran earlier. The function in which the overflow was detected or interrupted is
  // not the cause.
  const isStackFull = kind === "stack-guard" || kind === "stack-overflow";
  const frame = isStackFull ? frames[Math.max(0, anchor - 1)] : top;
  return { frame, name };
}

/**
 * Functions by which the waiter of an expedited grace period prints a stall: that stack belongs to the waiter, not to
 * the task it waits for.
 */
const WAITER = /^rcu_exp_wait_wake|^synchronize_rcu_expedited_(?:wait|stall)/;
/**
 * Stalls without a guilty function. LATE: all processors passed a quiescent state, so that only RCU's own thread is
 * late; a processor that the tick interrupted is named nevertheless, because it keeps others from running. SEVERAL:
 * several tasks block the grace period, and one stack does not show which.
 */
const LATE = /All QSes seen/;
const SEVERAL = /Tasks blocked on .{0,80}: P\d+\S* +P\d/;

function stalledFor(log: KernelLog, report: Report): Verdict {
  const ticks = tickFrames(log, report);
  const site = siteFrames(log, report);
  const isWaiter = [...ticks, ...site].some((frame) => WAITER.test(nameOf(frame)));
  const isUndecided = log.linesOf(report).some((at) => {
    const text = log.lines[at]?.text ?? "";
    return SEVERAL.test(text) || (ticks.length === 0 && LATE.test(text));
  });
  return isWaiter || isUndecided ? NO_VERDICT : stalled(site, "rcu-stall", ticks);
}

/** Returns the frames that the tick interrupted, for a stall that the CPU itself detected. */
function tickFrames(log: KernelLog, report: Report): Frame[] {
  const { traces } = stacksOf(log, report);
  for (const trace of traces) {
    const tick = trace.entries.findIndex(({ name }) => /apic_timer_interrupt|el1h_64_irq|^__irq_svc/.test(name ?? ""));
    if (tick < 0) continue;
    return framesOf(trace, trace.entries[tick]?.at);
  }
  return [];
}

const AT = /, at: (?:\[<[0-9a-f]{8,16}>\] )?/;

/** Finds where a lock is taken, is freed or was left held, from what lockdep prints after "at:". */
function locking(log: KernelLog, report: Report, kind: MachineryKind): Verdict {
  const frames: Frame[] = [];
  for (const at of log.linesOf(report)) {
    const text = log.lines[at]?.text ?? "";
    const match = AT.exec(text);
    // The list of held locks does not contain the lock that is released.
    if (!match || (kind === "lock-balance" && /^\s{0,8}#\d/.test(text))) continue;
    const place = placeAt(text, match.index + match[0].length);
    if (place?.name !== undefined) frames.push({ place, at, returns: true });
  }
  const { traces, points } = stacksOf(log, report);
  if (kind === "lock-balance") frames.unshift(...points.flatMap(frameOf));
  const chains = traces.filter(({ role }) => role === "chain");
  // Frames for the title: where the locks are taken, then the first chain, then the trace. For a lock order: the chain
  // in which a lock became irq-safe or irq-unsafe.
  const named =
    kind === "lock-order"
      ? framesOf(chains.find(({ head }) => head.includes("became")))
      : [...frames.slice(0, 2), ...framesOf(chains[0]), ...traceFrames(log, report)];
  const guilty = first(named, kind);
  const [wanted] = frames;
  return wanted && (guilty.frame === undefined || !isMachinery(nameOf(wanted), kind))
    ? { frame: wanted, name: guilty.name ?? withoutWrapper(nameOf(wanted)) }
    : { ...guilty, frame: (TAKEN.has(kind) ? taker(log, report, wanted) : undefined) ?? guilty.frame };
}

/** Kinds in which the report's own stack takes the lock. */
const TAKEN: ReadonlySet<MachineryKind> = new Set([
  "lock-cycle",
  "lock-recursion",
  "lock-inversion",
  "lock-order",
  "lock-state",
  "lock-context",
]);

/**
 * Returns the function that takes the lock where lockdep names machinery: its other places are of other locks or tasks.
 * Undefined if no frame is known.
 */
function taker(log: KernelLog, report: Report, wanted: Frame | undefined): Frame | undefined {
  const { frame } = first(traceFrames(log, report), report.headline.row.kind);
  // A worker's loop takes no lock: the lock is that of a work item.
  return frame && /^(?:worker_thread|kthread)$/.test(nameOf(frame)) ? wanted : frame;
}

function originFrames(log: KernelLog, report: Report): Frame[] {
  const { traces } = stacksOf(log, report);
  const origin = traces.find(({ role }) => role === "page-allocation" || role === "leak");
  return framesOf(origin);
}
