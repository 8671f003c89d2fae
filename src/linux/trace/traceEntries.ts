/** Entries of all CPUs of an instance in the order of their times. */
import { attempt, Fault, faultLast } from "../../base/fault.ts";
import { sortInSteps } from "../../base/sortInSteps.ts";
import type { Kernel } from "../../model/kernel.ts";
import { traceEntry, type TraceEntry } from "./entryText.ts";
import { lastBootOf } from "./lastBoot.ts";
import { type RingEntry, ringEntries } from "./ringBuffer.ts";
import { cpuBuffers, type TraceArray } from "./traceArray.ts";

export interface TraceEntries {
  /** Oldest first; those of the same time in the order of CPUs. */
  readonly entries: readonly TraceEntry[];
  /** What could not be read: pages, or the rest of a CPU's buffer. */
  readonly faults: readonly Fault[];
}

/** Number of entries between two reports of progress, and limit for all. */
const ENTRIES_PER_STEP = 1024;
const MAX_ENTRIES = 1 << 24;

/**
 * Reads the entries of an instance, at most MAX_ENTRIES. Yields the number of entries that were read.
 * @param cpus CPUs whose buffers are read; undefined for all @throws Fault if the instance has no readable buffers
 */
export function* traceEntries(
  kernel: Kernel,
  array: TraceArray,
  cpus?: readonly number[],
): Generator<number, TraceEntries, void> {
  const lastBoot = lastBootOf(array);
  const all: RingEntry[] = [];
  const faults: Fault[] = [];
  let steps = 0;
  for (const buffer of cpuBuffers(kernel, array)) {
    if (cpus && !cpus.includes(buffer.cpu)) continue;
    for (const entry of faultLast(ringEntries(kernel, buffer))) {
      if (all.length >= MAX_ENTRIES) break;
      if (entry instanceof Fault) faults.push(entry);
      else all.push(entry);
      if (++steps % ENTRIES_PER_STEP === 0) yield all.length;
    }
  }
  const order = (a: RingEntry, b: RingEntry): number => (a.time < b.time ? -1 : a.time > b.time ? 1 : a.cpu - b.cpu);
  const entries: TraceEntry[] = [];
  for (const one of yield* sortInSteps(all, order)) {
    const entry = attempt(() => traceEntry(kernel, one, lastBoot));
    if (entry instanceof Fault) faults.push(entry);
    else entries.push(entry);
    if (++steps % ENTRIES_PER_STEP === 0) yield all.length;
  }
  return { entries, faults };
}
