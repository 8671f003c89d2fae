/**
 * Lines in which we and crash legitimately differ, each with its reason: a kernel file, the disassembler's spelling,
 * a known fault of crash. A row explains lines of either side.
 */
export const transcriptDifferences: readonly {
  /** Which dumps, by "NAME vmlinux" or "NAME bare"; all unless given. */
  readonly dump?: RegExp;
  /** The command line as recorded. */
  readonly command: RegExp;
  /** The normalised line. */
  readonly pattern: RegExp;
  readonly reason: string;
}[] = [
  { command: /^sys$/, pattern: /^(KERNEL|DUMPFILE): /, reason: "paths as they were given" },
  {
    command: /^ascii$/,
    pattern: /^[07DF] \| /,
    reason: "crash's chart has ' and ` in each other's place, and _ and -; 0x27 is the apostrophe, 0x2d the hyphen",
  },
  {
    command: /^sym -V$/,
    pattern: /^sym: unknown option -V$/,
    reason: "getopt's own message went to the terminal that crash ran on",
  },
  {
    command: /^struct list_head init_task\.tasks$/,
    pattern:
      /^(symbol not found: init_task\.tasks|possible alternatives:|\(none found\)|struct list_head \{|(next|prev) = 0x[0-9a-f]+,?|\})$/,
    reason: "crash takes only a symbol in this place; an expression has a place in memory, too",
  },
  {
    command: /^rd -S init_task/,
    pattern: /: (\.data|init_stack) /,
    reason: "crash counts the names of ELF sections as symbols; what is declared there is init_stack",
  },
  {
    command: /^sym -m virtio_blk$/,
    pattern: /^[0-9a-f]+ \((\?|[rdb])\) /,
    reason:
      "since v5.2 (kernel/module/kallsyms.c: typetab) st_info of a module's symbols is no type; crash reads it still",
  },
  {
    dump: / bare$/,
    command: /^sym -l$/,
    pattern: /^[0-9a-f]{1,5} \([AaDd]\) /,
    reason: "kallsyms calls per-CPU symbols absolute where their section starts at zero (scripts/kallsyms.c)",
  },
  {
    dump: / bare$/,
    command: /^sym -q /,
    pattern: / \(r\) __(crc|kstrtab|kstrtabns|ksymtab)_/,
    reason: "kallsyms leaves these symbols out (scripts/mksysmap, scripts/kallsyms.c)",
  },
  {
    dump: / bare$/,
    command: /^sym schedule$/,
    pattern: /^[0-9a-f]+ \(T\) schedule( \S+: \d+)?$/,
    reason: "source lines are in DWARF alone",
  },
];
