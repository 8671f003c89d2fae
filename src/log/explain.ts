/** What a report means, in two or three sentences, by its kind. */
import type { LogContext } from "./context.ts";
import {
  explainBug,
  explainFortify,
  explainList,
  explainModule,
  explainDebugObject,
  explainRefcount,
  explainUsercopy,
  explainWarning,
} from "./explain/checks.ts";
import { explainArmFault, explainInternal } from "./explain/exceptions.ts";
import { explainAccess, explainDivision, explainGuardPage, explainOpcode, explainOverflow } from "./explain/faults.ts";
import { explainHardware } from "./explain/hardware.ts";
import { explainLock } from "./explain/locks.ts";
import { explainMemory, explainSanitizer } from "./explain/memory.ts";
import { canBeHash } from "./explain/naming.ts";
import { consequence, explainDoubleFault, explainPanic } from "./explain/panics.ts";
import { explainProtection, explainStackSegment } from "./explain/protection.ts";
import { explainWatchdog } from "./explain/watchdogs.ts";
import type { ReportFacts } from "./facts.ts";
import { placeIn } from "./facts/mixed.ts";
import type { ReportKind } from "./kinds.ts";
import { isMachinery } from "./machinery.ts";
import { plainName, shortPlaceText } from "./place.ts";

type Explainer = (facts: ReportFacts, context: LogContext) => string;

const constant =
  (text: string): Explainer =>
  () =>
    text;

