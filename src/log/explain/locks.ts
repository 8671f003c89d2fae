/** Explanations of reports about locks and about contexts in which code may not sleep. */
import { heldLocks } from "../facts/heldLocks.ts";
import type { ReportFacts } from "../facts.ts";
import { plainName } from "../place.ts";
import { preemptFields, whyAtomic } from "../preemptCount.ts";

const particular = (facts: ReportFacts, key: string): string | undefined =>
  facts.particulars.find((one) => one.key === key)?.text;

const quotedLock = (text: string | undefined): string =>
  text === undefined ? "" : ` \`${text.replace(/ at .*/, "")}\``;

const NONE_HAPPENED = "A deadlock is possible, but may not have happened.";

export function explainLock(facts: ReportFacts): string {
  const wants = particular(facts, "wants") ?? (facts.kind === "lock-context" ? particular(facts, "lock") : undefined);
  const holds = particular(facts, "holds");
  const who = facts.comm === undefined ? "a task" : `\`${facts.comm}\``;
  switch (facts.kind) {
    case "lock-cycle":
      return `Lockdep saw two or more locks taken in both orders: ${who} takes${quotedLock(wants) || " a lock"} while it holds${quotedLock(holds) || " another"}, and other code takes them in the opposite order (directly or through further locks). ${NONE_HAPPENED}`;
    case "lock-recursion":
      return `${who === "a task" ? "A task" : who} takes${quotedLock(wants) || " a lock"} while it holds${quotedLock(holds) || " one"} of the same class. ${
        particular(facts, "same") === undefined
          ? `If it is the same lock, the task waits for itself; if they are two locks, their nesting was not declared to lockdep. ${NONE_HAPPENED}`
          : "It is one lock, because both addresses are equal: the task waits for itself, unless both only read."
      }`;
    case "lock-inversion":
      return `Two locks are nested${wants === undefined ? "" : `, and ${quotedLock(wants).trim()} is one of them`}. One is taken in interrupts (or in memory reclaim), and the other is held while these are enabled, so an interrupt (or reclaim) can wait for the first while the task holds the other. ${NONE_HAPPENED}`;
    case "lock-order":
      return explainOrder(facts);
    case "lock-state":
      return explainState(facts);
    case "lock-context":
      return explainWait(facts, wants);
    case "lock-balance":
      return `A lock${quotedLock(particular(facts, "lock"))} was released${byFunction(facts)}, but the task does not hold it according to lockdep: most often it was released twice, or by a path that did not take it.`;
    case "lock-freed":
      return `Memory was freed${memoryOf(facts)} while a lock in it${particular(facts, "lock") === undefined ? "" : ` (${quotedLock(particular(facts, "lock")).trim()})`} is held: releasing the lock will write to freed memory.`;
    case "lock-held":
      return explainHeld(facts, who);
    case "lock-nested":
      return `${who === "a task" ? "A task" : who} takes${quotedLock(wants ?? particular(facts, "lock")) || " a lock"}${inFunction(facts)}and declares that it is nested in another lock, which the task does not hold.`;
    case "lock-key":
      return `Lockdep has no key for a lock that was used${inFunction(facts)}: the lock was never initialised, or its key is not in static memory.`;
    case "lock-limit":
      return `A table of lockdep is full (“${facts.headline.replace(/^BUG: /, "").slice(0, 100)}”), so lockdep disabled itself. This is a limit of lockdep and not a fault of the locks.`;
    case "lock-bug":
      return explainCheck(facts);
    default:
      return explainContext(facts);
  }
}

/**
 * Explains a lock that the context does not allow (print_lock_invalid_wait_context()). The inner wait type of a context
 * is the lowest of its own and those of the held locks (include/linux/lockdep_types.h, enum lockdep_wait_type).
 */
