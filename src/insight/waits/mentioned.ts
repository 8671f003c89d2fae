/** Looks for the address of a lock on a stack. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { slabObjectAt } from "../../linux/slab/slabObject.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";

/** Maximum number of bytes of a stack that are searched: THREAD_SIZE is at most 64 KiB. */
const MAX_BYTES = 1 << 16;

/**
 * Returns a function that tells whether the stack up to a frame contains the address of a lock, or of the slab object
 * that contains the lock: in the frame itself, in its registers, or where the functions that it called saved them.
 * @param frames of one stack, innermost first
 */
export function mentionTest(kernel: Kernel, lock: bigint, frames: readonly Frame[]): (frame: Frame) => boolean {
  const object = attempt(() => slabObjectAt(kernel, lock)?.address);
  const wanted = [lock, ...(typeof object === "bigint" ? [object] : [])];
  return (frame) => {
    if ([...frame.registers.values()].some((value) => wanted.includes(value))) return true;
    const [start, end] = [frames[0]?.sp, frame.cfa];
    if (start === undefined || end === undefined || end <= start || end - start > MAX_BYTES) return false;
    const bytes = attempt(() => kernel.memory.read(start, Number(end - start)));
    if (bytes instanceof Fault) return false;
    const { wordSize, byteOrder } = kernel.arch;
    const view = viewOf(bytes);
    const little = byteOrder === "little";
    for (let at = 0; at + wordSize <= view.byteLength; at += wordSize) {
      const word = wordSize === 8 ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little));
      if (wanted.includes(word)) return true;
    }
    return false;
  };
}
