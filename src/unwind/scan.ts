/** Finds the first frame of a running task that left no registers. */
import { attempt, Fault } from "../base/fault.ts";
import { viewOf } from "../base/bytes.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { callerCursor } from "./cursor.ts";
import type { Stack } from "./frame.ts";
import { taskStackRange } from "./stacks.ts";
import { unwind } from "./unwind.ts";

/** Limit for candidates of the innermost frame. */
const MAX_CANDIDATES = 256;

/**
 * Returns the stack from the innermost return address from which a walk reaches the end. Values below the real sp can
 * be left from earlier calls, so that the first frames are uncertain. @throws Fault if the stack cannot be read or has
 * no such address
 */
export function scannedStack(kernel: Kernel, task: Obj): Stack {
  const { start, end } = taskStackRange(kernel, task);
  const bytes = kernel.memory.read(start, Number(end - start));
  const view = viewOf(bytes);
  const word = kernel.arch.wordSize;
  const little = kernel.arch.byteOrder === "little";
  let tried = 0;
  for (let at = 0; at + word <= bytes.length && tried < MAX_CANDIDATES; at += word) {
    const pc = word === 8 ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little));
    if (pc === 0n || !kernel.code.isText(pc)) continue;
    tried++;
    const stack = attempt(() =>
      unwind(kernel, callerCursor(kernel, pc, start + BigInt(at + word)), { task, doubt: "scan" }),
    );
    if (!(stack instanceof Fault) && stack.fault === undefined) return stack;
  }
  throw Fault.at(
    "unknown",
    start,
    "the CPU that ran this task left no registers, and no return address on its stack leads to the stack's end",
  );
}
