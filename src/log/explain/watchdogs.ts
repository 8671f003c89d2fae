/** Explanations of lockups, stalls and hung tasks. */
import { locksOf } from "../facts/heldLocks.ts";
import type { ReportFacts } from "../facts.ts";
import { shortPlaceText } from "../place.ts";
import { particular } from "./naming.ts";

/** Returns "`function+0x…`" with the guilty function; undefined if it is unknown. */
const guiltyPlace = ({ guilty }: ReportFacts): string | undefined => guilty && `\`${shortPlaceText(guilty.place)}\``;

/** Returns " (`function+0x…`)" with the guilty function; empty if it is unknown. */
const where = (facts: ReportFacts): string => {
  const place = guiltyPlace(facts);
  return place === undefined ? "" : ` (${place})`;
};

/** Names the place of the processor, which may be in locking or list code that the guilty function called. */
function placeOfProcessor(facts: ReportFacts): string {
  const place = facts.site?.place;
  if (place === undefined) return "";
  const at = shortPlaceText(place);
  const frame = facts.guilty === undefined ? "" : shortPlaceText(facts.guilty.place);
  return frame === "" || frame === at ? ` (\`${at}\`)` : ` (\`${at}\`, in a call by \`${frame}\`)`;
}

export function explainWatchdog(facts: ReportFacts): string {
  const { groups } = facts.report.headline;
  const task =
    facts.comm === undefined ? "A task" : `\`${facts.comm}\`${facts.pid === undefined ? "" : ` (PID ${facts.pid})`}`;
  switch (facts.kind) {
    case "soft-lockup":
      return `The soft-lockup watchdog's work did not run on ${facts.cpu === undefined ? "a CPU" : `CPU ${facts.cpu}`} ${groups.seconds === undefined ? "for too long" : `for ${groups.seconds} s`}. When the watchdog checked, ${facts.comm === undefined ? "a task" : task} was running there${placeOfProcessor(facts)}; the cause can be elsewhere. Usual causes: a long loop in the kernel, a wait for a spinlock, or a host that did not run the virtual CPU.`;
    case "hard-lockup":
      return `The hard-lockup watchdog found that ${hardCpu(facts)} took no timer interrupt for too long. Usual causes: it loops or waits for a lock with interrupts disabled, or the firmware or the host did not run it.${facts.guilty === undefined ? "" : ` The report shows it in ${guiltyPlace(facts)}.`}`;
    case "rcu-stall":
      return explainStall(facts);
    case "hung-task":
      return explainHung(facts, task);
    case "workqueue-lockup":
      return `A worker pool${groups.pool === undefined ? "" : ` (${groups.pool})`} has work to do and made no progress${groups.seconds === undefined ? " for too long" : ` for ${groups.seconds} s`}. Usual causes: a work item runs for too long without sleeping, something else occupies the CPU, or no new worker can be created because memory is short.${facts.texts.some((text) => /busy workqueues/.test(text)) ? " The lists below name the items that run and wait." : ""}`;
    case "netdev-watchdog":
      return explainTransmit(facts);
    case "sched-ext":
      return `The BPF scheduler \`${groups.scheduler ?? ""}\` was disabled; the kernel uses its own scheduler again.`;
    default:
      return "The kernel's clock source disagrees with the clock that its watchdog compares it with. The kernel may replace it.";
  }
}

function hardCpu({ cpu, report }: ReportFacts): string {
  const { other, others } = report.headline.groups;
  if (other !== undefined || others !== undefined) return `CPU ${other ?? others}`;
  return cpu === undefined ? "a CPU" : `CPU ${cpu}`;
}

function explainStall(facts: ReportFacts): string {
  const who = particular(facts, "cpus") ?? particular(facts, "tasks");
  if (flavourOf(facts) === "rcu_tasks") return explainTasks(facts);
  const starved = particular(facts, "starved");
  const waited = jiffiesOf(facts);
  const flavour = flavourOf(facts);
  const late = facts.texts.map((text) => QUIET.exec(text)?.[1]).find(Boolean);
  if (late !== undefined) {
    return `All CPUs passed a quiescent state, but the grace-period thread of RCU (\`${flavour}\`) did not end the grace period: it was last active ${late} jiffies before. Usual causes: it got no CPU time, or its timer did not fire.${facts.guilty === undefined ? "" : ` A stack in the report shows ${guiltyPlace(facts)}.`}`;
  }
  return [
    `RCU (\`${flavour}\`) waits for a CPU or a task that did not pass a quiescent state for too long. Usual causes: a loop in the kernel, disabled interrupts or preemption, or a task or a virtual CPU that does not run.`,
    ...(who === undefined ? [] : [`It waits for: \`${who}\`.`]),
    ...(waited === undefined ? [] : [`The grace period is ${waited} jiffies old.`]),
    ...(facts.guilty === undefined ? [] : [`A stack in the report shows ${guiltyPlace(facts)}.`]),
    ...(starved === undefined
      ? []
      : /timer wakeup/.test(starved)
        ? ["A timer of RCU's grace-period thread did not fire in time, which alone may have caused the stall."]
        : ["RCU's grace-period thread did not run for too long, which alone may have caused the stall."]),
  ].join(" ");
}

/**
 * Returns the age of the grace period, in jiffies: `t=` of a stall, the number after the CPUs of an expedited one;
 * undefined if the report has neither.
 */
const jiffiesOf = (facts: ReportFacts): string | undefined =>
  /\bt=(\d{1,20}) jiffies/.exec(particular(facts, "time") ?? particular(facts, "detected") ?? facts.headline)?.[1] ??
  /\} (\d{1,20}) jiffies/.exec(facts.headline)?.[1];

