/** Explanations of reports about contexts in which code may not sleep, and about spinlocks. */
import { heldLocks } from "../facts/heldLocks.ts";
import type { ReportFacts } from "../facts.ts";
import { preemptFields, whyAtomic } from "../preemptCount.ts";
import { canBeHash, inFunction, nearFunction, particular, quotedLock } from "./naming.ts";

/** Explains a rule of a context that was broken: RCU, spinlocks, preemption, work items. */
export function explainContext(facts: ReportFacts): string {
  const groups = facts.report.headline.groups;
  switch (facts.kind) {
    case "rcu-usage": {
      const place = particular(facts, "place");
      if (place === undefined)
        return "A rule of RCU was broken; the log does not show which. Usual causes: a pointer was read without the protection that it needs, or a task may sleep within a read-side critical section.";
      const says = ` (${place})`;
      if (/Illegal (?:context switch|synchronize)/.test(place)) {
        return `The task may sleep or wait${nearFunction(facts)} within an RCU read-side critical section, where this is forbidden${says}.${holding(facts)}`;
      }
      if (!/rcu_dereference|RCU-list traversed|usage!/.test(place)) {
        return `A rule of RCU was broken${says}.`;
      }
      return `A pointer that RCU protects was used without a lock or a read-side critical section that the check accepts${says}. Without that protection the object can be freed during the use; this time the use may have been harmless.`;
    }
    case "spinlock":
      return explainSpinlock(facts, groups.fault ?? "");
    case "atomic-sleep":
      return (
        `A function that may sleep was called${groups.place === undefined ? "" : ` (at ${groups.place})`} where this is forbidden. ${reasonNotToSleep(facts)}`.trimEnd() +
        holding(facts)
      );
    case "atomic-schedule":
      return explainSchedule(facts);
    case "preemptible":
      return `\`${groups.used ?? "smp_processor_id"}()\` was used${nearFunction(facts)} where the task can move to another CPU: ${
        /add|sub|inc|dec|write|xchg|or\b|and\b/.test(groups.used ?? "")
          ? "it may change the variable of a CPU on which the task no longer runs"
          : "its result may belong to a CPU on which the task no longer runs"
      }.`;
    default:
      return explainLeak(facts);
  }
}

/**
 * Explains a work function that returned in an atomic state (kernel/workqueue.c, process_one_work()). The kernel checks
 * the preemption count and the depth of held locks, not the interrupt state.
 */
function explainLeak(facts: ReportFacts): string {
  const name = particular(facts, "function");
  const owner = `its function${name === undefined ? "" : ` \`${name}\``}, or a function that it called,`;
  const left = facts.texts.map(leftOpen).find((one) => one !== undefined);
  if (left !== undefined && left.length > 0)
    return `A work item returned ${left.join(", and ")}: ${owner} did not release the lock or leave the section.${holding(facts)}`;
  const count = /\/0x([0-9a-f]{8})\b/.exec(facts.headline)?.[1];
  if (count !== undefined && Number.parseInt(count, 16) === 0)
    return `A work item returned with a lock held or in an RCU read-side critical section, according to the records of its task (preempt_count 0x${count}): by these records, ${owner} did not release the lock or leave the section.${holding(facts).replace(" Locks held", " Locks held according to lockdep")}`;
  const what =
    count === undefined
      ? "with a lock held, or with preemption disabled"
      : `with preemption disabled or in an atomic section (preempt_count 0x${count})`;
  return `A work item returned ${what}: ${owner} did not release the lock or leave the section.${holding(facts)}`;
}

/**
 * Says what a work function left open, by the line below the headline since v6.9: `preempt=0x00000000 lock=0->1
 * RCU=0->0 workfn=f`. Undefined for another line.
 */
function leftOpen(text: string): string[] | undefined {
  const [, count, locks, locksAfter, depth, depthAfter] =
    /^preempt=0x([0-9a-f]{8}) lock=(\d{1,9})->(\d{1,9}) RCU=(\d{1,9})->(\d{1,9})/.exec(text) ?? [];
  if (count === undefined) return undefined;
  return [
    ...(Number.parseInt(count, 16) === 0
      ? []
      : [`with preemption disabled or in an atomic section (preempt_count 0x${count})`]),
    ...(Number(locksAfter) > Number(locks)
      ? [`with a lock held, according to lockdep (${locks} locks before, ${locksAfter} after)`]
      : []),
    ...(Number(depthAfter) > Number(depth)
      ? [`in an RCU read-side critical section (its depth rose from ${depth} to ${depthAfter})`]
      : []),
  ];
}

function explainSchedule(facts: ReportFacts): string {
  const { count } = facts.report.headline.groups;
  const value = count === undefined ? undefined : Number.parseInt(count, 16);
  // Within the scheduler the count is 1 at least; without CONFIG_PREEMPT_COUNT the scheduler adds nothing, and the
  // field of preemption is 0.
  if (value === 0)
    return `A task called the scheduler with a preemption count (preempt_count 0x${count}) below the scheduler's own. Usual cause: preemption was enabled once too often.`;
  const holdsNone = facts.texts.some((text) => text.startsWith("no locks held by"));
  const isCounted = value !== undefined && preemptFields(value).preempt > 0;
  const reasons = value === undefined ? [] : whyAtomic(isCounted ? value - 1 : value, holdsNone);
  const why =
    reasons.length === 0
      ? `${holdsNone ? "" : "a spinlock is held, "}preemption is disabled, or it runs in an interrupt${count === undefined ? "" : ` (preempt_count 0x${count})`}`
      : `${reasons.join(", and ")} (preempt_count 0x${count}${isCounted ? ", in which 1 is the scheduler's own" : ""})`;
  const disabled = particular(facts, "disabled");
  return `A task called the scheduler where this is forbidden: ${why}.${holding(facts)}${disabled === undefined ? "" : ` Preemption was last disabled in \`${disabled.replace(/^\[<[0-9a-f]+>\] /, "").replace(/\/0x.*/, "")}\`.`}`;
}

/** Maximum number of locks that a sentence names. */
const MAX_NAMED = 4;

/** Names the locks that the report lists as held, the last one taken last. */
function holding(facts: ReportFacts): string {
  const names = [...new Set(heldLocks(facts).map(({ name }) => name))];
  if (names.length === 0) return "";
  const shown = names.slice(-MAX_NAMED).map((name) => `\`${name}\``);
  return ` Locks held: ${shown.join(", ")}${names.length > shown.length ? " and others" : ""}.`;
}

