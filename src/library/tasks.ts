/** Tasks and their stacks as the library gives them. */
import { attempt } from "../base/fault.ts";
import { runningOn } from "../linux/sched/cpu.ts";
import { printedStack } from "../linux/sched/stoppedStack.ts";
import { taskComm, taskCpu, taskPid } from "../linux/sched/task.ts";
import { taskState } from "../linux/sched/taskState.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Frame as EngineFrame } from "../unwind/frame.ts";
import { kernelObject, objectOf } from "./object.ts";
import type { Frame, Stack, Task } from "./types.ts";

/** Returns the library's form of a task. */
export function libraryTask(task: Obj<"struct task_struct">): Task {
  return {
    pid: attempt(() => taskPid(task)),
    comm: attempt(() => taskComm(task)),
    state: attempt(() => taskState(task)),
    cpu: attempt(() => taskCpu(task)),
    isRunning: attempt(() => runningOn(task.kernel, task) !== undefined) === true,
    object: kernelObject(task),
  };
}

/** Returns the kernel stack of a task, inlined functions as frames of their own. */
export function libraryStack(kernel: Kernel, { object }: Task): Stack {
  const { frames, fault } = printedStack(kernel, objectOf(object).as("struct task_struct"));
  return { frames: frames.flatMap(framesOf), fault };
}

function framesOf(frame: EngineFrame): Frame[] {
  const { pc, sp, registers, symbol, trap, doubt } = frame;
  const places = frame.places();
  const names = places.length === 0 ? [{ function: symbol?.name, inlined: false, source: undefined }] : places;
  return names.map(({ function: name, inlined, source }, i) => ({
    function: name,
    isInlined: inlined,
    pc,
    sp,
    module: symbol?.module,
    file: source?.file,
    line: source?.line,
    registers: new Map(registers),
    exception: i === 0 ? trap?.type : undefined,
    doubt,
  }));
}