function explainWait(facts: ReportFacts, lock: string | undefined): string {
  const taken = `A lock${quotedLock(lock)} whose wait may sleep (always, or on a PREEMPT_RT kernel) is requested`;
  const own = facts.texts.map((text) => /^context-\{\d:(\d)\}/.exec(text)?.[1]).find(Boolean);
  const wanted = facts.texts
    .map((text) => /^\s{0,32}[0-9a-f]{8,16} \(.{1,160}\)\{.{0,16}\}-\{(\d):\d\}, at: /.exec(text)?.[1])
    .find(Boolean);
  if (own === undefined || wanted === undefined) return `${taken} in a context that does not allow it.`;
  const lowest = heldLocks(facts).find(({ inner }) => inner !== undefined && inner > 0 && inner < Number(wanted));
  if (Number(own) < Number(wanted))
    return `${taken} in a context that allows locks up to wait type ${own} (the lock has ${wanted}), such as an interrupt.`;
  return lowest === undefined
    ? `${taken} in a context that does not allow it.`
    : `${taken} while \`${lowest.name}\` is held, which allows locks up to wait type ${lowest.inner} (the lock has ${wanted}).`;
}

/** The freed memory; since 4.15 its addresses can be hashes (%p). */
function memoryOf(facts: ReportFacts): string {
  const memory = particular(facts, "memory");
  return memory === undefined || /^0{8}[0-9a-f]{8}-/.test(memory) ? "" : ` (${memory})`;
}

/** Explains a failed check of lockdep itself (kernel/locking/lockdep.c): which one, and for which operation. */
function explainCheck(facts: ReportFacts): string {
  const check = facts.site?.place?.name === undefined ? undefined : plainName(facts.site.place.name);
  const { place } = facts.report.headline.groups;
  const at = place === undefined ? "" : ` (checked at ${place}${check === undefined ? "" : `, in \`${check}\``})`;
  const message = lockdepMessage(facts);
  const operation = operationOf(facts);
  // Its other check has a message.
  if (message === "" && /^(?:register_lock_class|look_up_lock_class)$/.test(check ?? ""))
    return `Lockdep's record of the class of a lock does not fit the lock that was used${operation}${at}: two kinds of lock have the same key, or the lock was never initialised, was freed, or was overwritten.`;
  return `An operation on a lock, or lockdep's record of the lock, is wrong${message}${operation}${at}: an unbalanced or wrong operation, a lock that was freed or never initialised, or memory that was overwritten.`;
}

/** Names the guilty function, and the function on locks that it called. */
function operationOf(facts: ReportFacts): string {
  const { guilty } = facts;
  const entries = facts.traces.find(({ start, end }) => guilty && start <= guilty.at && guilty.at < end)?.entries ?? [];
  const called = entries.findLast((one) => guilty && one.at < guilty.at && !one.isDoubtful && !one.isInline)?.name;
  return called !== undefined && /lock|unlock|sem|mutex|down|up/.test(called) && !/lockdep|lock_class/.test(called)
    ? `${inFunction(facts)}, which called \`${plainName(called)}\``
    : inFunction(facts);
}

const lockdepMessage = ({ messages }: ReportFacts): string => {
  const text = messages.find((one) => /^DEBUG_LOCKS_WARN_ON|lock/.test(one));
  return text === undefined ? "" : ` (“${text.slice(0, 100)}”)`;
};

/** Returns " in `function` or in a call by it" with the guilty function; empty if it is unknown. */
const nearFunction = (facts: ReportFacts): string => inFunction(facts).replace(/.$/, "$& or in a call by it");

/** Returns " in `function`" with the guilty function; empty if it is unknown. */
const inFunction = ({ guilty }: ReportFacts): string =>
  guilty?.place.name === undefined ? "" : ` in \`${guilty.place.name}\``;

/**
 * Returns " by `function` ..." with the guilty function, which may be a caller of the place after "at:" if that is
 * machinery such as `__might_fault`.
 */
const byFunction = ({ guilty }: ReportFacts): string =>
  guilty?.place.name === undefined ? "" : ` by \`${guilty.place.name}\` or a function that it called`;

/**
 * Explains a dependency between locks that are safe and unsafe in interrupts or reclaim (print_bad_irq_dependency()).
 * The safe and the unsafe lock can be other locks than the two that this task takes: those two may connect chains that
 * lockdep saw earlier.
 */