/** By kind, what a report means; refined by its facts. */
const EXPLAINERS: Readonly<Record<ReportKind, Explainer>> = {
  "null-pointer": explainAccess,
  "page-fault": explainAccess,
  "user-access": explainAccess,
  "general-protection": explainProtection,
  oops: explainInternal,
  "divide-error": explainDivision,
  "invalid-opcode": explainOpcode,
  int3: ({ site }) =>
    `The kernel executed a breakpoint instruction (\`int3\`)${site?.place?.name === undefined ? "" : ` at \`${shortPlaceText(site.place)}\``}, and no probe, tracer or debugger handled it. Usual causes: the code was being changed (by a jump label, a probe or a tracer), or it was overwritten.`,
  "stack-segment": explainStackSegment,
  "double-fault": explainDoubleFault,
  "stack-guard": explainGuardPage,
  "stack-overflow": (facts) =>
    /corrupted stack end/.test(facts.headline) ? explainPanic(facts) : explainOverflow(facts),
  "unhandled-fault": explainArmFault,
  alignment: ({ headline }) => {
    const [, code, at] = /instruction ([0-9a-f]{4,8}) at \[<([0-9a-f]{8,16})>\]/.exec(headline) ?? [];
    // The other line of do_alignment() is about a program (UM_WARN).
    return headline.includes("not handling")
      ? `An access was not aligned as the instruction${code === undefined ? "" : ` ${code} at 0x${at}`} requires, and the kernel does not emulate this instruction.`
      : "An access of a program was not aligned as its instruction requires.";
  },
  serror: ({ headline }) => {
    const code = /\bcode (0x[0-9a-f]{1,16})/.exec(headline)?.[1];
    return `The hardware reported an error asynchronously (SError${code === undefined ? "" : `, code ${code}`}): the place of the processor need not be that of the access. Usual causes: a device, the mapping of its registers, or memory.`;
  },
  "kernel-bug": explainBug,
  "list-corruption": explainList,
  usercopy: explainUsercopy,
  fortify: explainFortify,
  cfi: ({ headline: text, report: { headline } }) =>
    text.includes("Missing ENDBR")
      ? `An indirect call or jump went to \`${headline.groups.target?.replace(/\/0x.*/, "") ?? "an address"}\`, where no ENDBR instruction is. Usual causes: a function pointer was overwritten, or the code was built without indirect branch tracking.`
      : `An indirect call went to ${headline.groups.target === undefined ? "an address" : `\`${headline.groups.target.replace(/\/0x.*/, "")}\``}, which does not have the type that the call expects. Usual causes: the function pointer was overwritten, or the function's type differs from that of the pointer.`,
  warning: explainWarning,
  refcount: explainRefcount,
  odebug: explainDebugObject,
  "stack-corrupted": explainPanic,
  "lock-cycle": explainLock,
  "lock-recursion": explainLock,
  "lock-inversion": explainLock,
  "lock-order": explainLock,
  "lock-state": explainLock,
  "lock-context": explainLock,
  "lock-balance": explainLock,
  "lock-freed": explainLock,
  "lock-held": explainLock,
  "lock-nested": explainLock,
  "lock-bug": explainLock,
  "lock-key": explainLock,
  "lock-limit": explainLock,
  "rcu-usage": explainLock,
  spinlock: explainLock,
  "atomic-sleep": explainLock,
  "atomic-schedule": explainLock,
  preemptible: explainLock,
  rtnl: ({ report }) =>
    `The code at ${report.headline.groups.place ?? "a place"} needs the lock of network configuration (\`rtnl_lock\`), which was not held.`,
  "workqueue-leak": explainLock,
  "soft-lockup": explainWatchdog,
  "hard-lockup": explainWatchdog,
  "rcu-stall": explainWatchdog,
  "hung-task": explainWatchdog,
  "workqueue-lockup": explainWatchdog,
  "netdev-watchdog": explainWatchdog,
  "sched-ext": explainWatchdog,
  "clock-watchdog": explainWatchdog,
  kasan: explainSanitizer,
  kmsan: explainSanitizer,
  kcsan: explainSanitizer,
  kfence: explainSanitizer,
  ubsan: explainSanitizer,
  "memory-leak": explainSanitizer,
  slab: explainSanitizer,
  oom: explainMemory,
  "allocation-failure": explainMemory,
  "bad-page": explainMemory,
  "bad-page-map": explainMemory,
  "mm-counter": explainMemory,
  "netdev-held": ({ report }) =>
    `The network device \`${report.headline.groups.device ?? ""}\` is to be removed, but is still referenced${report.headline.groups.count === undefined ? "" : ` (its usage count is ${report.headline.groups.count})`}. Usual causes: a reference was leaked, or is released late.`,
  "inodes-busy": ({ report: { headline } }) =>
    headline.groups.close === undefined
      ? "A file system was unmounted while inodes of it are still in use. Code that uses them later may access freed memory."
      : "A file was closed whose count of references is 0. Usual causes: it was closed or released once too often, or is used after it was freed.",
  "dentry-held": ({ report: { headline } }) => {
    const { name, count, fs } = headline.groups;
    const of = fs === undefined ? "A file system" : `A file system (${fs})`;
    const entry = name === undefined ? "directory entries of it are" : `its directory entry \`${name}\` is`;
    return `${of} was unmounted while ${entry} still in use${count === undefined ? "" : ` (count ${count})`}: a reference was not released before the unmount.`;
  },
  "module-panic": explainModule,
  "machine-check": explainHardware,
  edac: explainHardware,
  "firmware-error": explainHardware,
  "pcie-error": explainHardware,
  nmi: explainHardware,
  "irq-nobody": explainHardware,
  "conntrack-full": constant(
    "The table of tracked connections is full (`net.netfilter.nf_conntrack_max`), so that a packet of a new connection was dropped.",
  ),
  panic: explainPanic,
  "rust-panic": ({ messages }) =>
    `Rust code of the kernel panicked${messages[0] === undefined ? "" : `: “${messages[0].slice(0, 200)}”`}.`,
  "xen-panic": constant("The hypervisor Xen stopped, not the kernel of a guest."),
  "stack-unwind": ({ comm, headline, report }) => {
    const { value, register } = report.headline.groups;
    const bad = / in .{0,40}:(-\d{1,10}) has bad /.exec(headline)?.[1];
    const overwritten =
      bad === undefined
        ? ""
        : ` The line names the PID ${bad}, which no task has: most likely the task's data was overwritten.`;
    const what =
      register === undefined
        ? "the unwinder rejected the frame pointer that it found"
        : `the unwinder rejected the value of \`${register}\` that it found among saved registers`;
    return `The kernel could not follow ${comm === undefined ? "a stack" : `the stack of \`${comm}\``}: ${what}${value === undefined || canBeHash(value) ? "" : ` (0x${value})`}. Usual causes: code that uses the register or the stack in a way that the unwinder does not know, or a stack that was overwritten.${overwritten}`;
  },
  sysrq: ({ headline, report: { caller } }) =>
    /Trigger a crash/.test(headline)
      ? `This crash was requested by SysRq (a key, a serial console, or /proc/sysrq-trigger)${printerOf(caller)}.`
      : "This dump was requested by SysRq; it is not a fault by itself.",
  "forced-failure": explainInjected,
  remark: ({ headline, release, report, traces }) =>
    report.headline.groups.register !== undefined
      ? explainMsr(report.headline.groups)
      : headline.startsWith("BUG: ")
        ? `The kernel found a state that it regards as a fault: “${headline.slice(5, 205)}”.`
        : headline.startsWith("FAULT_FLAG_ALLOW_RETRY")
          ? explainUserfault(headline, release)
          : `A remark of the kernel${traces.length > 0 ? " with a call trace" : ""}: “${headline.slice(0, 200)}”.`,
};

/** Names the task or CPU that printed the headline (CONFIG_PRINTK_CALLER, `T12` or `C1`). */
const printerOf = (caller: string | undefined): string => {
  const [, kind, id] = /^([TC])(\d{1,10})$/.exec(caller ?? "") ?? [];
  return id === undefined
    ? ""
    : `; ${kind === "T" ? `the task with PID ${id}` : `CPU ${id}, outside of a task,`} printed it`;
};

/** Explains a failure that lib/fault-inject.c injected: of which operation, and for which function. */
function explainInjected({ texts, traces, comm, pid }: ReportFacts): string {
  const name = texts.map((text) => /^name (\w{1,64}), interval \d/.exec(text)?.[1]).find(Boolean);
  const entries = traces.find(({ role }) => role === "stack")?.entries.filter((one) => !one.isDoubtful) ?? [];
  const failed = entries.findLastIndex((one) => /^_*should_fail/.test(one.name ?? ""));
  const caller =
    failed < 0
      ? undefined
      : entries
          .slice(failed + 1)
          .map((one) => plainName(one.name ?? ""))
          .find((one) => one !== "" && !isMachinery(one, "allocation-failure"));
  const where = caller === undefined ? "" : ` in a call by \`${caller}\``;
  const task = comm === undefined ? "" : ` (task \`${comm}\`${pid === undefined ? "" : `, PID ${pid}`})`;
  return `Fault injection${name === undefined ? "" : ` (${name})`} made an operation fail on purpose${where}${task}, to test what the code does then; it is not a fault by itself.`;
}

