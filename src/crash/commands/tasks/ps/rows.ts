import { padHex } from "../../../../base/hex.ts";
import { attempt, Fault } from "../../../../base/fault.ts";
import { runningOn } from "../../../../linux/sched/cpu.ts";
import { onlineCpus } from "../../../../kernel/cpumask.ts";
import { residentPages, spannedPages, virtualPages } from "../../../../linux/mm/mm.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { isKernelThread, taskComm, taskCpu, taskParent, taskPid } from "../../../../linux/sched/task.ts";
import { sleepingStackPointer } from "../../../../linux/sched/stack.ts";
import { taskState } from "../../../../linux/sched/taskState.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { cell } from "../../../say/cell.ts";
import { right } from "../../../say/pad.ts";
import { hex0x } from "../../../../base/hex.ts";
import { type Line, type Piece, record, type Span, text } from "../../../say/piece.ts";

export interface RowOptions {
  /** KSTACKP in place of TASK. */
  readonly stackPointer: boolean;
  readonly heading: boolean;
  /** The user's `offline` variable: what offline CPUs ran is marked `-`. */
  readonly hideOffline: boolean;
}

/** The table of `ps`: a line a task. */
export function* taskRows(kernel: Kernel, tasks: Iterable<Obj>, options: RowOptions): Generator<Piece, void, void> {
  const width = kernel.arch.wordSize * 2;
  const column = center(options.stackPointer ? "KSTACKP" : "TASK", width);
  const heading = `      PID    PPID  CPU ${column}  ST  %MEM      VSZ      RSS  COMM`;
  if (options.heading) yield text([{ as: "title", text: heading }]);
  for (const task of tasks) yield taskRow(kernel, task, options, width);
}

function taskRow(kernel: Kernel, task: Obj, options: RowOptions, width: number): Piece {
  const kilobytes = (pages: number): number => (pages * pageSize(kernel)) / 1024;
  const cpu = runningOn(kernel, task);
  const pid = cell(() => taskPid(task));
  const parent = cell(() => taskPid(taskParent(task)));
  const on = cell(() => taskCpu(task));
  const state = cell(() => taskState(task));
  const percent = cell(
    () => (residentPages(task) * 100) / spannedPages(kernel),
    (share) => share.toFixed(1),
  );
  const vsz = cell(() => kilobytes(virtualPages(task)));
  const rss = cell(() => kilobytes(residentPages(task)));
  const comm = cell(
    () => taskComm(task),
    (name) => (attempt(() => isKernelThread(task)) === true ? `[${name}]` : name),
  );
  const data = {
    pid: pid.json,
    ppid: parent.json,
    cpu: on.json,
    task: hex0x(task.address),
    state: state.json,
    memPercent: percent.json,
    vsz: vsz.json,
    rss: rss.json,
    comm: comm.json,
    running: cpu !== undefined,
  };
  const line: Line = [
    mark(kernel, cpu, options.hideOffline),
    ...right(pid.span, 8),
    ...right(parent.span, 8),
    ...right(on.span, 4),
    "  ",
    addressColumn(task, cpu, options, width),
    "  ",
    state.span,
    ...right(percent.span, 6),
    ...right(vsz.span, 9),
    ...right(rss.span, 9),
    "  ",
    comm.span,
  ];
  return record(data, line);
}

function mark(kernel: Kernel, cpu: number | undefined, hideOffline: boolean): string {
  if (cpu === undefined) return " ";
  const online = attempt(() => onlineCpus(kernel).includes(cpu));
  return hideOffline && online === false ? "-" : ">";
}

function addressColumn(task: Obj, cpu: number | undefined, { stackPointer }: RowOptions, width: number): Span {
  if (!stackPointer) return { as: "task", text: padHex(task.address, width), address: task.address };
  // The saved stack pointer of a task that was running is long out of date.
  if (cpu !== undefined) return center("--", width);
  const pointer = attempt(() => sleepingStackPointer(task));
  if (pointer instanceof Fault) return center("(?)", width);
  return { as: "address", text: padHex(pointer, width), address: pointer };
}

function center(title: string, width: number): string {
  const left = Math.ceil((width - title.length) / 2);
  return title.padStart(left + title.length).padEnd(width);
}
