/** Headlines of watchdogs. */
import type { KindRow } from "./kind.ts";

/** Watchdogs: nothing faulted, but something takes too long. */
export const watchdogs: readonly KindRow[] = [
  {
    // "NMI watchdog: " from 3.19 to 4.12 and RHEL 7, "watchdog: " since 4.13.
    pattern:
      /^(?:(?:NMI )?watchdog: )?BUG: soft lockup - CPU#(?<cpu>\d+) stuck for (?<seconds>\d+)s! \[(?<comm>.{1,40}):(?<pid>\d+)\]|^(?:(?:NMI )?watchdog: )?BUG: soft lockup/,
    kind: "soft-lockup",
    severity: "error",
    printedBy: "watchdog_timer_fn",
    title: "BUG: soft lockup in {where}",
    type: "HANG",
    guilty: "stall",
  },
  {
    pattern:
      /^(?:(?:NMI )?watchdog: )?(?:BUG: )?(?:(?:CPU\d+: )?Watchdog (?:detected|CPU:(?<own>\d+)) [Hh]ard LOCKUP(?: on cpu ?(?<cpu>\d+))?|Watchdog CPU:\d+ detected Hard LOCKUP other CPUS:(?<other>[\d,-]+)|CPU ?(?<self>\d+) self-detected [Hh]ard LOCKUP|CPU ?\d+ detected [Hh]ard LOCKUP on other CPUs (?<others>[\d,-]+)|NMI Watchdog detected LOCKUP on CPU ?\d+)/,
    kind: "hard-lockup",
    severity: "error",
    printedBy: "watchdog_hardlockup_check, watchdog_overflow_callback",
    title: "BUG: hard lockup in {where}",
    type: "HANG",
    guilty: "stall",
    after: ["hard-lockup"],
  },
  {
    pattern:
      /^(?:rcu: )?INFO: (?<flavour>rcu\w{0,20}) (?:self-)?detected(?: expedited)? stalls? on (?:CPUs?|CPUs?\/tasks|tasks)?/,
    kind: "rcu-stall",
    severity: "error",
    printedBy: "print_other_cpu_stall, print_cpu_stall, synchronize_rcu_expedited_stall",
    title: "INFO: rcu detected stall in {where}",
    type: "HANG",
    guilty: "stall",
  },
  {
    pattern: /^(?:rcu: )?INFO: (?<flavour>rcu\w{0,20}) .{0,60}(?:stall|self-detected)/,
    kind: "rcu-stall",
    severity: "error",
    printedBy: "print_cpu_stall, check_cpu_stall",
    title: "INFO: rcu detected stall in {where}",
    type: "HANG",
    guilty: "stall",
  },
  {
    // The name of a task may hold colons and blanks: the PID follows the last colon.
    pattern:
      /^INFO: task (?<comm>.{1,64}):(?<pid>\d{1,10}) blocked (?<io>in I\/O wait )?for more than (?<seconds>\d+) seconds/,
    kind: "hung-task",
    severity: "error",
    printedBy: "check_hung_task",
    title: "INFO: task hung in {where}",
    type: "HANG",
    guilty: "wait",
  },
  {
    // A task name with a line break in it splits the headline: the rest is on a line of its own.
    pattern:
      /^(?:task )?(?<comm>[^:]{0,64}):(?<pid>\d{1,10}) blocked (?<io>in I\/O wait )?for more than (?<seconds>\d+) seconds\.$/,
    kind: "hung-task",
    severity: "error",
    printedBy: "check_hung_task",
    title: "INFO: task hung in {where}",
    type: "HANG",
    guilty: "wait",
  },
  {
    pattern: /^INFO: task (?<comm>.{1,64}):(?<pid>\d{1,10}) can't die for more than (?<seconds>\d+) seconds/,
    kind: "hung-task",
    severity: "error",
    printedBy: "check_killed_task (linux-next)",
    title: "INFO: task can't die in {where}",
    type: "HANG",
    skip: /schedule/,
    guilty: "trace",
  },
  {
    pattern: /^BUG: workqueue lockup - pool (?<pool>.{0,120}?) stuck for (?<seconds>\d+)s!|^BUG: workqueue lockup/,
    kind: "workqueue-lockup",
    severity: "error",
    printedBy: "wq_watchdog_timer_fn",
    title: "BUG: workqueue lockup",
    guilty: "none",
  },
  {
    pattern: /^NETDEV WATCHDOG: (?<device>\S{1,32}) ?(?:\((?<driver>\S{0,64})\))?:.{0,80}timed out/,
    kind: "netdev-watchdog",
    severity: "warning",
    printedBy: "dev_watchdog",
    title: "WARNING in dev_watchdog",
    type: "WARNING",
    after: ["netdev-watchdog"],
    guilty: "none",
  },
  {
    // Since 6.6 the device is named as everywhere: "r8169 0000:02:00.0 eth0: NETDEV WATCHDOG: CPU: 2: ...".
    pattern:
      /^(?<driver>[\w-]{1,32}) \S{1,32} (?<device>\S{1,32}): NETDEV WATCHDOG: CPU: (?<cpu>\d+): transmit queue \d+ timed out/,
    kind: "netdev-watchdog",
    severity: "warning",
    printedBy: "dev_watchdog",
    title: "WARNING in dev_watchdog",
    type: "WARNING",
    after: ["netdev-watchdog"],
    guilty: "none",
  },
  {
    pattern: /^sched_ext: (?:BPF scheduler )?"(?<scheduler>[^"]{1,128})" (?:disabled|errored|shut)/,
    kind: "sched-ext",
    severity: "warning",
    printedBy: "scx_disable_workfn",
    title: "sched_ext: {scheduler} disabled",
    guilty: "none",
  },
  {
    pattern: /^clocksource: timekeeping watchdog on CPU(?<cpu>\d+): .{0,80}(?:unstable|skewed)/,
    kind: "clock-watchdog",
    severity: "notice",
    printedBy: "clocksource_watchdog",
    title: "clocksource: watchdog",
    guilty: "none",
  },
];
