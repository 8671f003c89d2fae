/**
 * What a report is about. A new kind is an entry here, a label in ../label.ts and an explanation in ../explain.ts; a
 * further headline of a kind is only its `KindRow`.
 */
export type ReportKind =
  // Faults of an instruction.
  | "null-pointer"
  | "page-fault"
  | "user-access"
  | "general-protection"
  | "oops"
  | "divide-error"
  | "invalid-opcode"
  | "int3"
  | "stack-segment"
  | "double-fault"
  | "stack-guard"
  | "stack-overflow"
  | "unhandled-fault"
  | "alignment"
  | "serror"
  // Checks of the code itself.
  | "kernel-bug"
  | "list-corruption"
  | "usercopy"
  | "fortify"
  | "cfi"
  | "warning"
  | "refcount"
  | "odebug"
  | "stack-corrupted"
  // Locks and contexts.
  | "lock-cycle"
  | "lock-recursion"
  | "lock-inversion"
  | "lock-order"
  | "lock-state"
  | "lock-context"
  | "lock-balance"
  | "lock-freed"
  | "lock-held"
  | "lock-nested"
  | "lock-bug"
  | "lock-key"
  | "lock-limit"
  | "rcu-usage"
  | "spinlock"
  | "atomic-sleep"
  | "atomic-schedule"
  | "preemptible"
  | "rtnl"
  | "workqueue-leak"
  // Watchdogs.
  | "soft-lockup"
  | "hard-lockup"
  | "rcu-stall"
  | "hung-task"
  | "workqueue-lockup"
  | "netdev-watchdog"
  | "sched-ext"
  | "clock-watchdog"
  // Memory.
  | "kasan"
  | "kmsan"
  | "kcsan"
  | "kfence"
  | "ubsan"
  | "memory-leak"
  | "slab"
  | "oom"
  | "allocation-failure"
  | "bad-page"
  | "bad-page-map"
  | "mm-counter"
  // Objects that are held too long.
  | "netdev-held"
  | "inodes-busy"
  | "dentry-held"
  // A table that is full.
  | "conntrack-full"
  // Modules from outside the kernel tree.
  | "module-panic"
  // Hardware.
  | "machine-check"
  | "edac"
  | "firmware-error"
  | "pcie-error"
  | "nmi"
  | "irq-nobody"
  // The end of the kernel, and dumps that a user requested.
  | "panic"
  | "rust-panic"
  | "xen-panic"
  | "stack-unwind"
  | "sysrq"
  | "forced-failure"
  | "remark";

/** "notice": not a fault, but still a report (a requested dump, an injected failure). */
export type ReportSeverity = "panic" | "error" | "warning" | "notice";

/**
 * Which function of a report is its guilty one.
 * - "site": the instruction, then the call trace
 * - "trace": the first call trace
 * - "headline": the function that the headline names, then the call trace
 * - "wait": where a task waits, and its caller
 * - "stall": a function that represents the whole loop, of the site and the trace after it
 * - "lock": where the lock is being taken
 * - "origin": the trace of an earlier event (an allocation, a first use)
 * - "none": the report shows no guilty function
 */
export type Guilty = "site" | "trace" | "headline" | "wait" | "stall" | "lock" | "origin" | "none";

/** A headline: the first line of a report as a function of the kernel prints it. */
export interface KindRow {
  /** Matches the message from its first character that is not a blank. Named groups are for the title and the facts. */
  readonly pattern: RegExp;
  readonly kind: ReportKind;
  readonly severity: ReportSeverity;
  /** The function of the kernel that prints it. */
  readonly printedBy: string;
  /** Title in the scheme of syzkaller; `{where}` is the guilty function, another name is a group of the pattern. */
  readonly title: string;
  /** syzkaller's class of the title. */
  readonly type?: string;
  readonly guilty: Guilty;
  /** The line continues an open report of any kind; it says how the kernel died, or with which object. */
  readonly goesOn?: true;
  /** Kinds of open reports that this headline adds to, even if it does not continue others. */
  readonly after?: readonly ReportKind[];
  /** The line is printed before that of a fault, which is the headline of the report if it follows. */
  readonly isPrelude?: true;
  /** Functions that are machinery for this headline only. */
  readonly skip?: RegExp;
  /** Other programs use these words, too: the line is a headline only with the kernel's time before it. */
  readonly needsTime?: true;
  /** The whole report is this line, and it can be printed within another report. */
  readonly isLine?: true;
}
