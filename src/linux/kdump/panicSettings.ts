/** The sysctls that decide what becomes of a failure: Documentation/admin-guide/sysctl/kernel.rst, and vm.rst. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { globalAddress, globalU32, globalWord } from "../vmcoreinfo.ts";

/** A sysctl and its variable in the kernel. */
export interface PanicSetting {
  /** Name as sysctl(8) prints it: `kernel.panic_on_oops`. */
  readonly sysctl: string;
  readonly variable: string;
  readonly size: "int" | "unsigned long";
  /** The event that panics the kernel if the value is not 0, "an oops", or a function that names it for a value. */
  readonly event?: string | ((value: number) => string);
  /** Name of another sysctl that panics the kernel at the same event. */
  readonly alsoBy?: string;
  /** Returns what a value means, as a clause; undefined for a setting with an event. */
  readonly words?: (value: number) => string;
}

export const PANIC_SETTINGS: readonly PanicSetting[] = [
  { sysctl: "kernel.panic_on_oops", variable: "panic_on_oops", size: "int", event: "an oops" },
  { sysctl: "kernel.panic_on_warn", variable: "panic_on_warn", size: "int", event: "a warning" },
  { sysctl: "kernel.softlockup_panic", variable: "softlockup_panic", size: "int", event: "a soft lockup" },
  { sysctl: "kernel.hardlockup_panic", variable: "hardlockup_panic", size: "int", event: "a hard lockup" },
  {
    sysctl: "kernel.hung_task_panic",
    variable: "sysctl_hung_task_panic",
    size: "int",
    // 0 or 1; in newer kernels the number of hung tasks that one check has to find (kernel/hung_task.c).
    event: (value) => (value > 1 ? `${value} hung tasks in one check` : "a hung task"),
  },
  { sysctl: "kernel.panic_on_rcu_stall", variable: "sysctl_panic_on_rcu_stall", size: "int", event: "an RCU stall" },
  {
    sysctl: "kernel.unknown_nmi_panic",
    variable: "unknown_nmi_panic",
    size: "int",
    event: "an unknown NMI",
    // arch/x86/kernel/nmi.c: unknown_nmi_error()
    alsoBy: "kernel.panic_on_unrecovered_nmi",
  },
  {
    sysctl: "kernel.panic_on_unrecovered_nmi",
    variable: "panic_on_unrecovered_nmi",
    size: "int",
    event: "an NMI for a memory or bus error",
  },
  { sysctl: "vm.panic_on_oom", variable: "sysctl_panic_on_oom", size: "int", event: "lack of memory" },
  {
    sysctl: "kernel.panic",
    variable: "panic_timeout",
    size: "int",
    words: (value) =>
      value === 0
        ? "the machine does not reboot after a panic"
        : value < 0
          ? "the machine reboots at once after a panic"
          : `the machine reboots ${value} s after a panic`,
  },
  {
    sysctl: "kernel.watchdog_thresh",
    variable: "watchdog_thresh",
    size: "int",
    words: (value) =>
      value === 0
        ? "the lockup watchdogs are off"
        : `a CPU is locked up hard after ${value} s without interrupts, softly after ${2 * value} s without a switch`,
  },
  {
    sysctl: "kernel.hung_task_timeout_secs",
    variable: "sysctl_hung_task_timeout_secs",
    size: "unsigned long",
    words: (value) =>
      value === 0 ? "hung tasks are not detected" : `a task is hung after ${value} s in uninterruptible sleep`,
  },
  { sysctl: "kernel.sysrq", variable: "sysrq_enabled", size: "int", words: sysrqWords },
];

/** Returns the event of a setting as it is with a value; undefined for a setting without an event. */
export const panicEvent = ({ event }: PanicSetting, value: number): string | undefined =>
  typeof event === "function" ? event(value) : event;

/**
 * Whether the event of a setting panics the kernel, by the setting or by the other one that does the same.
 * @param valueOf returns the value of a sysctl; undefined if it is not known
 */
export const isOn = (
  { alsoBy }: PanicSetting,
  value: number,
  valueOf: (sysctl: string) => number | undefined,
): boolean => value !== 0 || (alsoBy !== undefined && (valueOf(alsoBy) ?? 0) !== 0);

/** What the bits of kernel.sysrq allow (Documentation/admin-guide/sysrq.rst). */
const SYSRQ: readonly (readonly [bit: number, what: string])[] = [
  [256, "nicing of real-time tasks"],
  [128, "reboot and power off"],
  [64, "signals to processes"],
  [32, "remounting read-only"],
  [16, "sync"],
  [8, "dumps of tasks, and the crash key"],
  [4, "keyboard control"],
  [2, "the console's log level"],
];

/** Returns `the sysrq key allows reboot and power off (128), remounting read-only (32)`. */
export function sysrqWords(value: number): string {
  if (value === 0) return "the sysrq key is disabled";
  if (value === 1) return "the sysrq key allows everything";
  const parts = SYSRQ.filter(([bit]) => value & bit).map(([bit, what]) => `${what} (${bit})`);
  const rest = SYSRQ.reduce((left, [bit]) => left & ~bit, value);
  return `the sysrq key allows ${[...parts, ...(rest ? [`unknown bits (${rest})`] : [])].join(", ")}`;
}

/** A setting with its value. */
export interface KnownSetting {
  readonly setting: PanicSetting;
  readonly value: number;
}

/** Returns the settings that the kernel has, with their values. Those that cannot be read are left out. */
export const panicSettings = (kernel: Kernel): readonly KnownSetting[] =>
  PANIC_SETTINGS.flatMap((setting) => {
    const value = attempt(() => valueOf(kernel, setting));
    return value instanceof Fault || value === undefined ? [] : [{ setting: effective(kernel, setting), value }];
  });

/** Returns a setting with its effect: sysrq_always_enabled of the command line overrides kernel.sysrq. */
function effective(kernel: Kernel, setting: PanicSetting): PanicSetting {
  if (setting.sysctl !== "kernel.sysrq") return setting;
  const address = globalAddress(kernel, "sysrq_always_enabled");
  const isAlways = address !== undefined && attempt(() => kernel.memory.read(address, 1)[0]) === 1;
  return isAlways ? { ...setting, words: () => "the sysrq key allows everything (sysrq_always_enabled)" } : setting;
}

function valueOf(kernel: Kernel, { variable, size }: PanicSetting): number | undefined {
  if (size === "unsigned long") {
    const word = globalWord(kernel, variable);
    return word === undefined ? undefined : Number(word);
  }
  const value = globalU32(kernel, variable);
  return value === undefined ? undefined : value | 0;
}
