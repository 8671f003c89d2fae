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
    command: /^(union thread_union -o|vtop init_task)$/,
    pattern: /^(union: invalid data structure reference: thread_union|vtop: invalid input: "init_task")(;|$)/,
    reason: "the same message; after it we say what is expected",
  },
  {
    command: /^struct list_head init_task\.tasks$/,
    pattern:
      /^(symbol not found: init_task\.tasks|possible alternatives:|\(none found\)|struct list_head \{|(next|prev) = 0x[0-9a-f]+,?|\})$/,
    reason: "crash takes only a symbol in this place; an expression has a place in memory, too",
  },
  {
    command: /^kmem -i$/,
    pattern: /^SHARED /,
    reason: "no counter knows it, every page has to be looked at: since crash 9 and here only with -i=shared",
  },
  {
    command: /^kmem -i$/,
    pattern: /^COMMITTED /,
    reason: "mm/util.c (vm_memory_committed) adds what CPUs have not folded in; crash reads the common count alone",
  },
  {
    command: /^kmem -V$/,
    pattern: /^(VM_NUMA_EVENT:|NUMA_[A-Z_]+: \d+)$/,
    reason: "mm/vmstat.c: vm_numa_event has NUMA events since v5.14; crash does not know it",
  },
  {
    command: /^kmem (init_task|schedule)$/,
    pattern: /./,
    reason: "crash takes only a hexadecimal address in this place; a symbol has an address, too",
  },
  {
    dump: /^x86_64-6\.1\/abba /,
    command: /^kmem -s$/,
    pattern: /^ffff8b5601a4d300 64 (64|0) 256 4 4k ext4_io_end$/,
    reason: "crash forgets the partial slab of a CPU that has no current one; its own kmem -S shows every object free",
  },
  {
    command: /^p lab_(mutex_[ab]|rwsem)$/,
    pattern: /^(possibly )?held by /,
    reason: "crash does not say who holds a lock",
  },
  {
    command: /^mach$/,
    pattern: /^((MCE|\(unknown\)) STACKS?( SIZE: \d+|:)|CPU \d: fffffe00000(12|14|4d|4f|88|8a|c3|c5)000)$/,
    reason: "struct cea_exception_stacks has MCE_stack of 8 KiB before VC_stack_guard; crash took the guard for it",
  },
  {
    command: /^search -[up] -c /,
    pattern: /^[0-9a-f]+: (mapped|LAB-MARKER)/,
    reason: "recorded from the unfiltered dump: the stored copy leaves out user pages (-d 31)",
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
  {
    command: /\bbt\b.* -l$|^bt -l$/,
    pattern: /^\S+\.[chS]: \d+$/,
    reason:
      "files as DWARF spells them; crash joins comp_dir, and names the line of what was inlined into the function",
  },
  {
    command: /\bbt\b/,
    pattern: /^page fault at [0-9a-f]+: /,
    reason: "what the fault was about is told besides its registers",
  },
  {
    dump: /^sample /,
    command: /^bt( -[aflsF]+x?| -c 0)?$/,
    pattern: /^#\d+ \[/,
    reason:
      "crash looks return addresses up as they are: that of oops_end.cold is where show_opcodes.cold starts, so it passes over the frame and counts the others one less; with the module loaded it drops hello_init, too",
  },
  {
    dump: /^(sample|x86_64-6.1\/timer) /,
    command: /^bt (-a|-c 0)$/,
    pattern: /^(bt: (invalid size request|read of stack)|\[exception RIP|R[A-Z0-9]+: |(ORIG_RAX: \S+ )?CS: |#\d+ \[)/,
    reason:
      "crash fails on CPUs that the panic stopped with an NMI or IPI in a dump by QEMU; ours shows where they stood",
  },
  {
    command: /^bt /,
    pattern: /(_MODULE_INIT_START_\w+|hello_init)/,
    reason: "crash puts marks of its own at the ends of a module's init memory before the function that lies there",
  },
  {
    dump: / bare$/,
    command: /\bbt\b/,
    pattern: /__(x64|ia32)_sys_\w+/,
    reason: "system calls have two names at one address; kallsyms has the other one first",
  },
  {
    command: /\bbt\b/,
    pattern: /^#\d+ \[[0-9a-f]+\] getname_flags(\.part\.0)? at /,
    reason: "the return address behind getname_flags.part.0's last call is where getname_flags starts",
  },
  {
    command: /^bt -E$/,
    pattern:
      /^(CPU \d+ (DOUBLEFAULT|NMI|DEBUG|MCE|VC2?|\(unknown\)) EXCEPTION STACK:|\(none found\)|bt: unrecognized stack address|(KERNEL|USER)-MODE EXCEPTION FRAME AT: f|\[exception RIP|R[A-Z0-9]+: |ORIG_RAX: )/,
    reason: "crash takes the guard pages of CPU 0's exception stacks for a stack, and gives up before the other CPUs",
  },
  {
    command: /^bt -v$/,
    pattern: /^bt: invalid kernel virtual address: 0 type: "stack overflow check"$/,
    reason: "a zombie has given its stack back (kernel/fork.c: put_task_stack)",
  },
  {
    command: /^ps -a /,
    pattern: /^(ps: |ARG: |ENV: |\w+=)/,
    reason: "the stored copy leaves user pages out: the fault names the page",
  },
  {
    dump: / bare$/,
    command: /^sys -c$/,
    pattern: /^\d+ __\w+( [\w/.-]+: \d+)?$/,
    reason: "source lines are in DWARF alone",
  },
  {
    command: /^sys -c$/,
    pattern: /^\d+ (__do_sys_ni_syscall arch|__\w+_sys_pause )/,
    reason:
      "the line program has two rows for the first instruction, crash takes the first; pause has three names at one address, crash takes its body's but here",
  },
  {
    command: /^waitq init_pid_ns\.child_reaper$/,
    pattern: /^(must supply an address for init_pid_ns|waitq: init_pid_ns\.child_reaper is not a wait queue; .*)$/,
    reason: "crash takes a struct and its member where we take an expression as well; this one is a task",
  },
  {
    command: /^gdb info line schedule$/,
    pattern: /^Line 6654 of "kernel\/sched\/core\.c" starts at address [0-9a-fx]+ <schedule> and ends at /,
    reason: "gdb ends at the next row of the line table, which is of the same line; we where the line ends",
  },
  {
    dump: / bare$/,
    command: /^gdb (info line|list) /,
    pattern: /^(Line \d+ of |\d+ in |No line number information |gdb: No symbol table )/,
    reason: "source lines are in DWARF alone",
  },
  {
    command: /^gdb list sysrq_handle_crash$/,
    pattern: /^(146 in drivers\/tty\/sysrq\.c$|1(4[6-9]|5[0-5])( |$))/,
    reason: "the lines where this machine has the source; crash ran on one without",
  },
  {
    command: /^sym -m lab_\w+$/,
    pattern: /^[0-9a-f]+ \([a-zA-Z?]\) /,
    reason:
      "since v5.2 (kernel/module/kallsyms.c: typetab) st_info of a module's symbols is no type; crash adds the file's own symbols",
  },
  {
    command: /^dis -l hello_init$/,
    pattern: /./,
    reason: "the module was in its init function, so that is in memory; crash forgets it when it loads the file",
  },
  {
    command: /^dis -l lab_\w+/,
    pattern: /^\S+\.[ch]: \d+$/,
    reason: "gdb takes the first of several rows of the line table at one address, and none for this module's .text",
  },
  {
    dump: / bare$/,
    command: /^mod( -S .*)?$/,
    pattern:
      /^[0-9a-f]+ \w+ [0-9a-f]+ \d+ (\S+\.ko|\(not loaded\) \[CONFIG_KALLSYMS\])$|^mod: \S+: there is no such file or directory$/,
    reason: "the session without a vmlinux has no tree of modules' debuginfo either",
  },
  {
    command: /^foreach files$/,
    pattern: /^ROOT: \/ CWD: \/tmp\/?$/,
    reason: "crash 8 writes a slash behind a directory that is a mount's root; crash 9 and fs/d_path.c do not",
  },
  {
    command: /^net -S \d+$/,
    pattern: /^u6_addr8 = "\\177\\000\\000\\001/,
    reason: "gdb 10 writes a digit behind an invalid byte in octal, gdb 16 does not",
  },
  {
    dump: / vmlinux$/,
    command: /^dis -s /,
    pattern: /^\*? ?\d+( .*)?$|^\(source file not found on this machine: /,
    reason: "the lines where this machine has the source, else how to name it; crash ran on one without",
  },
  {
    dump: / bare$/,
    command: /^dis -(l|rl|s) /,
    pattern: /^(\S+\.[chS]: \d+|FILE: \S+|LINE: \d+|dis: line numbers are not available.*)$/,
    reason: "source lines are in DWARF alone",
  },
  {
    command: /^p lab_(left|right)$/,
    pattern: /^name = 0x[0-9a-f]+ (<_note_9\+\d+> )?"(left|right)",$/,
    reason: "crash takes a mark in the module's notes for the symbol of the strings behind them",
  },
  {
    command: /^mount -f$/,
    pattern: /./,
    reason:
      "crash follows super_block.s_files, which went in v3.13 (fs/file_table.c); we find open files by their tasks",
  },
  {
    dump: / bare$/,
    command: /^dis -l sysrq_handle_crash$/,
    pattern: /<sysrq_handle_crash\+22>: cs nopw /,
    reason: "kallsyms knows no sizes: the padding before the next symbol counts as the function's",
  },
];
