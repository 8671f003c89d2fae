/** Reports an object on the stack of another task. */
import { attempt, Fault } from "../base/fault.ts";
import { stackTrace } from "../linux/sched/stackTrace.ts";
import { taskOfStack } from "../linux/sched/stack.ts";
import { taskComm, taskPid } from "../linux/sched/task.ts";
import type { Kernel } from "../model/kernel.ts";
import { type CrashFacts, frameHolding, functionOf } from "./crashFacts.ts";
import { addressOf, code, type Finding } from "./finding.ts";

/**
 * Yields whose stack an object is on, and in which frame, if this is not the stack of the task that crashed: the
 * function that created the object may have returned. @param name the pointer to the object in the source
 */
export function* foreignStackFinding(
  kernel: Kernel,
  { task }: CrashFacts,
  object: bigint,
  name: string | undefined,
): Generator<Finding, void, void> {
  const owner = attempt(() => taskOfStack(kernel, object));
  if (!owner || owner instanceof Fault || owner.address === task?.address) return;
  const about = attempt(() => ({
    pid: taskPid(owner),
    comm: taskComm(owner),
    frames: stackTrace(kernel, owner).frames,
  }));
  if (about instanceof Fault) return;
  const { pid, comm, frames } = about;
  const [top] = frames;
  const frame = frameHolding(frames, object);
  const own = frame && functionOf(frame);
  // The task may run on another stack, or its stack pointer may be a guess.
  const isBelow = top?.stack === "task" && top.doubt === undefined && object < top.sp;
  const where =
    own !== undefined ? `, in the frame of ${own}` : isBelow ? ", in a part of it that no function uses" : "";
  yield {
    id: "object.stack",
    severity: "note",
    certainty: "certain",
    slots: { address: object, task: owner.address, pid, function: own },
    text: [
      ...(name === undefined ? [] : [code(name), " = "]),
      addressOf(object),
      " is on the stack of ",
      { kind: "task", address: owner.address, pid, comm },
      `, another task${where}.`,
    ],
    evidence: [{ kind: "task", address: owner.address, text: comm }],
  };
}
