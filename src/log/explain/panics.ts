/** Explanations of panics, by their words. */
import { hex0x } from "../../base/hex.ts";
import type { ReportFacts } from "../facts.ts";
import { plainName, shortPlaceText } from "../place.ts";

/** The meanings of the words after "Kernel panic - not syncing: ". */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [
    /sysrq triggered crash/,
    "This crash was requested by SysRq (a key, a serial console, or /proc/sysrq-trigger): look at what the other tasks were doing.",
  ],
  [
    /kmsan\.panic set/,
    "The kernel is configured to panic at a report of KMSAN (`kmsan.panic`); the report before it is the cause.",
  ],
  [
    /kasan\.fault=panic/,
    "The kernel is configured to panic at a report of KASAN (`kasan.fault=panic`); the report before it is the cause.",
  ],
  [
    /panic_on_warn/,
    "The kernel is configured to panic at any warning (`kernel.panic_on_warn`); the warning before it is the cause.",
  ],
  [
    /hung_task: blocked tasks/,
    "The kernel is configured to panic when a task is blocked for too long (`kernel.hung_task_panic`); the reports before it name the tasks.",
  ],
  [
    /softlockup: hung tasks/,
    "The kernel is configured to panic when the soft-lockup watchdog finds a lockup (`kernel.softlockup_panic`); the report before it says which.",
  ],
  [
    /[Hh]ard LOCKUP/,
    "The kernel is configured to panic when a CPU takes no interrupts for too long (`kernel.hardlockup_panic`); the report before it says which.",
  ],
  [
    /RCU Stall/,
    "The kernel is configured to panic at a stall of RCU (`kernel.panic_on_rcu_stall`); the report before it says which CPU or task.",
  ],
  [
    /compulsory panic_on_oom/,
    "The kernel is configured to panic whenever too little memory is free, also in a control group (`vm.panic_on_oom` is 2).",
  ],
  [/system-wide panic_on_oom/, "The kernel is configured to panic when too little memory is free (`vm.panic_on_oom`)."],
  [
    /no killable process|System is deadlocked on memory/i,
    "The kernel found too little free memory, and no process that it may kill.",
  ],
  [
    /Out of memory|panic_on_oom/i,
    "The kernel found too little free memory. It is configured to panic in this case (`vm.panic_on_oom`), or found no process that it may kill.",
  ],
  [
    /Fatal machine check|[Mm]achine check/,
    "A processor reported a hardware error that the kernel cannot recover from. The cause is usually the hardware or the firmware.",
  ],
  [
    /Fatal exception in interrupt/,
    "A fault happened in a context that counts as an interrupt (an interrupt, a softirq, disabled softirqs, or the handler of some exceptions), where the kernel cannot kill a task instead; the report before it says which.",
  ],
  [
    /Fatal exception/,
    "The kernel is configured to panic at a fault (`kernel.panic_on_oops`); the report before it says which.",
  ],
  [/Attempted to kill init/, "The init process ended; the system cannot run without it."],
  [
    /Attempted to kill the idle task|Aiee, killing interrupt handler/,
    "The fault before it happened in a context where the kernel cannot kill a task instead.",
  ],
  [
    /VFS: Unable to mount root fs/,
    "The root file system could not be mounted. Usual causes: wrong `root=`, a missing driver, no initramfs, or a disk that is absent or not found yet.",
  ],
  [
    /No working init found|No init found/,
    "The kernel found no program to start as the init process. Usual causes: the program or its libraries are missing in the root file system, or `root=` or `init=` is wrong.",
  ],
  [/Requested init/, "The program that `init=` names could not be started."],
  [/Asynchronous SError/, "The kernel does not continue after an asynchronous error of the hardware (SError)."],
  [
    /stack is corrupted/,
    "The stack canary in a frame of that function was overwritten. Usual cause: a local variable was written past its end.",
  ],
  [
    /corrupted stack end/,
    "The last word of a kernel stack was overwritten: most likely the stack overflowed. The scheduler found it in a check, which may be later than the write.",
  ],
  [/\bNMI\b/, "A non-maskable interrupt came, and the kernel stopped because of it."],
  [/bad mode/, "The processor took an exception that must not happen in that mode."],
];

/**
 * Names the task that requested a crash through /proc/sysrq-trigger (drivers/tty/sysrq.c); undefined for other panics.
 */
function requestedBy({ comm, pid, panic, headline, traces }: ReportFacts): string | undefined {
  const isProc = traces.some(({ entries }) => entries.some(({ name }) => name === "write_sysrq_trigger"));
  if (comm === undefined || !isProc || !/sysrq triggered crash/.test(panic ?? headline)) return undefined;
  return `\`${comm}\`${pid === undefined ? "" : ` (PID ${pid})`} requested this crash through /proc/sysrq-trigger: look at what the other tasks were doing.`;
}

