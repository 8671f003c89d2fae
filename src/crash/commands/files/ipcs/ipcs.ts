/** The `ipcs` command: lists System V IPC objects. */
import { type Fault, untilFault } from "../../../../base/fault.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { WrongUse } from "../../../language/wrongUse.ts";
import {
  initIpcNamespace,
  ipcNamespace,
  ipcObjects,
  ipcPermissions,
  type IpcFacility,
} from "../../../../linux/ipc/ipc.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { ipcRow, ipcTable } from "./ipcRows.ts";
import { anyNumber, hexNumber } from "../../../language/number.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { faultPiece, text, type Pieces } from "../../../../say/piece.ts";
import { selectTasks } from "../../../language/taskSelector.ts";

export const ipcs = command({
  name: "ipcs",
  readsOnly: true,
  summary: "System V shared memory, semaphores and message queues",
  usage: "[-smMq] [-n pid | task] [id | addr]",
  options: [
    { flag: "-s", help: "semaphore arrays" },
    { flag: "-m", help: "shared memory segments" },
    { flag: "-M", help: "the same, with the pages in memory and in swap, and the inode" },
    { flag: "-q", help: "message queues" },
    { flag: "-n", argument: "pid | task", help: "the objects in the IPC namespace of this task" },
  ],
  description:
    "Lists the objects of the initial namespace, of all three kinds or the selected ones. With an id, lists the objects that have it, one of each kind; with the address of a shmid_kernel, sem_array or msg_queue, only that object.",
  examples: [
    { line: "ipcs", shows: "Everything." },
    { line: "ipcs -M", shows: "Shared memory with the number of resident pages." },
    { line: "ipcs -q 0", shows: "One message queue." },
  ],
  records: () => [
    { line: "ipcs -M", fields: ipcTable("shm", true).columns },
    { line: "ipcs -s", fields: ipcTable("sem").columns },
    { line: "ipcs -q", fields: ipcTable("msg").columns },
  ],
  needs: ["types"],
  *run(context, args) {
    const namespace = namespaceOf(context, args);
    const chosen = (["shm", "sem", "msg"] as const).filter((one) => isChosen(one, args));
    const words = args.rest;
    if (words.length > 1) throw new WrongUse(`one id or address is taken, not also ${words[1]}`);
    let found = 0;
    for (const facility of chosen) {
      const faults: Fault[] = [];
      const objects = [...untilFault(ipcObjects(namespace, facility), (end) => faults.push(end))];
      const wanted = objects.filter((object) => words.length === 0 || isNamed(object, facility, words));
      found += wanted.length;
      if (wanted.length > 0 || words.length === 0) yield* listing(context.kernel, wanted, facility, args.has("-M"));
      yield* faults.map((fault) => faultPiece(fault, "ipcs: "));
    }
    if (found === 0 && words.length > 0) throw new UsageError(`invalid id or address: ${words.join(" ")}`);
  },
});

/** Returns the `struct ipc_namespace` to list. @throws UsageError, Fault */
function namespaceOf(context: Context, args: Parsed): Obj {
  const word = args.value("-n");
  const [task] = word === undefined ? [] : selectTasks(context, [word]);
  return task ? ipcNamespace(task) : initIpcNamespace(context.kernel);
}

function isChosen(facility: IpcFacility, args: Parsed): boolean {
  const flags = { shm: ["-m", "-M"], sem: ["-s"], msg: ["-q"] };
  return (
    flags[facility].some((flag) => args.has(flag)) ||
    !Object.values(flags)
      .flat()
      .some((flag) => args.has(flag))
  );
}

/** Whether a word is the object's id or its address. @throws Fault */
function isNamed(object: Obj, facility: IpcFacility, words: readonly string[]): boolean {
  const id = ipcPermissions(object, facility).at("id").value();
  return words.some((word) => anyNumber(word) === id || hexNumber(word) === object.address);
}

function* listing(kernel: Kernel, objects: readonly Obj[], facility: IpcFacility, isDetailed: boolean): Pieces {
  const layout = new TableLayout(kernel, ipcTable(facility, isDetailed));
  if (objects.length === 0) yield text(layout.headingLine(), "(none allocated)");
  const isEach = isDetailed && facility === "shm";
  for (const [i, object] of objects.entries()) {
    if (isEach || i === 0) yield layout.heading();
    yield layout.row(ipcRow(object));
    if (isEach) yield text("");
  }
  if (!isEach || objects.length === 0) yield text("");
}
