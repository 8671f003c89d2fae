/** The frame that shows why a task waits. */
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import { crashSite } from "../printk/crashSite.ts";

/** Sections with functions of the scheduler and of locks (include/asm-generic/vmlinux.lds.h). */
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
 * Returns the index of the frame that shows what a task is doing: the first frame after the functions that handle a
 * crash, the scheduler's and the locks'. The latter two are recognized by the sections that get_wchan() skips
 * (kernel/sched/core.c: in_sched_functions()). If there is no such frame, the first frame after the crash handling.
 */
export function waitFrameIndex(kernel: Kernel, frames: readonly Frame[]): number {
  const site = crashSite(frames);
  const sections = waitSections(kernel);
  const isPassedOver = ({ pc }: Frame): boolean => sections.some(({ from, to }) => pc >= from && pc < to);
  const found = frames.findIndex((frame, index) => index >= site && !isPassedOver(frame));
  return found < 0 ? site : found;
}
