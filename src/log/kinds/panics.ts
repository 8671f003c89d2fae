/** Headlines of panics, of dumps that a user requested, and of other messages that are not faults (remarks). */
import type { KindRow } from "./kind.ts";

const PANIC = "Kernel panic - not syncing: ";

/** The headlines of panics, requested dumps and remarks. */
export const panics: readonly KindRow[] = [
  {
    pattern: new RegExp(`^${PANIC}stack-protector: Kernel stack is corrupted in: (?<function>\\S{1,255})`),
    kind: "stack-corrupted",
    severity: "panic",
    printedBy: "__stack_chk_fail",
    title: "kernel panic: stack is corrupted in {where}",
    type: "DoS",
    guilty: "headline",
  },
  {
    pattern: new RegExp(`^${PANIC}corrupted stack end detected inside scheduler`),
    kind: "stack-overflow",
    severity: "panic",
    printedBy: "schedule_debug",
    title: "kernel panic: corrupted stack end in {where}",
    type: "DoS",
    guilty: "stall",
  },
  {
    pattern: new RegExp(`^${PANIC}[Kk]ernel stack overflow`),
    kind: "stack-overflow",
    severity: "panic",
    printedBy: "panic_bad_stack",
    title: "kernel stack overflow in {where}",
    type: "DoS",
    guilty: "stall",
    after: ["stack-overflow"],
  },
  {
    pattern: new RegExp(`^${PANIC}Couldn't open N_TTY ldisc`),
    kind: "panic",
    severity: "panic",
    printedBy: "tty_ldisc_restore",
    title: "kernel panic: Couldn't open N_TTY ldisc",
    type: "DoS",
    guilty: "none",
  },
  {
    pattern: new RegExp(`^${PANIC}Attempted to kill init!`),
    kind: "panic",
    severity: "panic",
    printedBy: "do_exit",
    title: "kernel panic: Attempted to kill init!",
    type: "DoS",
    guilty: "none",
  },
  {
    pattern: /^Kernel panic(?: - not syncing)?: ?(?<reason>.{0,200})/,
    kind: "panic",
    severity: "panic",
    printedBy: "panic",
    title: "kernel panic: {reason}",
    type: "DoS",
    guilty: "none",
  },
  {
    pattern:
      /^(?:\(XEN\) )?(?:Panic on CPU (?<cpu>\d+):|Xen BUG at (?<place>\S{1,200})|Assertion '.{1,200}' failed at \S{1,200}:\d+)/,
    kind: "xen-panic",
    severity: "panic",
    printedBy: "panic (Xen)",
    title: "Xen panic",
    guilty: "site",
  },
  {
    pattern:
      /^(?:sysrq: )?(?:SysRq ?: )?(?<dump>Show (?:State|Blocked State|Memory|Regs|backtrace of all active CPUs|Locks Held|clockevent devices|workqueues?).{0,60})/,
    kind: "sysrq",
    severity: "notice",
    printedBy: "__handle_sysrq",
    title: "SysRq: {dump}",
    guilty: "none",
  },
  {
    // The panic or the oops that it causes follows.
    pattern: /^sysrq: (?:SysRq : )?Trigger a crash/,
    kind: "sysrq",
    severity: "notice",
    printedBy: "sysrq_handle_crash",
    title: "SysRq: Trigger a crash",
    guilty: "none",
    isLine: true,
  },
  {
    pattern: /^FAULT_INJECTION: forcing a failure/,
    kind: "forced-failure",
    severity: "notice",
    printedBy: "fail_dump",
    title: "forced failure",
    guilty: "none",
  },
  {
    pattern: /^FAULT_FLAG_ALLOW_RETRY missing/,
    kind: "remark",
    severity: "notice",
    printedBy: "handle_userfault",
    title: "FAULT_FLAG_ALLOW_RETRY missing",
    guilty: "none",
  },
  {
    // Any other line that begins with BUG: "BUG: key ... has not been registered!", "BUG: looking up invalid subclass".
    pattern: /^BUG: (?<fault>\S.{0,200})/,
    kind: "remark",
    severity: "warning",
    printedBy: "several",
    title: "BUG: {fault}",
    guilty: "none",
    needsTime: true,
  },
];
