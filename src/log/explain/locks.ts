/** Explanations of reports of lockdep. */
import { heldLocks } from "../facts/heldLocks.ts";
import type { ReportFacts } from "../facts.ts";
import { plainName } from "../place.ts";
import { explainContext } from "./contexts.ts";
import { byFunction, inFunction, nearFunction, particular, quotedLock } from "./naming.ts";

const NONE_HAPPENED = "A deadlock is possible, but may not have happened.";

export function explainLock(facts: ReportFacts): string {
  const wants = particular(facts, "wants") ?? (facts.kind === "lock-context" ? particular(facts, "lock") : undefined);
  const holds = particular(facts, "holds");
  const who = facts.comm === undefined ? "a task" : `\`${facts.comm}\``;
  switch (facts.kind) {
    case "lock-cycle":
      if (wants === undefined && holds === undefined && facts.comm === undefined)
        return `Lockdep found a cycle in the order in which locks are taken; the lines that name the task and the locks are not in this report. ${NONE_HAPPENED}`;
      return `Lockdep found a cycle in the order in which locks are taken: ${who} requests${quotedLock(wants) || " a lock"} while it holds${quotedLock(holds) || " another"}, and lockdep saw the opposite order before (directly or through further locks). ${NONE_HAPPENED}`;
    case "lock-recursion":
      return `${who === "a task" ? "A task" : who} requests${quotedLock(wants) || " a lock"} while it holds${quotedLock(holds) || " one"} of the same class. ${
        particular(facts, "same") === undefined
          ? `If it is the same lock, the task waits for itself; if they are two locks, their nesting was not declared to lockdep. ${NONE_HAPPENED}`
          : "It is one lock, because both addresses are equal: the task would wait for itself, unless both only read."
      }`;
    case "lock-inversion":
      return `According to lockdep, two locks are nested${wants === undefined ? "" : `, and ${quotedLock(wants).trim()} is one of them`}. One is taken in interrupts (or in memory reclaim), and the other is held while these are enabled, so that an interrupt (or reclaim) can wait, through both locks, for the task that it interrupted. ${NONE_HAPPENED}`;
    case "lock-order":
      return explainOrder(facts);
    case "lock-state":
      return explainState(facts);
    case "lock-context":
      return explainWait(facts, wants);
    case "lock-balance":
      return explainBalance(facts);
    case "lock-freed":
      return explainFreed(facts);
    case "lock-held":
      return explainHeld(facts, who);
    case "lock-nested":
      return `${who === "a task" ? "A task" : who} requests${quotedLock(wants ?? particular(facts, "lock")) || " a lock"}${inFunction(facts)} and declares that it is nested in another lock, which the task does not hold.`;
    case "lock-key":
      return `Lockdep has no key for a lock that was used${nearFunction(facts)}. Usual causes: the lock was never initialised, or its key is not in static memory.`;
    case "lock-limit":
      return explainLimit(facts);
    case "lock-bug":
      return explainCheck(facts);
    default:
      return explainContext(facts);
  }
}

/** Explains a lock that is released or waited for, of which lockdep has no record that it is held or requested. */
function explainBalance(facts: ReportFacts): string {
  const lock = `A lock${quotedLock(particular(facts, "lock"))}`;
  return facts.report.headline.groups.what === "contention"
    ? `${lock} was waited for${byFunction(facts)}, while the task neither requests nor holds a lock according to lockdep. Usual cause: a path takes the lock without telling lockdep.`
    : `${lock} was released${byFunction(facts)}, but the task does not hold it according to lockdep. Usual causes: it was released twice, or by a path that did not take it.`;
}

/** Explains a limit of lockdep (print_lockdep_off()). MAX_LOCK_DEPTH is that of one task, the others are those of tables. */
function explainLimit({ headline }: ReportFacts): string {
  const words = `(“${headline.replace(/^BUG: /, "").slice(0, 100)}”)`;
  return headline.includes("MAX_LOCK_DEPTH")
    ? `A task holds more locks than lockdep can record for one task ${words}, so lockdep disabled itself. Usual causes: the task takes locks and does not release them, or it needs that many.`
    : `A table of lockdep is full ${words}, so lockdep disabled itself. Usual causes: the kernel has more kinds or orders of locks than the table holds, or code makes new ones again and again.`;
}

/**
 * Explains a lock that the context does not allow (print_lock_invalid_wait_context()). The inner wait type of a context
 * is the lowest of its own and those of the held locks (include/linux/lockdep_types.h, enum lockdep_wait_type).
 */
