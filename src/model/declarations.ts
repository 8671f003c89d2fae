/**
 * Types of the kernel's well-known globals, for sessions that have BTF and no vmlinux: BTF declares per-CPU
 * variables only. Where a type was renamed over time, its spellings follow each other: the first whose types
 * this kernel has is taken, so no kernel version is ever asked. Source: the declarations in the kernel's own tree.
 */
const table: Readonly<Record<string, string | readonly string[]>> = {
  init_task: "struct task_struct",
  modules: "struct list_head",
  prb: "struct printk_ringbuffer *",
  init_uts_ns: "struct uts_namespace",
  slab_caches: "struct list_head",
  init_pid_ns: "struct pid_namespace",
  jiffies: "unsigned long",
  jiffies_64: "u64",
  __per_cpu_offset: "unsigned long []",
  panic_cpu: "atomic_t",
  saved_command_line: "char *",
  linux_banner: "const char []",
  nr_cpu_ids: "unsigned int",
};

export const declarations: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries(table).map(([name, types]) => [name, typeof types === "string" ? [types] : types]),
);
