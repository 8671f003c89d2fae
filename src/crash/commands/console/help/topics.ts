/** The pages of `help` that do not describe a command. */
export const topics: ReadonlyMap<string, string> = new Map([
  [
    "input",
    `A line is a command and its arguments. An alias at its start is replaced first ("alias" lists them). A word that is not a command is tried as a variable, which "p" prints, and as the name of a type, which "struct", "union" or "whatis" shows: "jiffies", "task_struct.pid init_task".

Words are separated by blanks; "double quotes" and (parentheses) group words, and 'single quotes' mark a regular expression. A line that starts with # or // is a comment.

  < file            runs the commands in a file
  command < file    runs the command once with each line of the file as its arguments
  !command          runs a command of the shell; ! alone starts one (in the terminal)
  h                 shows the history; r repeats the last line, r 5 or !5 the fifth, r ps the last one that starts with ps

Addresses are hexadecimal with or without 0x, symbols with or without an offset, or expressions. Counts and pids are decimal unless they start with 0x or cannot be decimal.

At the start, the commands in .crashrc and .vmcoredebugrc in the home directory are run, and those in the working directory if VMCORE_DEBUG_TRUSTED names it.`,
  ],
  [
    "output",
    `  command | filter    passes the lines through a filter; several filters can be chained
  command > file      writes to a file, >> adds to it

The filters cut, grep, head, sort, tail, uniq and wc are built in and work everywhere; in the terminal the shell runs any other. A ">", "<" or "|" that belongs to an expression must be in parentheses.

In a terminal, output that does not fit on the screen is shown in a pager: CRASHPAGER, PAGER, or less. "set scroll off" (alias sf) and "set scroll on" (sn) switch the pager off and on. Ctrl-C cancels the running command.

Numbers are shown in decimal or, after "set radix 16" (alias hex), in hexadecimal.

A value that the dump does not contain is replaced by the reason, such as <page excluded from dump>.`,
  ],
]);