function explainWait(facts: ReportFacts, lock: string | undefined): string {
  const own = facts.texts.map((text) => /^context-\{\d:(\d)\}/.exec(text)?.[1]).find(Boolean);
  const wanted = facts.texts
    .map((text) => /^\s{0,32}[0-9a-f]{8,16} \(.{1,160}\)\{.{0,16}\}-\{(\d):\d\}, at: /.exec(text)?.[1])
    .find(Boolean);
  // LD_WAIT_CONFIG and LD_WAIT_SLEEP, which are 3 and 4, or 2 and 3.
  const sleeps = Number(wanted ?? 0) < 3 ? "" : " whose wait may sleep (always, or on a PREEMPT_RT kernel)";
  // might_fault() tells lockdep of mmap_lock, which a page fault would take there.
  const isAnnounced = facts.texts.some((text) => /^\s{0,32}[0-9a-f]{8,16} \(.{1,160}, at: _*might_fault\+/.test(text));
  const taken = `A lock${quotedLock(lock)}${sleeps} ${isAnnounced ? "may be taken by a page fault (`__might_fault`)" : "is requested"}`;
  if (own === undefined || wanted === undefined) return `${taken} in a context that does not allow it.`;
  const lowest = heldLocks(facts).find(({ inner }) => inner !== undefined && inner > 0 && inner < Number(wanted));
  if (Number(own) < Number(wanted))
    return `${taken} in a context that allows locks up to wait type ${own} (the lock has ${wanted}), such as an interrupt.`;
  return lowest === undefined
    ? `${taken} in a context that does not allow it.`
    : `${taken} while \`${lowest.name}\` is held, which allows locks up to wait type ${lowest.inner} (the lock has ${wanted}).`;
}

/**
 * Explains memory that contains a held lock (print_freed_lock_bug()): it is freed, or a lock in it is initialised (for
 * example __mutex_init()).
 */
function explainFreed(facts: ReportFacts): string {
  const isFree = facts.traces.some(({ entries }) =>
    entries.some(({ name = "", isDoubtful }) => !isDoubtful && name.includes("free") && !name.includes("locks_freed")),
  );
  const lock = particular(facts, "lock");
  return `Memory was ${isFree ? "freed" : "freed or initialised"}${memoryOf(facts)} while a lock in it${lock === undefined ? "" : ` (${quotedLock(lock).trim()})`} is held${facts.comm === undefined ? "" : ` by \`${facts.comm}\``}: the release of the lock would write to that memory.`;
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
    return `Lockdep's record of the class of a lock does not fit the lock that was used${operation}${at}. Usual causes: two kinds of lock have the same key, or the lock was never initialised, was freed, or was overwritten.`;
  return `A check of lockdep failed${message}${operation}${at}. Usual causes: an unbalanced or wrong operation on a lock, a lock that was freed or never initialised, or memory that was overwritten.`;
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
  return `${facts.comm === undefined ? "A task" : `\`${facts.comm}\``} requests${quotedLock(particular(facts, "wants")) || " a lock"} while it holds${quotedLock(particular(facts, "holds")) || " another"}. According to lockdep, a lock ${taken} (${safe}-safe${quotedLock(particular(facts, "safe")).replace(" ", ": ")}) is thus ordered, directly or through further locks, before a lock that is held ${elsewhere} (${unsafe}-unsafe${quotedLock(particular(facts, "unsafe")).replace(" ", ": ")}). ${NONE_HAPPENED}`;
}

/** Explains a lock that is taken in two contradicting states (print_usage_bug()). */
function explainState(facts: ReportFacts): string {
  const lock = quotedLock(particular(facts, "wants"));
  const rule = particular(facts, "rule") ?? "";
  const says = rule === "" ? "" : ` (${rule})`;
  if (rule.includes("RECLAIM")) {
    return `According to lockdep, a lock of the class${lock} is taken by memory reclaim, and such a lock is held during an allocation that may reclaim memory: then the reclaim can wait for a lock whose holder waits for memory${says}. ${NONE_HAPPENED}`;
  }
  if (rule.includes("NMI")) {
    return `According to lockdep, a lock of the class${lock} is taken both in a non-maskable interrupt and outside of it. A non-maskable interrupt cannot be disabled: it can come while its own CPU holds the lock, and then waits for ever${says}. ${NONE_HAPPENED}`;
  }
  const [interrupt, all] = rule.includes("HARDIRQ")
    ? ["a hardware interrupt", "hardware interrupts"]
    : rule.includes("SOFTIRQ")
      ? ["a softirq", "softirqs"]
      : ["an interrupt", "interrupts"];
  return `According to lockdep, a lock of the class${lock} is taken in ${interrupt}, and such a lock is held while ${all} are enabled: one that comes then on the same CPU can wait for ever for the lock${says}.${lock.includes("fs_reclaim") ? " `fs_reclaim` exists only in lockdep: it represents an allocation that may wait for memory to be reclaimed." : ""} ${NONE_HAPPENED}`;
}

/**
 * Explains a lock that is still held: lockdep_sys_exit(), and debug_check_no_locks_held(), which runs when a task exits
 * and in try_to_freeze(), whether or not the task is to be frozen.
 */
function explainHeld(facts: ReportFacts, who: string): string {
  const task = who === "a task" ? "A task" : who;
  const lock = `${quotedLock(particular(facts, "lock")) || " a lock"}`;
  if (/returning to user space/.test(facts.headline))
    return `${task} returns to user space while it still holds${lock}. Usual cause: a code path does not release it.`;
  const entries =
    facts.traces.find(({ role }) => role === "stack")?.entries.filter(({ isDoubtful }) => !isDoubtful) ?? [];
  if (entries.some(({ name }) => name === "do_exit"))
    return `${task} exits while it still holds${lock}. Usual cause: a code path does not release it.`;
  const where = entries.length > 0 ? "reached" : "exits, or reached";
  return `${task} ${where} a place where it may be frozen, while it still holds${lock}. Usual causes: a code path does not release it, or may be frozen where it must not.`;
}
