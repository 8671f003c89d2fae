/** Exit status: every command, check or search gave its result. */
export const EXIT_ANSWERED = 0;
/**
 * Exit status: a command failed or its output has a fault; or the log has no report, no vmlinux was found, a requirement
 * of `doctor` is missing, or a checked report differs.
 */
export const EXIT_FAILED = 1;
/** Exit status: the command line was wrong. */
export const EXIT_USAGE = 2;
/** Exit status: the dump or the vmlinux could not be opened. */
export const EXIT_OPEN = 3;
/** Exit status: Ctrl-C ended a search, a distillation, a triage or the opening of a dump. 128 + SIGINT, as in shells. */
export const EXIT_CANCELLED = 130;
