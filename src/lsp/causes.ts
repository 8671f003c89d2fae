/** What the first line of a report means, in sentences. The texts are those of the kernel's functions that print them. */
const CAUSES: readonly (readonly [RegExp, string])[] = [
  [
    /NULL pointer dereference/,
    "The kernel used a pointer that was NULL; an address of a few bytes or hundreds is the offset of a member of a structure at NULL.",
  ],
  [
    /[Uu]nable to handle (?:page fault|kernel paging request|kernel access)/,
    "The kernel used an address that has no page behind it: a pointer that was freed, overwritten or never set.",
  ],
  [
    /general protection fault/,
    "The kernel used an address that no memory can have (not canonical): most often a pointer that was overwritten, or the poison of a freed object.",
  ],
  [/^kernel BUG at/, "Code met a state that it holds to be impossible (`BUG_ON`); the line says which one."],
  [
    /soft lockup/,
    "A CPU ran one task in the kernel for too long without letting another run; the call trace shows where it stood when the watchdog looked, which need not be where the fault lies.",
  ],
  [/hard LOCKUP/i, "A CPU took no interrupts for too long: it loops, or waits for a lock, with interrupts off."],
  [
    /rcu.*(?:stall|self-detected)/i,
    "A CPU or a task did not pass a quiescent state for too long: it loops in the kernel, or interrupts were off.",
  ],
  [
    /^INFO: task .* blocked for more than/,
    "A task slept uninterruptibly for too long: what it waits for, a lock or I/O, did not come. Who holds it is the question.",
  ],
  [
    /invoked oom-killer/,
    "Memory ran out, and the kernel looks for a process to kill. The tables behind it say who had how much; the task that asked last need not be the one that took most.",
  ],
  [
    /^list_(?:add|del) corruption/,
    "The pointers of a linked list contradict each other: an entry was freed, added twice or overwritten.",
  ],
  [
    /double fault/,
    "An exception happened while another was being delivered, most often because the kernel stack overflowed.",
  ],
  [/Insufficient stack space/, "The kernel stack overflowed."],
  [/stack segment/, "The kernel used an address relative to its stack that no memory can have."],
  [
    /page allocation failure/,
    "No block of pages of that order was free for an allocation that may not wait or give up somebody else's; who asked may well go on. The tables behind it show how fragmented memory is.",
  ],
  [
    /^BUG [\w:.-]+ \(/,
    "The slab allocator found an object or its red zone overwritten, or freed twice: the object's tracks tell who had it last.",
  ],
  [/^usercopy: /, "More was to be copied between user and kernel than the object of the slab cache holds."],
  [/^SError/, "The hardware reported an error later than the access that caused it: the place says little."],
  [/specification exception|addressing exception|illegal operation/, "The CPU refused an instruction or its address."],
  [/divide error/, "The kernel divided by zero, or the quotient did not fit."],
  [/invalid opcode/, "The CPU met an instruction that it does not know; the kernel's own `BUG()` is one."],
  [/^UBSAN: /, "The undefined-behaviour sanitizer found C that has no meaning, such as an index out of bounds."],
  [/^WARNING: /, "Code met a state that should not be (`WARN_ON`), and went on."],
  [
    /sysrq triggered crash/,
    "Somebody asked for this crash, by Alt-SysRq-c or /proc/sysrq-trigger: look at what the other tasks were doing.",
  ],
  [
    /hung_task: blocked tasks/,
    "The kernel was told to panic when a task is blocked for too long; the reports before this one name the tasks.",
  ],
  [
    /Out of memory: /,
    "Memory ran out, and the kernel is told to panic (`vm.panic_on_oom`), or had no process left to kill; the report before this one has the tables of who had how much.",
  ],
  [
    /softlockup: hung tasks/,
    "The kernel is told to panic (`kernel.softlockup_panic`) when a CPU runs one task for too long; the report before this one says which, and where it stood.",
  ],
  [/Fatal exception/, "The kernel gave up after the report before this one."],
  [/Attempted to kill init/, "The first process of user space ended; the system cannot go on without it."],
  [
    /VFS: Unable to mount root fs/,
    "The root file system could not be mounted: wrong `root=`, or a driver is missing from the initramfs.",
  ],
  [/^Kernel panic/, "The kernel decided that it cannot go on."],
];

export const causeOf = (title: string): string | undefined => CAUSES.find(([pattern]) => pattern.test(title))?.[1];

/** Documentation/admin-guide/tainted-kernels.rst; G is the absence of P. */
const TAINTS: Readonly<Record<string, string>> = {
  P: "proprietary module",
  F: "module was force-loaded",
  S: "CPU out of specification",
  R: "module was force-unloaded",
  M: "machine check",
  B: "bad page",
  U: "tainted by user space",
  D: "kernel died before",
  A: "ACPI table overridden",
  W: "warned before",
  C: "staging driver",
  I: "workaround for firmware",
  O: "module from out of tree",
  E: "unsigned module",
  L: "soft lockup before",
  K: "live patched",
  X: "the distribution's own taint",
  T: "structures laid out at random",
  N: "in-kernel test",
  J: "userspace used a mutating debug operation",
};

/** Letters behind "Tainted:" in words. */
export const taintWords = (letters: string): string[] =>
  [...letters.replaceAll(" ", "")]
    .filter((letter) => letter !== "G")
    .map((letter) => TAINTS[letter] ?? `taint ${letter}`);
