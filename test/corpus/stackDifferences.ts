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
    ours: /do_one_initcall/,
    drgn: /\(end\)/,
    cause:
      "drgn has no unwind rows for .init.text of a module that is being loaded, and stops; ORC of the module covers it",
  },
];