/** fs/userfaultfd.c. The second try of a fault has FAULT_FLAG_TRIED, which is 0x20 since 4.0. */
function explainUserfault(headline: string, release: string | undefined): string {
  const [, flags] = /missing ([0-9a-f]{1,8})$/.exec(headline) ?? [];
  const isSecondTry =
    flags !== undefined && release !== undefined && !release.startsWith("3.") && (parseInt(flags, 16) & 0x20) !== 0;
  const why = isSecondTry
    ? "it had been tried before, and may not be put off again"
    : "it may not be put off and tried again";
  return `A fault in memory that userfaultfd serves failed instead of waiting: ${why}${flags === undefined ? "" : ` (flags 0x${flags})`}.`;
}

function explainMsr({ access, register, value }: Readonly<Record<string, string | undefined>>): string {
  const isWrite = access?.startsWith("W") === true;
  const what = isWrite ? `write${value === undefined ? "" : ` ${value}`} to` : "read";
  return `The kernel tried to ${what} the model-specific register ${register}, which this processor (or its hypervisor) does not have or does not allow${isWrite ? " with this value" : ""}. The kernel ignored the failure.`;
}

/** Maximum number of instruction pointers that a sentence names. */
const MAX_PLACES = 4;

/**
 * Names the instruction pointers of a fault whose own cannot be told, because the lines of several CPUs are mixed (x86's
 * form only).
 */
function mixedPlaces({ kind, site, texts }: ReportFacts): string {
  if (site !== undefined || !(isInstructionFault(kind) || kind === "list-corruption")) return "";
  const places = new Set(texts.flatMap((text) => placeIn(text) ?? []));
  if (places.size < 2) return "";
  const shown = [...places].slice(0, MAX_PLACES).map((one) => `\`${one}\``);
  return ` Its lines show several instruction pointers (${shown.join(", ")}${places.size > shown.length ? " and others" : ""}), and not which of them is its own.`;
}

/** Returns a few sentences about what this report means. */
export function explanationOf(facts: ReportFacts, context: LogContext = {}): string {
  const meaning = `${EXPLAINERS[facts.kind](facts, context)}${mixedPlaces(facts)}`;
  const after = facts.severity === "panic" ? undefined : consequence(facts);
  return after === undefined || meaning.includes(after) ? meaning : `${meaning} ${after}`;
}

const FAULTED: ReadonlySet<ReportKind> = new Set([
  "null-pointer",
  "page-fault",
  "user-access",
  "general-protection",
  "oops",
  "divide-error",
  "invalid-opcode",
  "stack-segment",
  "double-fault",
  "stack-guard",
  "unhandled-fault",
  "alignment",
]);

/** Kinds whose registers are those of an instruction that WARN() or BUG() is compiled to. */
const CHECKED: ReadonlySet<ReportKind> = new Set([
  "warning",
  "kernel-bug",
  "list-corruption",
  "refcount",
  "odebug",
  "usercopy",
  "fortify",
  "cfi",
  "lock-bug",
  "rust-panic",
  "netdev-watchdog",
]);

/** Whether the place of the report is an instruction of the kernel that faulted. */
export const isInstructionFault = (kind: ReportKind): boolean => FAULTED.has(kind);

/** The heading above the code of a report's site. */
export const codeHeading = ({ kind }: ReportFacts): string =>
  isInstructionFault(kind)
    ? "Faulting instruction"
    : CHECKED.has(kind)
      ? "Instruction of the check"
      : "Where the processor was";
