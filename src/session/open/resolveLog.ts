import { symbolText } from "../../debuginfo/symbols/symbolText.ts";
import { entriesIn } from "../../log/entries.ts";
import type { KernelLog } from "../../log/kernelLog.ts";
import { landmarksOf } from "../../log/landmarks.ts";
import { kernelOfLog } from "./logContext.ts";

/** A log whose entries of call traces tell where they were written. */
export interface ResolvedLog {
  readonly lines: readonly string[];
  /** How many entries were resolved, of how many. */
  readonly resolved: number;
  readonly entries: number;
  /** Why addresses without names were not resolved; undefined where there are none or they were. */
  readonly unresolved: string | undefined;
}

/**
 * Puts `(file.c:123)` behind the entries of a log's call traces, with the functions that were inlined there.
 * @param given the lines of the log as they are
 * @param vmlinux the path of the kernel's debuginfo
 * @throws UsageError for a vmlinux of another release; OpenError, Fault for a file that is none
 */
export function resolveLog(log: KernelLog, given: readonly string[], vmlinux: string): ResolvedLog {
  const landmarks = landmarksOf(log);
  const kernel = kernelOfLog(vmlinux, landmarks.release);
  const bias = kernel.biasOf(landmarks);
  const lines = [...given];
  const entries = entriesIn(log, 0, log.lines.length);
  let [resolved, nameless] = [0, 0];
  for (const [at, { word, returns }] of entries) {
    const text = word.kind === "symbol" ? symbolText(word) : `0x${word.value.toString(16)}`;
    const places = kernel.describe({ text, returns }, bias)?.places ?? [];
    if (places.length > 0) {
      lines[at] = `${(given[at] ?? "").trimEnd()} (${places.map(({ file, line }) => `${file}:${line}`).join(" < ")})`;
      resolved++;
    } else if (word.kind === "address" && bias === undefined) nameless++;
  }
  const unresolved =
    nameless === 0
      ? undefined
      : `${nameless} addresses have no name, and the log does not tell where the kernel lay: it has neither "Kernel Offset:" nor an address beside its name`;
  return { lines, resolved, entries: entries.length, unresolved };
}
