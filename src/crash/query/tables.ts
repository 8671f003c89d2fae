/** The tables of `vmcore-debug query`, each filled from the records of one command. */

/** A table of a query. */
export interface QueryTable {
  readonly name: string;
  readonly about: string;
  /** The command line whose records fill it. */
  readonly line: string;
  /** The key of a list in each record. Its elements are the rows, numbered by the column `position`. Default: the records. */
  readonly each?: string;
  /** A key that only the records of this table have, for a command whose records are of several kinds. */
  readonly marker?: string;
  /**
   * Set if the command declares its records (`Command.records`) only for a line with more options than `line`: that
   * line, and the keys that its additional options add. These keys are not columns.
   */
  readonly declaredAs?: { readonly line: string; readonly extraKeys: readonly string[] };
  /** Keys of the record around the list, or of the last record that has no `marker`: columns of each row. */
  readonly inherited?: readonly string[];
}

const TASK = ["pid", "comm", "task"];

export const queryTables: readonly QueryTable[] = [
  { name: "tasks", about: "tasks, the idle tasks too", line: "ps" },
  {
    name: "frames",
    about: "frames of all stacks, innermost first",
    line: "foreach bt",
    each: "frames",
    inherited: [...TASK, "state"],
  },
  { name: "modules", about: "loaded modules", line: "mod" },
  { name: "files", about: "open files of all tasks", line: "foreach files", each: "files", inherited: TASK },
  { name: "sockets", about: "open sockets of all tasks", line: "foreach net -s", each: "sockets", inherited: TASK },
  { name: "slab_caches", about: "slab caches and their use", line: "kmem -s" },
  { name: "vm_areas", about: "areas of user memory of all tasks", line: "foreach vm", marker: "vma", inherited: TASK },
  { name: "vmalloc_areas", about: "areas of vmalloc memory", line: "kmem -v" },
  { name: "locks", about: "locks and other resources that tasks wait for", line: "waits -l" },
  { name: "waits", about: "blocked tasks and what they wait for", line: "waits" },
  { name: "log", about: "messages of the kernel log", line: "log" },
  { name: "timers", about: "timers of the timer wheels", line: "timer", marker: "timer" },
  { name: "hrtimers", about: "high-resolution timers", line: "timer -r" },
  { name: "irqs", about: "interrupt numbers with their handlers", line: "irq" },
  {
    name: "mounts",
    about: "mounted file systems",
    line: "mount",
    declaredAs: { line: "mount -i -f", extraKeys: ["dirtyInodes", "openFiles"] },
  },
  { name: "net_devices", about: "network interfaces", line: "net" },
  { name: "disks", about: "disks and their requests in flight, without RAM disks and loop devices", line: "dev -d" },
  { name: "run_queues", about: "tasks on the run queues of the CPUs", line: "runq" },
];