export function explainPanic(facts: ReportFacts): string {
  const text = facts.panic ?? facts.headline;
  const known = REASONS.find(([pattern]) => pattern.test(text))?.[1];
  if (known !== undefined) {
    const name = /stack is corrupted in: ([\w.]{1,255})/.exec(text)?.[1];
    const isAddress = name !== undefined && /^(?:0x)?[0-9a-f]{8,16}$/.test(name);
    const owner = isAddress ? facts.guilty?.place.name : name;
    const named =
      name === undefined
        ? known
        : known.replace(
            "of that function",
            owner === undefined ? `of the function at ${name}` : `of \`${plainName(owner)}\``,
          );
    // schedule_debug() looks at the stack of the task that calls the scheduler, which is the one that the panic names.
    const owned =
      facts.comm === undefined
        ? named
        : named.replace("of a kernel stack was", `of the kernel stack of \`${facts.comm}\` was`);
    const reason = `${requestedBy(facts) ?? owned}${exitOfInit(text)}`;
    // A log may begin with the panic: then there is no earlier report to refer to.
    const cause = facts.particulars.find(({ key }) => key === "cause")?.text;
    return cause === undefined
      ? `${withoutPointer(reason)}${/hung_task: blocked tasks/.test(text) ? foundBy(facts) : ""}`
      : reason.replace(/; the (?:report|warning)s? before .*$/, `. The last such report before it: ${cause}.`);
  }
  const reason = /not syncing: (.{1,200})/.exec(text)?.[1];
  return reason === undefined ? "The kernel stopped." : `The kernel stopped, for this reason: “${reason.trim()}”.`;
}

/** Names the task that called panic(), for a panic whose cause the log does not show. */
const foundBy = ({ comm, pid, cpu }: ReportFacts): string =>
  comm === undefined
    ? ""
    : ` \`${comm}\`${pid === undefined ? "" : ` (PID ${pid})`}${cpu === undefined ? "" : ` on CPU ${cpu}`} stopped the kernel.`;

const LOST_STACK = "Usual causes: the kernel stack overflowed, or its pointer was overwritten.";

/** Maximum distance in bytes from the stack pointer to the end of an exception frame that is pushed there. */
const MAX_FRAME = 64n;

/** Explains a double fault (x86: arch/x86/kernel/traps.c, exc_double_fault()). */
export function explainDoubleFault({ site }: ReportFacts): string {
  const stack = site?.registers.find(({ name }) => name === "RSP")?.value;
  const at = site?.place?.name === undefined ? "" : `, in \`${shortPlaceText(site.place)}\``;
  const base = `An exception happened while the processor delivered another one${at}.`;
  if (stack === undefined) return `${base} ${LOST_STACK}`;
  if (stack >> 63n === 0n)
    return `${base} RSP is ${hex0x(stack)}, which is not a kernel address: most likely the processor could not push an exception frame.`;
  const fault = site?.registers.find(({ name }) => name === "CR2")?.value;
  // An exception frame has five or six words, and the stack is aligned to 16 bytes before they are pushed.
  return fault !== undefined && fault < stack && stack - fault <= MAX_FRAME
    ? `${base} The last page fault was at ${hex0x(fault)}, just below RSP (${hex0x(stack)}): most likely the push of an exception frame failed. ${LOST_STACK}`
    : `${base} RSP is ${hex0x(stack)}. ${LOST_STACK}`;
}

/** Signals that end a process by default, by their numbers on most machines. */
const SIGNALS: Readonly<Record<number, string>> = {
  1: "SIGHUP",
  2: "SIGINT",
  4: "SIGILL",
  5: "SIGTRAP",
  6: "SIGABRT",
  7: "SIGBUS",
  8: "SIGFPE",
  9: "SIGKILL",
  11: "SIGSEGV",
  13: "SIGPIPE",
  15: "SIGTERM",
};

/**
 * Explains the exit code of init in the encoding of wait(2): the low 7 bits are the signal; without one, bits 8 to 15
 * are the status.
 */
function exitOfInit(text: string): string {
  const digits = /Attempted to kill init! exitcode=0x([0-9a-f]{1,8})/.exec(text)?.[1];
  if (digits === undefined) return "";
  const code = Number.parseInt(digits, 16);
  const signal = code & 0x7f;
  if (signal === 0) return ` It exited with status ${(code >> 8) & 0xff}.`;
  // make_task_dead() ends a task after an oops with the number of a signal, too.
  return ` Its exit code stands for signal ${signal}${SIGNALS[signal] === undefined ? "" : ` (${SIGNALS[signal]})`}, which may have been sent, or stand for a fault of the program or of the kernel.`;
}

/** Returns a reason without its words about the report before the panic. */
const withoutPointer = (reason: string): string => reason.replace(/; the (?:report|warning)s? before .*$/, ".");

/**
 * Explains the panic that followed a report. Words about "the report before" are left out, because that is this report.
 * Undefined if no panic followed or its words are unknown.
 */
export function consequence({ kind, panic, headline }: ReportFacts): string | undefined {
  if (panic === undefined) return undefined;
  // exc_int3() and exc_double_fault() count as non-maskable interrupts (irqentry_nmi_enter) since 5.8.
  if (/Fatal exception in interrupt/.test(panic))
    return ["int3", "double-fault", "stack-guard"].includes(kind) || headline.includes("(double-fault)")
      ? "The handler of this exception counts as an interrupt, so the kernel stopped."
      : "It happened in an interrupt, in a softirq or with softirqs disabled, so the kernel stopped.";
  if (/Attempted to kill the idle task|Aiee, killing interrupt handler/.test(panic))
    return "It happened in a context where the kernel cannot kill a task instead, so the kernel stopped.";
  const reason = REASONS.find(([pattern]) => pattern.test(panic))?.[1];
  return reason === undefined ? undefined : withoutPointer(reason);
}