function reasonNotToSleep(facts: ReportFacts): string {
  const atomic = particular(facts, "atomic");
  const irqs = particular(facts, "irqs");
  const count = particular(facts, "count");
  const value = count === undefined ? 0 : Number.parseInt(count, 16);
  const held = whyAtomic(value);
  // A caller that holds one lock on purpose expects that count: cond_resched_lock(), spin_lock() of PREEMPT_RT.
  const isExpected = facts.texts.some((text) => /^preempt_count: ([0-9a-f]{1,8}), expected: \1$/.test(text));
  const reasons = [
    ...(atomic !== "1" || isExpected
      ? []
      : held.length > 0
        ? [`${held.join(", and ")} (in_atomic 1, preempt_count ${count})`]
        : [
            "preemption or softirqs are disabled, a spinlock is held, or it runs in a softirq or an interrupt (in_atomic 1)",
          ]),
    ...(irqs !== undefined && irqs !== "0" ? ["interrupts are disabled (irqs_disabled 1)"] : []),
    // non_block_start(), since v5.4.
    ...(facts.texts.some((text) => /, non_block: [1-9]/.test(text))
      ? ["it is in a section that must not block (non_block 1)"]
      : []),
  ];
  // `RCU nest depth: 1, expected: 0` (since 5.17).
  const [, depth = "0", expected] = /^(\d{1,4}), expected: (\d{1,4})/.exec(particular(facts, "rcu") ?? "") ?? [];
  if (depth !== "0" && depth !== expected)
    reasons.push(`it is within a read-side critical section of RCU (depth ${depth})`);
  if (reasons.length === 0) return "";
  return `At this call ${reasons.join(", and ")}.`;
}

/** Returns the address of the lock, which rwlock_bug() prints in its headline; empty if it can be a hash. */
const lockAt = ({ headline }: ReportFacts): string => {
  const address = /, ([0-9a-f]{8,16})$/.exec(headline)?.[1];
  return address === undefined || canBeHash(address) ? "" : ` at ${address}`;
};

/** Names the task and the CPU that use the lock, at the start of a sentence. */
const subject = ({ comm, cpu }: ReportFacts): string =>
  comm === undefined ? "A task" : `\`${comm}\`${cpu === undefined ? "" : ` on CPU ${cpu}`}`;

/** Returns "spinlock" or "read/write spinlock": the headlines of the latter are "rwlock", "read-lock", "write-lock". */
const lockWord = ({ report }: ReportFacts): string =>
  report.headline.groups.lock === "spinlock" ? "spinlock" : "read/write spinlock";

/** Explains a failed check of a spinlock (kernel/locking/spinlock_debug.c), which compares the lock's own record. */
function explainSpinlock(facts: ReportFacts, fault: string): string {
  const owner = particular(facts, "owner");
  const magic = particular(facts, "magic");
  const isOwn = owner !== undefined && owner === `${facts.comm}/${facts.pid}`;
  const of =
    owner === undefined || owner.startsWith("<none>")
      ? ""
      : ` According to the lock, its owner is ${isOwn ? `this task itself, ${owner}` : owner}.`;
  const lock = lockWord(facts);
  if (fault.includes("bad magic"))
    return `The magic number of the lock${lockAt(facts)}${inFunction(facts).replace(/^ in (.*)$/, ", used in $1 or in a call by it,")} is wrong${magic === undefined ? "" : ` (${magic} instead of ${lock === "spinlock" ? "dead4ead" : "deaf1eed"})`}. Usual causes: the lock was never initialised, was freed, or was overwritten.`;
  // The check of the owner comes first, so that this one is of another owner.
  if (fault === "cpu recursion")
    return `${subject(facts)} requested a ${lock}${nearFunction(facts)} that was last taken on this CPU by another task, according to the lock's record. If that is right, its holder cannot run on this CPU while this task waits.${of}`;
  if (fault.includes("recursion"))
    return `${subject(facts)} requested a ${lock}${nearFunction(facts)} that it already holds according to the lock's owner field. If that is right, it waits for itself.${of}`;
  if (fault.includes("lockup"))
    return `${subject(facts)} could not take a ${lock}${nearFunction(facts)} for a long time. Usual causes: its holder does not release it, or does not run.${of}`;
  if (fault.includes("already unlocked"))
    return `A lock${quotedLock(particular(facts, "lock"))} was released${nearFunction(facts)}, but was not held according to its own state.`;
  if (fault.includes("wrong"))
    return `${subject(facts)} released a ${lock}${nearFunction(facts)} that was taken ${fault === "wrong CPU" ? "on another CPU" : "by another task"}, according to the lock's own record.${of}`;
  return `A lock is in an invalid state.${of}`;
}
