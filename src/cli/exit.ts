/** Exit status: every command was answered. */
export const EXIT_ANSWERED = 0;
/** Exit status: a command failed or faulted. */
export const EXIT_FAILED = 1;
/** Exit status: the command line was wrong. */
export const EXIT_USAGE = 2;
/** Exit status: the dump or the vmlinux could not be opened. */
export const EXIT_OPEN = 3;
/** Exit status: Ctrl-C while the dump was opened. 128 + SIGINT, as in shells. */
export const EXIT_CANCELLED = 130;
