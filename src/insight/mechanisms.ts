/** Classifies how the kernel noticed the failure: oops, BUG(), watchdog and others. */
import { isInstructionFault } from "../log/explain.ts";
import type { ReportKind } from "../log/kinds.ts";

/** The mechanism by which the kernel noticed a failure. */
export type Mechanism =
  | "oops"
  | "bug"
  | "warn"
  | "panic"
  | "softlockup"
  | "hardlockup"
  | "rcu"
  | "hung-task"
  | "oom"
  | "sysrq"
  | "hardware"
  | "nmi"
  | "stack-overflow"
  | "stack-corrupted"
  | "workqueue"
  | "sanitizer"
  | "lockdep"
  | "init-killed"
  | "root-missing";

/** Noun phrase for each mechanism, for use in a sentence. */
export const MECHANISM_WORDS: Readonly<Record<Mechanism, string>> = {
  oops: "an oops, a fault of an instruction of the kernel",
  bug: "a BUG(), a check of the kernel's own code that failed",
  warn: "a warning, with panic_on_warn set",
  panic: "a call of panic()",
  softlockup: "the soft-lockup watchdog: a CPU ran kernel code for too long without scheduling",
  hardlockup: "the hard-lockup watchdog: a CPU took no timer interrupt for too long",
  rcu: "RCU's stall detector: a grace period did not end",
  "hung-task": "the hung-task watchdog: a task stayed blocked for too long",
  oom: "the out-of-memory killer",
  sysrq: "the sysrq key c or a write of it to /proc/sysrq-trigger",
  hardware: "an error that the hardware reported",
  nmi: "a non-maskable interrupt",
  "stack-overflow": "the overflow of a kernel stack",
  "stack-corrupted": "a check that found a kernel stack overwritten",
  workqueue: "the workqueue watchdog: a pool of workers made no progress for too long",
  sanitizer: "a report of a sanitizer or of memory debugging",
  lockdep: "a report of the lock validator or of a check of context",
  "init-killed": "the death of init, the first process",
  "root-missing": "the failure to mount the root file system",
};

const BY_KIND: Readonly<Partial<Record<ReportKind, Mechanism>>> = {
  "kernel-bug": "bug",
  "list-corruption": "bug",
  usercopy: "bug",
  fortify: "bug",
  cfi: "bug",
  "rust-panic": "bug",
  // A WARN() that begins with "BUG:" (fs/dcache.c: umount_check).
  "dentry-held": "warn",
  warning: "warn",
  refcount: "warn",
  odebug: "warn",
  "soft-lockup": "softlockup",
  "hard-lockup": "hardlockup",
  "rcu-stall": "rcu",
  "hung-task": "hung-task",
  "workqueue-lockup": "workqueue",
  oom: "oom",
  sysrq: "sysrq",
  "machine-check": "hardware",
  serror: "hardware",
  edac: "hardware",
  "firmware-error": "hardware",
  "pcie-error": "hardware",
  nmi: "nmi",
  "stack-guard": "stack-overflow",
  "stack-overflow": "stack-overflow",
  "stack-corrupted": "stack-corrupted",
  kasan: "sanitizer",
  kmsan: "sanitizer",
  kcsan: "sanitizer",
  kfence: "sanitizer",
  ubsan: "sanitizer",
  slab: "sanitizer",
  "bad-page": "sanitizer",
  panic: "panic",
  "xen-panic": "panic",
};

const LOCKDEP = /^(?:lock-|rcu-usage|spinlock|atomic-|preemptible|workqueue-leak)/;

/** Panic messages that name the mechanism. */
const PANICS: readonly (readonly [RegExp, Mechanism])[] = [
  [/Attempted to kill init!/, "init-killed"],
  [/VFS: Unable to mount root fs|VFS: Cannot open root device/, "root-missing"],
  [/[Oo]ut of memory|System is deadlocked on memory/, "oom"],
  [/sysrq triggered crash/, "sysrq"],
  [/[Hh]ard LOCKUP/, "hardlockup"],
  [/softlockup/, "softlockup"],
  [/RCU Stall/, "rcu"],
  [/hung_task/, "hung-task"],
  [/[Mm]achine check/, "hardware"],
  [/NMI/, "nmi"],
];

/**
 * Returns the mechanism of a crash.
 * @param panic the panic message
 */
export function mechanismOf(kind: ReportKind | undefined, panic: string | undefined): Mechanism {
  if (kind === undefined || kind === "panic")
    return PANICS.find(([pattern]) => pattern.test(panic ?? ""))?.[1] ?? "panic";
  // The scheduler finds the end of a stack overwritten, by an overflow or by something else.
  if (kind === "stack-overflow" && /corrupted stack end/.test(panic ?? "")) return "stack-corrupted";
  const mechanism = BY_KIND[kind];
  if (mechanism !== undefined) return mechanism;
  if (isInstructionFault(kind)) return "oops";
  return LOCKDEP.test(kind) ? "lockdep" : "panic";
}
