/** Where our stacks and drgn's differ, and who is right. Each row was looked into; none may be ours to mend. */
export const stackDifferences: readonly {
  readonly dump: RegExp;
  readonly mode?: "vmlinux" | "bare";
  readonly task: RegExp;
  /** The first line that differs, "(end)" where a stack stops. */
  readonly ours: RegExp;
  readonly drgn: RegExp;
  readonly cause: string;
}[] = [
  {
    dump: /^sample$/,
    task: /^insmod$/,
    ours: /^0xffffffffc02560b8 hello_init/,
    drgn: /^0xffffffffc02560b8 (0xffffffffc02560b8 )?\?/,
    cause: "drgn has no symbol and no unwind rows for .init.text of a module that is being loaded, and stops there",
  },
  {
    dump: /sysrq|made\//,
    task: /^zombie-child$/,
    ours: /^\(end\)$/,
    drgn: /./,
    cause:
      "a zombie has no stack: finish_task_switch() gave it back (kernel/sched/core.c: put_task_stack), task->stack is NULL; drgn follows the stale thread.sp into memory that belongs to others by now",
  },
];
