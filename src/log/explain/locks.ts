import type { ReportFacts } from "../facts.ts";

const particular = (facts: ReportFacts, key: string): string | undefined =>
  facts.particulars.find((one) => one.key === key)?.text;

const named = (text: string | undefined): string => (text === undefined ? "" : ` \`${text.replace(/ at .*/, "")}\``);

const NONE_HAPPENED = "A deadlock is possible; none need have happened.";

export function explainLock(facts: ReportFacts): string {
  const wants = particular(facts, "wants") ?? (facts.kind === "lock-context" ? particular(facts, "lock") : undefined);
  const holds = particular(facts, "holds");
  const who = facts.comm === undefined ? "a task" : `\`${facts.comm}\``;
  const groups = facts.report.headline.groups;
  switch (facts.kind) {
    case "lock-cycle":
      return `Lockdep saw two or more locks taken in both orders: ${who} takes${named(wants) || " a lock"} while it holds${named(holds) || " another"}, and elsewhere the one is (through others) taken while the other is held. ${NONE_HAPPENED}`;
    case "lock-recursion":
      return `${who === "a task" ? "A task" : who} takes${named(wants) || " a lock"} while it holds${named(holds) || " one"} of the same class. If it is the same lock it waits for itself; if they are two, their nesting was not told to lockdep. ${NONE_HAPPENED}`;
    case "lock-inversion":
      return `Of two locks that are taken one within the other${wants === undefined ? "" : `, ${named(wants).trim()} among them`}, one is taken in interrupts and the other with interrupts on: an interrupt can come in between. ${NONE_HAPPENED}`;
    case "lock-order":
      return `A lock that interrupts take (${groups.safe ?? "irq"}-safe) is held while one is taken that is held elsewhere with interrupts on (${groups.unsafe ?? "irq"}-unsafe)${wants === undefined ? "" : `:${named(wants)}`}. ${NONE_HAPPENED}`;
    case "lock-state":
      return `A lock${named(wants)} is taken both in an interrupt (or in memory reclaim) and elsewhere with that allowed: the interrupt can come while the lock is held, and wait for it for ever${particular(facts, "rule") === undefined ? "" : ` (${particular(facts, "rule")})`}. ${NONE_HAPPENED}`;
    case "lock-context":
      return `A lock${named(wants)} that can sleep on a preemptible kernel is taken where only spinning locks may be.`;
    case "lock-balance":
      return `A lock${named(particular(facts, "lock"))} was released that the task does not hold: it was released twice, or taken on another path.`;
    case "lock-freed":
      return "Memory was freed that holds a lock which is being held: who releases it will write to freed memory.";
    case "lock-held":
      return `A task went back to user space, exited or froze while it still held a lock${named(particular(facts, "lock"))}: a path forgets to release it.`;
    case "lock-nested":
      return "A lock was taken as nested in another that is not held.";
    case "lock-key":
      return `A lock was used${inFunction(facts)} that lockdep cannot name: it was never initialised, or lies in memory that is no static object.`;
    case "lock-limit":
      return `A table of lockdep is full (“${facts.headline.replace(/^BUG: /, "").slice(0, 100)}”): it turned itself off. That is a limit of the debugging, no fault of the locks.`;
    case "lock-bug":
      return `Lockdep found its own records in contradiction${facts.said[0] === undefined ? "" : ` (“${facts.said[0].slice(0, 100)}”)`}${inFunction(facts)}: an unbalanced unlock, a lock that was freed or never initialised, or memory that was overwritten.`;
    default:
      return explainContext(facts);
  }
}

/** The guilty function, as part of a sentence. */
const inFunction = ({ where }: ReportFacts): string =>
  where?.place.name === undefined ? "" : ` in \`${where.place.name}\``;

function explainContext(facts: ReportFacts): string {
  const groups = facts.report.headline.groups;
  switch (facts.kind) {
    case "rcu-usage": {
      const place = particular(facts, "place");
      const says = place === undefined ? "" : ` (${place})`;
      if (/Illegal (?:context switch|synchronize)/.test(place ?? "")) {
        return `The task may sleep or wait within an RCU read-side section, where that is forbidden${says}.`;
      }
      if (place !== undefined && !/rcu_dereference|RCU-list traversed|usage!/.test(place)) {
        return `RCU was used against its rules${says}.`;
      }
      return `A pointer that RCU protects was read without the lock or the read-side section that it needs${says}: the object may be freed meanwhile. Nothing need have gone wrong this time.`;
    }
    case "spinlock":
      return explainSpinlock(facts, groups.fault ?? "");
    case "atomic-sleep":
      return `A function that may sleep was called where that is forbidden. ${reasonNotToSleep(facts)}`;
    case "atomic-schedule":
      return `A task gave up the processor where that is forbidden: a spinlock is held, preemption is off, or it is an interrupt${groups.count === undefined ? "" : ` (preempt_count 0x${groups.count})`}. Somebody forgot to release, or called what sleeps.`;
    case "preemptible":
      return `\`${groups.used ?? "smp_processor_id"}()\` was used${inFunction(facts)} where the task can move to another CPU: the answer may be wrong by the time it is used.`;
    default:
      return explainLeak(facts);
  }
}

/** kernel/workqueue.c, process_one_work(): the count of preemption and the depth of held locks; interrupts are not looked at. */
function explainLeak(facts: ReportFacts): string {
  const name = particular(facts, "function");
  const count = /(?:\/|preempt=)0x([0-9a-f]{8})\b/.exec(facts.headline)?.[1];
  const what =
    count === undefined
      ? "with a lock held, or with preemption off"
      : Number.parseInt(count, 16) === 0
        ? "with a lock or an RCU read-side section held (preemption is on)"
        : `with preemption off or in an atomic section (preempt_count 0x${count})`;
  return `A work item came back ${what}: its function${name === undefined ? "" : ` \`${name}\``} forgot to release.`;
}

function reasonNotToSleep(facts: ReportFacts): string {
  const atomic = particular(facts, "atomic");
  const irqs = particular(facts, "irqs");
  const count = particular(facts, "count");
  const reasons = [
    ...(atomic === "1"
      ? [
          `preemption is off or a spinlock is held, or it is a softirq or an interrupt (in_atomic 1${count === undefined ? "" : `, preempt_count ${count}`})`,
        ]
      : []),
    ...(irqs !== undefined && irqs !== "0" ? ["interrupts are off (irqs_disabled 1)"] : []),
  ];
  if (reasons.length === 0)
    return particular(facts, "rcu") === undefined
      ? "The report says why below the headline."
      : "It is within an RCU read-side section or another that may not sleep.";
  return `Here ${reasons.join(", and ")}.`;
}

function explainSpinlock(facts: ReportFacts, fault: string): string {
  const owner = particular(facts, "owner");
  const magic = particular(facts, "magic");
  const of = owner === undefined || owner.startsWith("<none>") ? "" : ` Its owner is ${owner}.`;
  if (fault.includes("bad magic"))
    return `The lock's magic number is wrong${magic === undefined ? "" : ` (${magic}; dead4ead is right)`}: it was never initialised, was freed, or was overwritten.`;
  if (fault.includes("recursion"))
    return `A task took a spinlock that it already holds: it would wait for itself.${of}`;
  if (fault.includes("lockup")) return `A spinlock could not be had for long: who holds it does not release it.${of}`;
  if (fault.includes("already unlocked")) return "A lock was released that was not held.";
  if (fault.includes("wrong")) return `A lock was released by another task or CPU than took it.${of}`;
  return `A lock is in a state that cannot be.${of}`;
}
