/** Adds source lines to the call traces of a kernel log. */
import { symbolText } from "../../debuginfo/symbols/symbolText.ts";
import { entriesIn } from "../../log/entries.ts";
import type { KernelLog } from "../../log/kernelLog.ts";
import { landmarksOf } from "../../log/landmarks.ts";
import { kernelOfLog } from "./logContext.ts";

/** A log with source lines after the entries of its call traces. */
export interface ResolvedLog {
  readonly lines: readonly string[];
  /** Number of resolved entries, and number of all entries. */
  readonly resolved: number;
  readonly entries: number;
  /**
   * Why addresses of the running kernel could not be converted to those of the vmlinux; undefined if they could, or if
   * each entry that was not resolved has a name.
   */
  readonly unresolved: string | undefined;
}

/**
 * Appends `(file.c:123)` to the entries of a log's call traces; where functions were inlined, all places, the innermost
 * first: `(a.h:5 < b.c:123)`.
 * @param given the lines of the log
 * @param vmlinux the path of the kernel's debuginfo
 * @throws UsageError for a vmlinux of another release; OpenError, Fault if the file is not a vmlinux
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
      : `${nameless} addresses have no name and cannot be resolved, because the log contains neither "Kernel Offset:" nor an address next to the name of a symbol of ${vmlinux}`;
  return { lines, resolved, entries: entries.length, unresolved };
}