function explainOrder(facts: ReportFacts): string {
  const { safe = "irq", unsafe = "irq" } = facts.report.headline.groups;
  const isReclaim = safe.includes("RECLAIM");
  const taken = isReclaim ? "that memory reclaim takes" : "that interrupts take";
  const elsewhere = isReclaim ? "where memory may be reclaimed" : "with interrupts enabled";
  return `${facts.comm === undefined ? "A task" : `\`${facts.comm}\``} takes${quotedLock(particular(facts, "wants")) || " a lock"} while it holds${quotedLock(particular(facts, "holds")) || " another"}. A lock ${taken} (${safe}-safe${quotedLock(particular(facts, "safe")).replace(" ", ": ")}) is thus ordered, directly or through further locks, before a lock that other code holds ${elsewhere} (${unsafe}-unsafe${quotedLock(particular(facts, "unsafe")).replace(" ", ": ")}). ${NONE_HAPPENED}`;
}

/** Explains a lock that is taken in two contradicting states (print_usage_bug()). */
function explainState(facts: ReportFacts): string {
  const lock = quotedLock(particular(facts, "wants"));
  const rule = particular(facts, "rule") ?? "";
  const says = rule === "" ? "" : ` (${rule})`;
  if (rule.includes("RECLAIM")) {
    return `A lock${lock} is taken by memory reclaim, and other code holds it during an allocation that may reclaim memory: then the reclaim waits for a lock whose holder waits for memory: its own task, or one that waits for kswapd${says}. ${NONE_HAPPENED}`;
  }
  if (rule.includes("NMI")) {
    return `A lock${lock} is taken both in a non-maskable interrupt and outside of it. A non-maskable interrupt cannot be disabled: it can come while the lock is held, and then waits for ever${says}. ${NONE_HAPPENED}`;
  }
  const interrupt = rule.includes("HARDIRQ")
    ? "a hardware interrupt"
    : rule.includes("SOFTIRQ")
      ? "a softirq"
      : "an interrupt";
  return `A lock${lock} is taken in ${interrupt}, and other code holds it while these interrupts are enabled: one can come then, and waits for ever${says}.${lock.includes("fs_reclaim") ? " `fs_reclaim` exists only in lockdep: it represents an allocation that may wait for memory to be reclaimed." : ""} ${NONE_HAPPENED}`;
}

/**
 * Explains a lock that is still held: lockdep_sys_exit(), and debug_check_no_locks_held(), which runs when a task exits
 * and in try_to_freeze(), whether or not the task is to be frozen.
 */
function explainHeld(facts: ReportFacts, who: string): string {
  const task = who === "a task" ? "A task" : who;
  const lock = `${quotedLock(particular(facts, "lock")) || " a lock"}`;
  if (/returning to user space/.test(facts.headline))
    return `${task} returns to user space while it still holds${lock}: a code path does not release it.`;
  const entries =
    facts.traces.find(({ role }) => role === "stack")?.entries.filter(({ isDoubtful }) => !isDoubtful) ?? [];
  if (entries.some(({ name }) => name === "do_exit"))
    return `${task} exits while it still holds${lock}: a code path does not release it.`;
  const where = entries.length > 0 ? "reached" : "exits, or reached";
  return `${task} ${where} a place where it may be frozen, while it still holds${lock}: a code path does not release it, or may be frozen where it must not.`;
}

function explainContext(facts: ReportFacts): string {
  const groups = facts.report.headline.groups;
  switch (facts.kind) {
    case "rcu-usage": {
      const place = particular(facts, "place");
      if (place === undefined)
        return "A rule of RCU was broken: a pointer was read without the protection that it needs, or a task may sleep or wait within a read-side critical section. The report does not say which.";
      const says = ` (${place})`;
      if (/Illegal (?:context switch|synchronize)/.test(place)) {
        return `The task may sleep or wait${nearFunction(facts)} within an RCU read-side critical section, where this is forbidden${says}.${holding(facts)}`;
      }
      if (!/rcu_dereference|RCU-list traversed|usage!/.test(place)) {
        return `A rule of RCU was broken${says}.`;
      }
      return `A pointer that RCU protects was read without the lock or the read-side critical section that it needs${says}: the object may be freed during the read. This time the read may have been harmless.`;
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
  const count = /(?:\/|preempt=)0x([0-9a-f]{8})\b/.exec(facts.headline)?.[1];
  const what =
    count === undefined
      ? "with a lock held, or with preemption disabled"
      : Number.parseInt(count, 16) === 0
        ? "with a lock held or in an RCU read-side critical section (preemption is enabled)"
        : `with preemption disabled or in an atomic section (preempt_count 0x${count})`;
  return `A work item returned ${what}: its function${name === undefined ? "" : ` \`${name}\``}, or a function that it called, did not release the lock or leave the section.${holding(facts)}`;
}

function explainSchedule(facts: ReportFacts): string {
  const { count } = facts.report.headline.groups;
  const value = count === undefined ? undefined : Number.parseInt(count, 16);
  // Within the scheduler the count is 1 at least.
  if (value === 0)
    return `A task called the scheduler with a preemption count (preempt_count 0x${count}) below the scheduler's own: preemption was enabled once too often.`;
  const holdsNone = facts.texts.some((text) => text.startsWith("no locks held by"));
  const reasons = value === undefined ? [] : whyAtomic(preemptFields(value).preempt > 0 ? value - 1 : value, holdsNone);
  const why =
    reasons.length === 0
      ? `${holdsNone ? "" : "a spinlock is held, "}preemption is disabled, or it runs in an interrupt${count === undefined ? "" : ` (preempt_count 0x${count})`}`
      : `${reasons.join(", and ")} (preempt_count 0x${count}, in which 1 is the scheduler's own)`;
  const disabled = particular(facts, "disabled");
  return `A task called the scheduler where this is forbidden: ${why}.${holding(facts)}${disabled === undefined ? "" : ` Preemption was last disabled in \`${disabled.replace(/^\[<[0-9a-f]+>\] /, "").replace(/\/0x.*/, "")}\`.`}`;
}

/** The largest number of locks that a sentence names. */
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
  const reasons = [
    ...(atomic !== "1"
      ? []
      : held.length > 0
        ? [`${held.join(", and ")} (in_atomic 1, preempt_count ${count})`]
        : ["preemption is disabled, a spinlock is held, or it runs in a softirq or an interrupt (in_atomic 1)"]),
    ...(irqs !== undefined && irqs !== "0" ? ["interrupts are disabled (irqs_disabled 1)"] : []),
  ];
  if (reasons.length === 0)
    return particular(facts, "rcu") === undefined
      ? ""
      : "The call is within a section that may not sleep, for example an RCU read-side critical section.";
  return `At this call ${reasons.join(", and ")}.`;
}

/** Returns the address of the lock, which rwlock_bug() prints in its headline; empty for a hashed address. */
const lockAt = ({ headline }: ReportFacts): string => {
  const address = /, ([0-9a-f]{8,16})$/.exec(headline)?.[1];
  return address === undefined || /^0{8}[0-9a-f]{8}$/.test(address) ? "" : ` at ${address}`;
};

/** Names the task and the CPU that use the lock, at the start of a sentence. */
const subject = ({ comm, cpu }: ReportFacts): string =>
  comm === undefined ? "A task" : `\`${comm}\`${cpu === undefined ? "" : ` on CPU ${cpu}`}`;

