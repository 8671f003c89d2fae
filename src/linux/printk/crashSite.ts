/** The frame in which a crash happened. */
import type { Frame } from "../../unwind/frame.ts";

/** Functions that stop the machine. Their caller is of interest. */
const STOPPING = names(
  "panic vpanic nmi_panic check_panic_on_warn crash_kexec __crash_kexec crash_setup_regs crash_save_cpu machine_kexec",
);

/** Functions that report what they interrupted. The crash is in the frame after their trap. */
const REPORTING = names(
  // Oopses: arch/*/kernel/{dumpstack,traps}.c, arch/*/mm/fault.c
  "oops_end oops_begin __die __die_body die die_addr die_kernel_fault __do_kernel_fault do_kernel_fault no_context",
  "page_fault_oops kernelmode_fixup_or_oops do_kern_addr_fault do_trap do_error_trap bug_handler handle_bug",
  "make_task_dead arm64_notify_die exc_double_fault do_double_fault handle_stack_overflow handle_bad_stack",
  "panic_bad_stack do_machine_check mce_panic",
  // Watchdogs: kernel/watchdog.c, kernel/watchdog_hld.c, kernel/rcu/tree_stall.h
  "watchdog_timer_fn watchdog_overflow_callback watchdog_hardlockup_check perf_event_nmi_handler",
  "print_cpu_stall print_other_cpu_stall check_cpu_stall panic_on_rcu_stall rcu_sched_clock_irq",
  // NMIs: arch/x86/kernel/nmi.c; and CPUs that another CPU stopped
  "unknown_nmi_error pci_serr_error io_check_error default_do_nmi crash_nmi_callback nmi_handle",
  "ipi_cpu_crash_stop ipi_cpu_stop local_cpu_stop stop_this_cpu",
);

function names(...lists: string[]): ReadonlySet<string> {
  return new Set(lists.flatMap((list) => list.split(" ")));
}

/**
 * Returns the name of the function in the source, without the suffixes of compilers: `.cold`, `.isra.0`,
 * `.constprop.0`.
 */
const nameOf = ({ symbol }: Frame): string => symbol?.name.replace(/\..*/, "") ?? "";

const isPanic = (frame: Frame): boolean => /^v?panic$/.test(nameOf(frame));

/**
 * Returns the index of the frame that crashed: the frame that an oops or a watchdog interrupted, else the first frame
 * after the functions that stop a machine. The frames before it only handle the crash.
 */
export function crashSite(frames: readonly Frame[]): number {
  const trap = frames.findIndex((frame) => frame.trap !== undefined && !frame.trap.user);
  if (trap > 0 && frames.slice(0, trap).some((frame) => REPORTING.has(nameOf(frame)))) return trap;
  // Functions that panic() called also handle the crash, whatever their names. A panic() beyond the first trap does not
  // count, because it is in the interrupted code.
  const panic = frames.slice(0, trap < 0 ? undefined : trap).findLastIndex(isPanic);
  const site = frames.findIndex((frame, index) => index > panic && !STOPPING.has(nameOf(frame)));
  return Math.max(0, site);
}
