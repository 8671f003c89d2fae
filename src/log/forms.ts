/** The forms of lines that can belong to a report. */
import type { ReportKind } from "./kinds.ts";
import { isMachineLine } from "./machines.ts";
import { entryOf, isPlainlyEntry } from "./trace.ts";

/**
 * The line that precedes the message of WARN() and BUG(); arm (since 5.2, commit cd3aa5b8b7d6) prints another one
 * before a fault.
 */
export const CUT = /^\s{0,32}(?:-{6,}\[ cut here \]|8<--- cut here ---)/;
/** The line that ends a report (print_oops_end_marker, panic). */
export const END = /^\s{0,32}---\[ end (?:trace|Kernel panic)/;
/** The line of `=` around reports of the sanitizers and SLUB, and before reports of lockdep. */
export const RULE = /^\s{0,32}={20,}\s*$/;
/** First lines of the next boot, or of the kernel that captures the dump. */
export const BOOT =
  /^(?:Linux version \d|SeaBIOS \(version|early console in (?:extract_kernel|setup code)|Total RAM Size = |Booting Linux on physical CPU|Booting the kernel|(?:\w+: )?Decompressing Linux)/;
/** Messages of checks whose headline says nothing but the place of the check. */
export const PRELUDE = /^(?:refcount_t: |ODEBUG: )/;
export const PANIC = /^Kernel panic - not syncing/;
/** The first line of a stack (dump_stack_print_info). */
export const STACK_HEADER = /^\s{0,32}CPU: \d{1,5} (?:UID: \d{1,10} )?PID: /;
/** The line before the stacks of the other CPUs, which print them themselves on request. */
export const ALL_CPUS =
  /Sending NMI (?:from CPU|to (?:all|other) CPUs)|^Sending [A-Za-z]+ (?:from|to)|^CPU ?\d{1,5}: stopping/;
/** The line after which the kernel shows tasks besides the report's own (show_state_filter). */
export const ALL_TASKS = /^\s{0,32}task {4,}PC stack {3}pid father/;
/** Lines after which the report of a hung task is about other tasks and CPUs. */
export const AFTER_HUNG = /^\s{0,32}(?:task {4,}PC stack|NMI backtrace for cpu|Showing all locks held|Sending NMI)/;
/** The first line of a stack that a CPU prints on request (nmi_cpu_backtrace). */
export const REQUESTED = /^\s{0,32}(?:NMI backtrace for cpu|CPU#\d{1,5} backtrace)/;
/** Lines that follow the end mark: messages of panic() and reboot, and of the exit of a task that oopsed. */
const AFTERWARDS =
  /^(?:note: |Fixing recursive fault|Kernel Offset|Rebooting in|Dumping ftrace|\(ftrace|SMP: stopping|CPU features|PHYS_OFFSET|Memory Limit|BUG: sleeping)/;

const TASK =
  /^\s{0,32}(?:CPU: \d{1,5}\b|Pid: \d|Hardware name:|Workqueue: |Stopper: |Modules linked in:|\[last unloaded: |task:.{1,32}? state:|task: [0-9a-f]{8}|Unloaded tainted modules|Tainted: |Not tainted|\[[A-Z]\]=[A-Z_]+|Sched_ext: |Call [Tt]race|Backtrace|(?:\w+ )?[Ss]tack backtrace|<\/?[A-Z_#]+\d?>|Exception stack|CPU#\d|NIP|Comm: |UID: |Code: |Kernel Offset|Rebooting in|Dumping ftrace|\(ftrace buffer|---\[ end|note: |Process .{1,64}\(pid: |Showing |Sending |NMI backtrace|Exec summary|Instruction dump|Trying to free|Disabling lock debugging)/;
const LOCKS =
  /^\s{0,32}(?:\d{1,4} locks? held by|no locks held by|#\d{1,3}: |irq event stamp: |(?:hard|soft)irqs (?:last|enabled)|INFO: lockdep is turned off|\{?[\w -]{1,40}\}? state was registered at:|-> ?#\d|-> \(|lock\(|<Interrupt>|\*\*\* DEADLOCK|DEADLOCK$|CPU0 {3,}CPU1|-{4}(?:\s+-{4})?$|-{20,}$|\.\.\. (?:key|acquired)|\.{2,3} which became|which lock already|but task is already|but this task is not|but (?:that|it|there are) ?|and (?:this|that|interrupts)|the existing dependency|the dependencies|the shortest|the first lock|the second lock|to an? |which (?:would|became|is)|other info that|Chain exists of|Possible (?:unsafe|interrupt)|May be due|.{1,40} (?:is trying to|just changed|is freeing|is leaving|is exiting|takes|lock at|just|is adding)|\(.{1,120}\)\{|[0-9a-f]{8,16} \(.{1,120}\)\{|there (?:is|are) |rcu_scheduler_active|RCU used illegally|\S{1,200}:\d{1,6} (?:Illegal|invoked) |.{1,200} suspicious |.{1,200}rcu_dereference|context-\{|INITIAL USE|(?:\(not \))?IN-|HARDIRQ|SOFTIRQ|hint: |in_atomic\(\)|preempt_count|RCU nest depth|Preemption disabled at|caller is |lock: |\.(?:magic|owner)|turning off the locking|you (?:didn't|forgot)|please attach|the code is fine|maybe you|last function|\d+\.\d+\.\d+\S* #\d+|Nested|locks|kworker)/;
const STALLS =
  /^\s{0,32}(?:rcu: |\(detected by|\(t=\d|\d{1,5}-[.!#?]{2,4}|Tasks blocked on|blocking rcu|"echo 0 > |Blocked by coredump|Future hung task|INFO: task .{1,64} blocked on an? |rcu_\w+ (?:kthread|\w+ )|workqueue \w|pwq \d|in-flight: |pending: |inactive: |delayed: |pool \d|\d+: \(|All QSes seen|Possible timer|RCU grace|cpu \d|CPU \d|INFO: NMI handler|Shutting down cpus|sched: RT throttling|Stall ended|sending NMI)/;
const MEMORY =
  /^\s{0,32}(?:(?:Read|Write) (?:of size|at addr)|(?:Second to l|L)ast |Allocated|Freed|allocated by|freed by|Uninit was|Local variable|Bytes [\db]|Memory access of size|Data copied|The buggy|which belongs|located \d|freed \d|allocated \d|addr .{1,20} is located|this frame has|\[\d+, \d+\) |Memory state around|>?[0-9a-f]{8,16}: |Memory tags|\^|page:|page last|page_owner|flags: 0x|raw: |head: |page dumped|page_type:|memcg:|Object|Redzone|Padding|Rounded|Bytes |INFO: (?:Slab|Object|Freed|Allocated|0x)|Slab 0x|FIX |Restoring|kfence-#|(?:Use-after-free|Out-of-bounds|Invalid|Corrupted memory) .{0,40}at 0x|object |unreferenced object|comm "|hex dump|backtrace|[0-9a-f]{2} [0-9a-f]{2} [0-9a-f]{2} |(?:read|write|assert no|race|atomic).{0,40} (?:to|at|of) |value changed|Reported by Kernel|KASAN: |addr:|file:|vma |Mem-Info|active_|inactive_|isolated_|unevictable|slab_|mapped:|sec_pagetables|kernel_misc|free:|free_|Node \d|DMA|Normal|HighMem|Movable|lowmem_reserve|\d+ (?:total pagecache|pages|slab)|Swap cache|Free swap|Total swap|Tasks state|\[ *pid *\]|\[ *\d+\] +\d+ +\d+|oom-kill:|oom_reaper|Memory cgroup|memory: usage|(?:memory\+)?swap: usage|swap: |kmem: usage|anon \d|file \d|sock \d|(?:kernel_|percpu|vmalloc|shmem|anon_|pg|work|thp)\w{0,40} \d|Task in|Killed process|Out of memory|Unreclaimable|Name  |UBSAN|load of|index \d|shift exponent|signed integer|left shift|right shift|division|member access|store to|null pointer|implicit|negation|value |-?\d{1,40} [-+*/] -?\d{1,40} cannot be|name \w{1,64}, interval \d)/;
const HARDWARE =
  /^\s{0,32}(?:mce: |MCE: CPU\d|\{\d+\}\[Hardware|\[Hardware Error\]|RIP !|TSC |PROCESSOR|device \[|\[ *\d+\] [A-Z]|Do you have|You have some|Dazed and|Error |error_|section|fru_|physical_|node:|aer_|TLP Header|AER:|EDAC |(?:port|version|command|device_id|slot|vendor_id|class_code|bridge)\b.*:|Run the above|This is not a software|handlers:|Disabling IRQ|\[<[0-9a-f]+>\] )/;

/** Whether a line can belong to a report by its form alone; true for an empty line. */
export const isBody = (text: string): boolean =>
  text === "" ||
  TASK.test(text) ||
  isTraceLine(text) ||
  isMachineLine(text) ||
  LOCKS.test(text) ||
  STALLS.test(text) ||
  MEMORY.test(text) ||
  HARDWARE.test(text);

/**
 * The lines that a short report may have, by kind. All kinds except `stack-unwind` may also have the lines that
 * dump_stack() prints.
 */
const SHORT: Partial<Record<ReportKind, RegExp>> = {
  // The dump of a stack that the unwinder could not follow (unwind_dump() in arch/x86/kernel/unwind_frame.c).
  "stack-unwind": /^(?:unwind stack type|\s{0,32}(?:[0-9a-f]{16}|\(_{0,4}ptrval_{0,4}\)): )/,
  remark: /^$/,
  "forced-failure": /^name \w{1,64}, interval \d/,
};

/** The state of memory around an address, as KASAN prints it; SLUB prints the bytes of an object in the same form. */
const MEMORY_STATE = /^\s{0,4}>?[0-9a-f]{8,16}: (?:[0-9a-f]{2} ){8}|^\s{8,64}\^\s*$/;
const WITH_MEMORY = /^(?:kasan|kfence|kmsan|slab|memory-leak)$/;

/** Whether a line can belong to a report of a kind. */
export function isBodyOf(kind: ReportKind, text: string): boolean {
  if (MEMORY_STATE.test(text) && !WITH_MEMORY.test(kind)) return false;
  const short = SHORT[kind];
  if (!short) return isBody(text);
  if (text === "" || short.test(text)) return true;
  return kind !== "stack-unwind" && (TASK.test(text) || isTraceLine(text) || isMachineLine(text));
}

/**
 * Whether a line has a form that only reports about locks and contexts have (lockdep, spinlock debugging, atomic sleep,
 * RCU).
 */
export const isLockLine = (text: string): boolean => LOCKS.test(text) && !isTraceLine(text) && !TASK.test(text);

/**
 * Whether a line is of a notice within a report of lockdep, and not of that report.
 * @param hasStack the stack of the notice has begun
 * @param isInStack the notice came within the stack of the report, which goes on until the notice's own begins
 */
export function isOfAside(text: string, hasStack: boolean, isInStack: boolean): boolean {
  if (STACK_HEADER.test(text)) return !hasStack;
  return !isLockLine(text) && (hasStack || !isInStack || !(isTraceLine(text) || isMachineLine(text)));
}

/** Whether a line can follow the end mark of a report: x86 repeats the registers (oops_end). */
export const isAfterwards = (text: string): boolean =>
  AFTERWARDS.test(text) || isMachineLine(text) || /^Modules linked in:|^---\[ end/.test(text);

export function isTraceLine(text: string): boolean {
  if (
    !text.includes("+0x") &&
    !text.includes("[<") &&
    !/ from |\[inline\]|^\s{0,32}(?:\? )?0x|^\s{0,32}\(?\[/.test(text)
  )
    return false;
  const entry = entryOf(text);
  return entry !== undefined && (isPlainlyEntry(entry) || entry.isInline || /^\s/.test(text));
}

/** The subject of a call trace. */
export type Role =
  // The stack of the report itself, or of a further task or CPU in it.
  | "stack"
  // The stack of a processor that printed it on request.
  | "cpu"
  // Earlier events: an object or a page was allocated, freed, handed to a worker; a value was made, stored.
  | "allocation"
  | "free"
  | "work"
  | "origin"
  | "store"
  | "page-allocation"
  | "page-free"
  // An earlier stack for the same lock (lockdep), or the other side of a race.
  | "chain"
  | "race"
  | "leak";

/** The lines above call traces, the first that matches. */
export const TRACE_HEADS: readonly (readonly [RegExp, Role])[] = [
  [/^\s{0,32}(?:Call [Tt]race|Backtrace):/, "stack"],
  [/^\s{0,32}(?:\w+ )?stack backtrace:\s*$/, "stack"],
  [/^\s{0,32}(?:Allocated(?: by task \d+)?|(?:kfence-#\d+ \[.{1,120}\] )?allocated by task .{1,120}):/, "allocation"],
  [/^\s{0,32}INFO: (?:Slab )?Allocated in |^\s{0,32}Allocated in /, "allocation"],
  [/^\s{0,32}(?:Freed(?: by task \d+)?|freed by task .{1,120}):/, "free"],
  [/^\s{0,32}INFO: Freed in |^\s{0,32}Freed in /, "free"],
  [/^\s{0,32}(?:Second to l|L)ast potentially related work creation:|^\s{0,32}Last call_rcu\(\):/, "work"],
  [/^\s{0,32}Uninit was created at:|^\s{0,32}Local variable .{1,120} created at:/, "origin"],
  [/^\s{0,32}Uninit was stored to memory at:/, "store"],
  [/^\s{0,32}page last allocated via /, "page-allocation"],
  [/^\s{0,32}page last free (?:pid \d+ tgid \d+ )?stack trace:|^\s{0,32}page_owner free stack trace/, "page-free"],
  [/^\s{0,32}-> ?#\d+ \(.*:/, "chain"],
  [/^\s{0,32}\.{0,3} ?(?:which became|acquired at|key +at).*(?:at)?:/, "chain"],
  [/^\s{0,32}\{?[\w -]{1,40}\}? state was registered at:/, "chain"],
  // The uses of a lock that lockdep saw before (print_lock_class_header).
  [/^\s{0,40}(?:INITIAL (?:READ )?USE|(?:IN-)?(?:HARDIRQ|SOFTIRQ|RECLAIM_FS)(?:-ON)?-[WR]) at:/, "chain"],
  [
    /^\s{0,32}(?:read|write|assert no|race at).{0,60} (?:by task \d+|by interrupt) on cpu \d+:|^\s{0,32}(?:read|write) .{0,40}to 0x.{0,80}:$/,
    "race",
  ],
  [/^\s{1,4}backtrace(?: \(crc [0-9a-f]+\))?:/, "leak"],
];
