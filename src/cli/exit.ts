/** Every command was answered. */
export const EXIT_ANSWERED = 0;
/** A command failed or faulted. */
export const EXIT_FAILED = 1;
/** The command line was wrong. */
export const EXIT_USAGE = 2;
/** The dump or the vmlinux could not be opened. */
export const EXIT_OPEN = 3;
/** Ctrl-C while the dump was opened: 128 and SIGINT, as shells have it. */
export const EXIT_CANCELLED = 130;
