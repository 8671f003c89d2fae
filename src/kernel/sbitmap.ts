/** Scalable bitmaps. */
import { Fault } from "../base/fault.ts";
import type { Obj } from "../model/object.ts";
import { possibleCpus } from "./cpumask.ts";
import { perCpuAddress } from "./percpu.ts";

/** One word of a `struct sbitmap` (include/linux/sbitmap.h). */
export interface SbitmapWord {
  /** Number of valid bits. */
  readonly depth: number;
  /** Set bits: allocated ones, and those in `cleared`. */
  readonly word: bigint;
  /** Freed bits that are not yet cleared; none before v5.0 (commit ea86ea2cdced). */
  readonly cleared: bigint;
}

/** Maximum number of words. The largest queues have tens of thousands of tags. */
const MAX_WORDS = 1 << 20;

/** Returns the number of bits of each word. @throws Fault corrupt */
export function bitsPerWord(sbitmap: Obj<"struct sbitmap">): number {
  const shift = sbitmap.at("shift").number();
  if (shift > 6) throw Fault.at("corrupt", sbitmap.address, `an sbitmap cannot have words of 2^${shift} bits`);
  return 2 ** shift;
}

/** Yields the words of a `struct sbitmap`. @throws Fault; corrupt if its size is inconsistent */
export function* sbitmapWords(sbitmap: Obj<"struct sbitmap">): Generator<SbitmapWord> {
  const depth = sbitmap.at("depth").number();
  const count = sbitmap.at("map_nr").number();
  const bits = count > 0 ? bitsPerWord(sbitmap) : 0;
  const isSane = count <= MAX_WORDS && depth <= count * bits && depth > (count - 1) * bits;
  if (count > 0 && !isSane)
    throw Fault.at(
      "corrupt",
      sbitmap.address,
      `an sbitmap cannot have ${depth} bits in ${count} words of ${bits} bits`,
    );
  for (let i = 0; i < count; i++) {
    const map = sbitmap.at("map").index(i);
    yield {
      depth: Math.min(bits, depth - i * bits),
      word: map.at("word").value(),
      cleared: map.has("cleared") ? map.at("cleared").value() : 0n,
    };
  }
}

/** Yields the indexes of used bits in ascending order. @throws Fault as `sbitmapWords` */
export function* sbitmapIndexes(sbitmap: Obj<"struct sbitmap">): Generator<number> {
  let index = 0;
  for (const { depth, word, cleared } of sbitmapWords(sbitmap)) {
    const used = word & ~cleared;
    if (used !== 0n) for (let bit = 0; bit < depth; bit++) if ((used >> BigInt(bit)) & 1n) yield index + bit;
    index += depth;
  }
}

/**
 * Returns the bit at which each possible CPU starts to search for a free one. The hints moved from sbitmap_queue to
 * sbitmap with Linux kernel commit c548e62bcf6a ("scsi: sbitmap: Move allocation hint into sbitmap") (in v5.13).
 * @throws Fault
 */
export function allocationHints(queue: Obj<"struct sbitmap_queue">): readonly number[] {
  const { kernel } = queue;
  const hints = queue.at(queue.has("sb.alloc_hint") ? "sb.alloc_hint" : "alloc_hint").value();
  if (hints === 0n) return [];
  return possibleCpus(kernel).map((cpu) => kernel.memory.u32(perCpuAddress(kernel, hints, cpu)));
}

/** Whether freed bits are reused round-robin; a member of sbitmap since v5.13 (commit efe1f3a1d583). @throws Fault */
export const isRoundRobin = (queue: Obj<"struct sbitmap_queue">): boolean =>
  queue.at(queue.has("sb.round_robin") ? "sb.round_robin" : "round_robin").value() !== 0n;

/** Source: include/linux/sbitmap.h. */
const SBQ_WAIT_QUEUES = 8;

/** Yields the wait queues for a free bit, `struct sbq_wait_state`. @throws Fault */
export function* waitStates(queue: Obj<"struct sbitmap_queue">): Generator<Obj<"struct sbq_wait_state">> {
  const states = queue.at("ws");
  if (states.value() === 0n) return;
  for (let i = 0; i < SBQ_WAIT_QUEUES; i++) yield states.index(i);
}

/**
 * Whether a task waits in a wait queue. `task_list` was renamed `head` in v4.13 (commit 2055da97389a). @throws Fault
 */
export function hasWaiters(state: Obj<"struct sbq_wait_state">): boolean {
  const head = state.at(state.has("wait.head") ? "wait.head" : "wait.task_list");
  return head.at("next").value() !== head.address;
}