function explainSpinlock(facts: ReportFacts, fault: string): string {
  const owner = particular(facts, "owner");
  const magic = particular(facts, "magic");
  const isOwn = owner !== undefined && owner === `${facts.comm}/${facts.pid}`;
  const of =
    owner === undefined || owner.startsWith("<none>")
      ? ""
      : ` Its owner is ${isOwn ? `the waiting task itself, ${owner}` : owner}.`;
  if (fault.includes("bad magic"))
    return `The magic number of the lock${lockAt(facts)}${inFunction(facts).replace(/^ in (.*)$/, ", used in $1,")} is wrong${magic === undefined ? "" : ` (${magic} instead of ${facts.headline.includes("rwlock") ? "deaf1eed" : "dead4ead"})`}: the lock was never initialised, was freed, or was overwritten.`;
  if (fault.includes("recursion"))
    return `${subject(facts)} took a spinlock${inFunction(facts)} that it already holds according to the lock's owner field: it would wait for itself.${of}`;
  if (fault.includes("lockup"))
    return `${subject(facts)} could not take a spinlock${inFunction(facts)} for a long time: its holder does not release it, or does not run.${of}`;
  if (fault.includes("already unlocked"))
    return `A lock${quotedLock(particular(facts, "lock"))} was released${nearFunction(facts)}, but was not held.`;
  if (fault.includes("wrong")) return `A lock was released by another task or CPU than the one that took it.${of}`;
  return `A lock is in an invalid state.${of}`;
}
