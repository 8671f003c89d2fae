/**
 * What a report is about. A new kind is an entry here, a label in ../label.ts and an explanation in ../explain.ts; a
 * further headline of a kind is only its `KindRow`.
 */
export type Kind =
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
  // Of modules from out of the tree.
  | "module-panic"
  // Hardware.
  | "machine-check"
  | "edac"
  | "firmware-error"
  | "pcie-error"
  | "nmi"
  | "irq-nobody"
  | "conntrack-full"
  // The end, and what people ask for.
  | "panic"
  | "rust-panic"
  | "xen-panic"
  | "stack-unwind"
  | "sysrq"
  | "forced-failure"
  | "remark";

/** "notice": no fault, but a report all the same (a dump that was asked for, a failure that was injected). */
export type Severity = "panic" | "error" | "warning" | "notice";

/**
 * Which function of a report is its guilty one.
 * - "site": the instruction, then the call trace
 * - "trace": the first call trace
 * - "headline": the function that the headline names, then the call trace
 * - "wait": where a task waits, and who called that
 * - "stall": a function that stands for the whole loop, of the site and the trace behind it
 * - "lock": where the lock is being taken
 * - "origin": the trace of an earlier event (an allocation, a first use)
 */
export type Guilty = "site" | "trace" | "headline" | "wait" | "stall" | "lock" | "origin" | "none";

/** A headline: the first line of a report as a function of the kernel prints it. */
export interface KindRow {
  /** Of the message, from its first character that is no blank. Named groups are for the title and the facts. */
  readonly pattern: RegExp;
  readonly kind: Kind;
  readonly severity: Severity;
  /** The function of the kernel that prints it. */
  readonly printedBy: string;
  /** In the scheme of syzkaller; `{where}` is the guilty function, another name a group of the pattern. */
  readonly title: string;
  /** syzkaller's class of the title. */
  readonly type?: string;
  readonly guilty: Guilty;
  /** The line goes on with a report that stands open: it tells how the kernel died, not of what. */
  readonly goesOn?: true;
  /** Reports that stand open when this headline comes, and which it tells more of. */
  readonly after?: readonly Kind[];
  /** Functions that are machinery of this headline alone. */
  readonly skip?: RegExp;
  /** Its words are those of other programs, too: it is one only where the kernel's time stands before it. */
  readonly needsTime?: true;
  /** The whole report is this line, and it can come within another report. */
  readonly isLine?: true;
}
