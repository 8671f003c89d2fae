/** The label of a report in two or three words. */
import type { ReportKind } from "./kinds.ts";

/** What a report is about, in two or three words for people. */
export type Label =
  | "NULL pointer dereference"
  | "page fault"
  | "use after free"
  | "general protection fault"
  | "exception"
  | "external abort"
  | "BUG"
  | "hung task"
  | "soft lockup"
  | "hard lockup"
  | "RCU stall"
  | "workqueue lockup"
  | "out of memory"
  | "sysrq"
  | "stack overflow"
  | "list corruption"
  | "double fault"
  | "machine check"
  | "hardware error"
  | "NMI"
  | "divide error"
  | "invalid opcode"
  | "memory corruption"
  | "memory leak"
  | "data race"
  | "lock"
  | "sleep in atomic context"
  | "warning"
  | "init killed"
  | "remark"
  | "panic";

const LABELS: Readonly<Record<ReportKind, Label>> = {
  "null-pointer": "NULL pointer dereference",
  "page-fault": "page fault",
  "user-access": "page fault",
  "general-protection": "general protection fault",
  oops: "exception",
  "divide-error": "divide error",
  "invalid-opcode": "invalid opcode",
  int3: "exception",
  "stack-segment": "exception",
  "double-fault": "double fault",
  "stack-guard": "stack overflow",
  "stack-overflow": "stack overflow",
  "unhandled-fault": "external abort",
  alignment: "exception",
  serror: "external abort",
  "kernel-bug": "BUG",
  "list-corruption": "list corruption",
  usercopy: "BUG",
  fortify: "BUG",
  cfi: "BUG",
  warning: "warning",
  refcount: "warning",
  odebug: "warning",
  // A variable on the stack was written past its end: the stack itself has room.
  "stack-corrupted": "memory corruption",
  "lock-cycle": "lock",
  "lock-recursion": "lock",
  "lock-inversion": "lock",
  "lock-order": "lock",
  "lock-state": "lock",
  "lock-context": "lock",
  "lock-balance": "lock",
  "lock-freed": "lock",
  "lock-held": "lock",
  "lock-nested": "lock",
  "lock-bug": "lock",
  "lock-key": "lock",
  "lock-limit": "lock",
  "rcu-usage": "lock",
  spinlock: "lock",
  "atomic-sleep": "sleep in atomic context",
  "atomic-schedule": "sleep in atomic context",
  preemptible: "warning",
  rtnl: "lock",
  "workqueue-leak": "lock",
  "soft-lockup": "soft lockup",
  "hard-lockup": "hard lockup",
  "rcu-stall": "RCU stall",
  "hung-task": "hung task",
  "workqueue-lockup": "workqueue lockup",
  "netdev-watchdog": "warning",
  "sched-ext": "warning",
  "clock-watchdog": "remark",
  kasan: "memory corruption",
  kmsan: "memory corruption",
  kcsan: "data race",
  kfence: "memory corruption",
  ubsan: "memory corruption",
  "memory-leak": "memory leak",
  slab: "memory corruption",
  oom: "out of memory",
  "allocation-failure": "warning",
  "bad-page": "memory corruption",
  "bad-page-map": "memory corruption",
  "mm-counter": "warning",
  "netdev-held": "warning",
  "inodes-busy": "warning",
  "dentry-held": "BUG",
  "module-panic": "BUG",
  "machine-check": "machine check",
  edac: "hardware error",
  "firmware-error": "hardware error",
  "pcie-error": "hardware error",
  nmi: "NMI",
  "irq-nobody": "warning",
  "conntrack-full": "warning",
  panic: "panic",
  "rust-panic": "BUG",
  "xen-panic": "panic",
  "stack-unwind": "warning",
  sysrq: "sysrq",
  "forced-failure": "remark",
  remark: "remark",
};

/** Labels for the words after "Kernel panic - not syncing: ", where they say more than that the kernel panicked. */
const PANICS: readonly (readonly [RegExp, Label])[] = [
  [/panic_on_warn set/, "warning"],
  [/Attempted to kill init!/, "init killed"],
  [/sysrq triggered crash/, "sysrq"],
  [/[Oo]ut of memory|System is deadlocked on memory/, "out of memory"],
  [/hung_task/, "hung task"],
  [/softlockup/, "soft lockup"],
  [/[Hh]ard LOCKUP/, "hard lockup"],
  [/RCU Stall/, "RCU stall"],
  [/stack-protector/, "memory corruption"],
  [/stack overflow|corrupted stack/, "stack overflow"],
  [/double fault/, "double fault"],
  [/[Mm]achine check/, "machine check"],
  [/NMI/, "NMI"],
];

/** Returns the label of a report; for a panic, by its words. @param headline its first line */
export function labelOf(kind: ReportKind, headline: string): Label {
  if (kind !== "panic") return LABELS[kind];
  return PANICS.find(([pattern]) => pattern.test(headline))?.[1] ?? "panic";
}
