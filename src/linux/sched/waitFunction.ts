import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Frame } from "../../unwind/frame.ts";
import { crashSite } from "../printk/crashSite.ts";

/** Sections of code that sleeps and locks on behalf of others (include/asm-generic/vmlinux.lds.h). */
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
 * Index of the frame that tells what a task is about: behind the machinery of a crash, else behind the scheduler's and
 * the locks' own functions, by the sections that get_wchan() passes over (kernel/sched/core.c:
 * in_sched_functions()). The first frame where there is no other.
 */
export function waitFunction(kernel: Kernel, frames: readonly Frame[]): number {
  const site = crashSite(frames);
  const sections = waitSections(kernel);
  const isPassedOver = ({ pc }: Frame): boolean => sections.some(({ from, to }) => pc >= from && pc < to);
  const found = frames.findIndex((frame, index) => index >= site && !isPassedOver(frame));
  return found < 0 ? site : found;
}
