/** The frame that shows why a task waits. */
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import { crashSite } from "../printk/crashSite.ts";

/**
 * Sections that are skipped: functions of the scheduler, of locks, and of CPU idle (include/asm-generic/vmlinux.lds.h).
 */
const SECTIONS = [
  ["__sched_text_start", "__sched_text_end"],
  ["__lock_text_start", "__lock_text_end"],
  ["__cpuidle_text_start", "__cpuidle_text_end"],
] as const;

const waitSections = derived("text of scheduler and locks", (kernel) =>
  SECTIONS.flatMap(([start, end]) => {
    const [from, to] = [kernel.symbols.find(start)?.address, kernel.symbols.find(end)?.address];
    return from === undefined || to === undefined ? [] : [{ from, to }];
  }),
);

/**
 * Returns the index of the first frame that is not crash handling, scheduler, lock or idle code; without one, the first
 * frame after the crash handling. get_wchan() skips the scheduler and lock sections too (kernel/sched/core.c:
 * in_sched_functions()).
 */
export function waitFrameIndex(kernel: Kernel, frames: readonly Frame[]): number {
  const site = crashSite(frames);
  const sections = waitSections(kernel);
  const isPassedOver = ({ pc }: Frame): boolean => sections.some(({ from, to }) => pc >= from && pc < to);
  const found = frames.findIndex((frame, index) => index >= site && !isPassedOver(frame));
  return found < 0 ? site : found;
}
