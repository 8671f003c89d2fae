/** The `fuser` command: lists the users of a file. */
import { Fault, faultLast } from "../../../../base/fault.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { lockedFiles } from "../../../../linux/fs/lockd.ts";
import { taskComm, taskCpu, taskPid, taskTable } from "../../../../linux/sched/task.ts";
import { taskState } from "../../../../linux/sched/taskState.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { command } from "../../../language/command.ts";
import { byInode, byPath, fileUsers, type IsWanted } from "./fileUsers.ts";
import { hexNumber } from "../../../language/number.ts";
import { TableLayout } from "../../../../render/layout.ts";
import type { Table } from "../../../../say/table.ts";
import { faultPiece, progress, text, type Pieces } from "../../../../say/piece.ts";
import { WrongUse } from "../../../language/wrongUse.ts";

export const fuser = command({
  name: "fuser",
  readsOnly: true,
  summary: "tasks that use a file",
  usage: "[pathname | inode]",
  options: [],
  description:
    "Lists the tasks that have a file as their root or working directory, have it open, or map it; the column USAGE shows root, cwd, fd, mmap. The file is given by its full path, or by the address of its inode, which matches any of its paths. NFS clients for which the lock server keeps a lock on the file are listed by name.",
  examples: [
    { line: "fuser /etc/motd", shows: "Tasks that have a file open." },
    { line: "fuser /", shows: "Tasks whose root or working directory is the root directory." },
  ],
  records: () => [{ line: "fuser /etc/motd", fields: usersTable.columns }],
  needs: ["types", "tasks"],
  *run({ kernel }, { rest: [word, ...more] }) {
    if (word === undefined || more.length > 0)
      throw new WrongUse("exactly one argument is required: a path or the address of an inode");
    const isWanted = fileTest(kernel, word);
    const usersOf = fileUsers(isWanted);
    const { tasks, fault } = taskTable(kernel);
    const faults = new Set<Fault>(fault ? [fault] : []);
    const layout = new TableLayout(kernel, usersTable);
    let found = 0;
    const row = function* (user: Obj | string, uses: readonly string[]): Pieces {
      if (found++ === 0) yield layout.heading();
      yield layout.row({ user, uses });
    };
    for (const [i, task] of tasks.entries()) {
      const { uses, faults: missed } = usersOf(task);
      for (const one of missed) faults.add(one);
      if (uses.length > 0) yield* row(task, uses);
      if (i % 64 === 63) yield progress("tasks", i, tasks.length);
    }
    for (const file of faultLast(lockedFiles(kernel))) {
      if (file instanceof Fault) faults.add(file);
      else if (isWanted(file.file.at("f_path"))) for (const client of file.clients) yield* row(client, ["lockd"]);
    }
    if (found === 0 && faults.size === 0) yield text(`No users of ${word} found`);
    for (const one of faults) yield faultPiece(one, "fuser: ");
  },
});

/** Parses the argument: a path or the address of an inode. @throws UsageError */
function fileTest(kernel: Kernel, word: string): IsWanted {
  if (word.startsWith("/")) return byPath(word);
  const address = hexNumber(word);
  if (address === undefined || !kernel.memory.isKernelAddress(address))
    throw new UsageError(`invalid argument: ${word}; give a full path, or the address of an inode`);
  return byInode(address);
}

interface UserRow {
  /** A `struct task_struct`, or the name of an NFS client. */
  readonly user: Obj | string;
  readonly uses: readonly string[];
}

/** Reads a value of a task; undefined for an NFS client. */
const taskValue =
  <T>(read: (task: Obj) => T) =>
  ({ user }: UserRow): T | undefined =>
    typeof user === "string" ? undefined : read(user);

const quoted = (name: string): string => `"${name}"`;

export const usersTable: Table<UserRow> = {
  gap: "  ",
  columns: {
    pid: { kind: "number", title: "PID", titleAlign: "center", width: 5, value: taskValue(taskPid), absent: "-" },
    task: { kind: "task", title: "TASK", titleAlign: "center", value: taskValue(({ address }) => address) },
    comm: {
      kind: "text",
      title: "COMM",
      about: "null for an NFS client",
      width: 16,
      value: taskValue(taskComm),
      text: quoted,
      absent: ({ user }) => (typeof user === "string" ? quoted(user) : ""),
    },
    uses: {
      kind: "data",
      title: "USAGE",
      about: "root, cwd, fd, mmap, lockd",
      gap: " ",
      value: ({ uses }) => uses,
      text: (_, { uses }) => uses.join(" "),
    },
    cpu: { kind: "number", value: taskValue(taskCpu) },
    state: { kind: "text", about: "as `ps -S` counts them", value: taskValue(taskState) },
    client: {
      kind: "text",
      about: "of the NFS server",
      value: ({ user }) => (typeof user === "string" ? user : undefined),
    },
  },
};
