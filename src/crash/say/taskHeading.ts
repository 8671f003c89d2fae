import { hex0x, padHex } from "../../base/hex.ts";
import { taskComm, taskCpu, taskPid } from "../../linux/sched/task.ts";
import { taskState } from "../../linux/sched/taskState.ts";
import type { Obj } from "../../model/object.ts";
import { cell } from "./cell.ts";
import { left } from "./pad.ts";
import type { Json, Line } from "./piece.ts";

/** `PID: 169      TASK: ffff8ef68526c180  CPU: 0    COMMAND: "insmod"`: how crash introduces a task everywhere. */
export function taskHeading(task: Obj): Line {
  const { address } = task;
  const width = task.kernel.arch.wordSize * 2;
  return [
    "PID: ",
    ...left(cell(() => taskPid(task)).span, 7),
    "  TASK: ",
    { as: "task", text: padHex(address, width), address },
    "  CPU: ",
    ...left(cell(() => taskCpu(task)).span, 3),
    '  COMMAND: "',
    cell(() => taskComm(task)).span,
    '"',
  ];
}

/** The same to programs. */
export function taskFacts(task: Obj): { readonly [key: string]: Json } {
  return {
    pid: cell(() => taskPid(task)).json,
    comm: cell(() => taskComm(task)).json,
    task: hex0x(task.address),
    cpu: cell(() => taskCpu(task)).json,
    state: cell(() => taskState(task)).json,
  };
}
