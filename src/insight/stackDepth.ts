/** How much of a task's kernel stack its frames take. */
import type { Kernel } from "../model/kernel.ts";
import type { Frame } from "../unwind/frame.ts";
import { threadSize } from "../unwind/stacks.ts";
import type { CrashFacts } from "./crashFacts.ts";

/** Returns the frames of the task's own stack. A fault is handled on another stack. */
export const ownFrames = ({ frames }: Pick<CrashFacts, "frames">): readonly Frame[] =>
  frames.filter(({ stack }) => stack === "task");

/** Returns the bytes between the innermost and the outermost frame of the task's own stack; undefined without frames. */
export function stackDepth(crash: Pick<CrashFacts, "frames">): number | undefined {
  const own = ownFrames(crash);
  const [first, last] = [own[0], own.at(-1)];
  return first && last && Number(last.sp - first.sp);
}

/** Bytes of a full stack that may lie outside its frames: the registers of user mode, and an unfinished frame. */
const OUTSIDE = 1024;

/** Returns whether frames of a depth in bytes filled a stack. */
export const isStackFull = (kernel: Kernel, depth: number): boolean => depth >= threadSize(kernel) - OUTSIDE;
