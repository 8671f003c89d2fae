import { Fault, faultLast } from "../../../../base/fault.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { lockedFiles } from "../../../../linux/fs/lockd.ts";
import { taskComm, taskPid, taskTable } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressTitle, addressSpan } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { command } from "../../../language/command.ts";
import { byInode, byPath, fileUsers, type IsWanted } from "./fileUsers.ts";
import { hexNumber } from "../../../language/number.ts";
import { left, right } from "../../../../render/pad.ts";
import { faultPiece, progress, record, text, type Pieces, type Span } from "../../../../say/piece.ts";
import { taskFacts } from "../../../say/taskHeading.ts";
import { WrongUse } from "../../../language/wrongUse.ts";

export const fuser = command({
  name: "fuser",
  readsOnly: true,
  summary: "who uses a file",
  usage: "[pathname | inode]",
  options: [],
  description:
    "Lists the tasks that have a file as their root or working directory, have it open, or map it: USAGE says root, cwd, fd, mmap. The file is named by its full path, or by the address of its inode, which finds it under any name. NFS clients for which the lock server keeps a lock on the file are listed by name.",
  examples: [
    { line: "fuser /etc/motd", shows: "Who has a file open." },
    { line: "fuser /", shows: "Whose root or working directory is the root." },
  ],
  needs: ["types", "tasks"],
  *run({ kernel }, { rest: [word, ...more] }) {
    if (word === undefined || more.length > 0) throw new WrongUse("one file is what to look for");
    const isWanted = wanted(kernel, word);
    const usersOf = fileUsers(isWanted);
    const { tasks, fault } = taskTable(kernel);
    const faults = new Set<Fault>(fault ? [fault] : []);
    let found = 0;
    for (const [i, task] of tasks.entries()) {
      const { uses, faults: missed } = usersOf(task);
      for (const one of missed) faults.add(one);
      if (uses.length > 0) yield* row(kernel, found++, task, uses);
      if (i % 64 === 63) yield progress("tasks", i, tasks.length);
    }
    for (const file of faultLast(lockedFiles(kernel))) {
      if (file instanceof Fault) faults.add(file);
      else if (isWanted(file.file.at("f_path")))
        for (const client of file.clients) yield* row(kernel, found++, client, ["lockd"]);
    }
    if (found === 0 && faults.size === 0) yield text(`No users of ${word} found`);
    for (const one of faults) yield faultPiece(one, "fuser: ");
  },
});

/** @throws UsageError */
function wanted(kernel: Kernel, word: string): IsWanted {
  if (word.startsWith("/")) return byPath(word);
  const address = hexNumber(word);
  if (address === undefined || !kernel.memory.isKernelAddress(address))
    throw new UsageError(`invalid argument: ${word}`);
  return byInode(address);
}

const PID_WIDTH = 5;
const COMM_WIDTH = 16;

/** @param user a task, or the name of an NFS client */
function* row(kernel: Kernel, before: number, user: Obj | string, uses: readonly string[]): Pieces {
  const title = ` PID   ${addressTitle(kernel, "TASK")}  ${"COMM".padEnd(COMM_WIDTH)} USAGE`;
  if (before === 0) yield text([{ as: "title", text: title }]);
  const isTask = typeof user !== "string";
  const pid = isTask ? cell(() => taskPid(user)).span : "-";
  const task = isTask ? addressSpan(kernel, user.address) : "";
  const name = cell(() => (isTask ? taskComm(user) : user)).span;
  yield record({ ...(isTask ? taskFacts(user) : { client: user }), uses }, [
    ...[...right(pid, PID_WIDTH), "  ", ...left(task, kernel.arch.wordSize * 2), "  "],
    ...[...left(quoted(name), COMM_WIDTH), " ", uses.join(" ")],
  ]);
}

const quoted = (name: Span): Span => (typeof name === "string" ? `"${name}"` : name);