const flavourOf = ({ report }: ReportFacts): string => report.headline.groups.flavour ?? "RCU";

/** Explains a stall of Tasks RCU, whose grace period ends when each task yielded voluntarily or is in user mode (kernel/rcu/tasks.h). */
function explainTasks({ texts }: ReportFacts): string {
  const stacks = texts.flatMap(
    (text) => /^task:(.{1,40}?) {1,}state:.{1,60}?\bpid: ?(\d+)/.exec(text)?.slice(1, 3).join(", PID ") ?? [],
  );
  const named = stacks.length === 0 ? "" : ` (${stacks.slice(0, 3).join("; ")})`;
  return `RCU (\`rcu_tasks\`) waits for tasks${named} that did not yield their CPU voluntarily for too long. Usual causes: they loop in the kernel, or were preempted and do not run.`;
}

/** The line for a stall that no CPU causes; captures the jiffies since RCU's thread ran (kernel/rcu/tree_stall.h, print_other_cpu_stall()). */
const QUIET = /All QSes seen, last \w+ kthread activity (\d+)/;

function explainHung(facts: ReportFacts, task: string): string {
  const { groups, row } = facts.report.headline;
  const seconds = groups.seconds === undefined ? "too long" : `more than ${groups.seconds} s`;
  const owner = particular(facts, "owner");
  const holder = owner === undefined ? "" : ` The report says that it is ${owner}.`;
  if (row.title.includes("can't die")) return `${task} was killed, but did not exit for ${seconds}${where(facts)}.`;
  const { wait, isHeld } = waitingIn(facts);
  const locks = facts.pid === undefined ? [] : locksOf(facts, facts.pid).map(({ name }) => `\`${name}\``);
  const requested =
    locks.length === 0 ? "" : ` Lockdep lists the locks that it holds or requests: ${locks.join(", ")}.`;
  const slept = `${task} slept uninterruptibly for ${seconds}`;
  if (groups.io !== undefined)
    return `${slept}, in a wait that the kernel counts as I/O.${wait}${holder}${requested} Usual cause: a device or its driver that does not complete a request.`;
  const look =
    owner !== undefined || wait === ""
      ? ""
      : isHeld
        ? " Find the task that holds it; this task did not fault."
        : " Find what should have ended the wait; this task did not fault.";
  return `${slept}.${wait}${holder}${requested}${look}`;
}

function explainTransmit(facts: ReportFacts): string {
  const line = facts.texts.find((text) => text.includes("NETDEV WATCHDOG: "));
  const { groups } = facts.report.headline;
  const [, device = groups.device, driver = groups.driver] = /NETDEV WATCHDOG: (\S+) ?\((\S*)\)/.exec(line ?? "") ?? [];
  const queue = /transmit queue (\d{1,5}) /.exec(line ?? facts.headline)?.[1];
  return `${queue === undefined ? "The" : `Transmit queue ${queue} of the`} network device${device === undefined ? "" : ` \`${device}\``}${driver === undefined || driver === "" ? "" : ` (driver \`${driver}\`)`} did not send a packet for too long. Usual causes: the device, its driver or its interrupts do not work, the link partner blocks transmission (flow control), or the CPU did not run.`;
}

/** Functions in which a task sleeps, and what it waits for there; the first that matches. */
const WAITS: readonly (readonly [RegExp, string])[] = [
  [/^_*(?:ww_)?mutex_lock/, "a mutex"],
  [/^_*rt_mutex|rt_spin_lock/, "a mutex with priority inheritance"],
  [/^rwsem_down_write|^_*down_write|^call_rwsem_down_write/, "a read/write semaphore, to write"],
  [/^rwsem_down_read|^_*down_read|^call_rwsem_down_read/, "a read/write semaphore, to read"],
  [/^percpu_down|^percpu_rwsem/, "a per-CPU read/write semaphore"],
  [/^_*down(?:_|$)/, "a semaphore"],
  [/^_*synchronize_srcu/, "a grace period of SRCU"],
  [/^_*synchronize_(?:rcu|sched|net)/, "a grace period of RCU"],
  [/^s?rcu_barrier/, "callbacks of RCU"],
  [/^_*wait_for_completion|^(?:__|do_)?wait_for_common/, "a completion"],
  // A sleep for the lock of a page or a buffer looks like one for its I/O, which holds that lock.
  [/^_*(?:wait_on_buffer|lock_buffer)/, "a buffer (its lock, or I/O on it)"],
  [/^_*(?:wait_on_page|folio_wait|lock_page|folio_lock)/, "a page (its lock, or I/O on it)"],
  [/^blk_mq_get_tag/, "a free request of a block device"],
  [/^submit_bio_wait/, "a request to a block device"],
];

/** The kinds of wait that a holder ends. */
const HELD = /mutex|semaphore/;

function waitingIn(facts: ReportFacts): { wait: string; isHeld: boolean } {
  const { guilty: frame } = facts;
  if (!frame) return { wait: "", isHeld: false };
  const caller = `\`${shortPlaceText(frame.place)}\``;
  const above =
    facts.traces
      .find(({ start, end }) => start <= frame.at && frame.at < end)
      ?.entries.filter(({ at, isDoubtful }) => at < frame.at && !isDoubtful) ?? [];
  for (const [pattern, what] of WAITS) {
    if (above.some(({ name }) => pattern.test(name ?? "")))
      return { wait: ` It waits for ${what} in a call by ${caller}.`, isHeld: HELD.test(what) };
  }
  return { wait: ` It waits in a call by ${caller}.`, isHeld: false };
}
