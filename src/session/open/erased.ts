/** Summarizes what was erased from a dump or not kept of it. */
import type { DumpFacts } from "../../dump/format.ts";
import { DISTILLED } from "../../dump/kdump/distilled.ts";

/** The first line of ERASEINFO of a dump that is read with --redact. */
export const REDACTED = "redacted by vmcore-debug";

/** Maximum number of names in the sentence. */
const MAX_NAMED = 8;

/**
 * Returns a sentence on what `makedumpfile --config` or `distill --scrub` erased from a dump; undefined if nothing was
 * erased. ERASEINFO has a line for each object, `erase task.comm size 16` or `erase command_line nullify`, repeated for
 * the elements of a list.
 */
export function erased({ eraseinfo }: DumpFacts): string | undefined {
  const counts = new Map<string, number>();
  for (const line of eraseinfo?.split("\n") ?? []) {
    const [, name, size] = /^erase (\S+)(?: size (\d+)| nullify)?/.exec(line) ?? [];
    if (name === undefined) continue;
    const what = size === undefined ? `${name} (set to zero)` : `${name} (${size} bytes)`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  if (counts.size === 0) return undefined;
  const named = [...counts].slice(0, MAX_NAMED).map(([what, count]) => (count === 1 ? what : `${what} ${count} times`));
  const more = counts.size > MAX_NAMED ? `, and ${counts.size - MAX_NAMED} more` : "";
  if (eraseinfo?.includes(REDACTED))
    return `--redact leaves out, or replaces with zeros: ${[...counts.keys()].map((what) => what.replace(/ \(.*/, "").replaceAll("_", " ")).join(", ")}.`;
  const by = eraseinfo?.includes(DISTILLED)
    ? `by "vmcore-debug distill --scrub": zeros replace`
    : `by makedumpfile's filter (--config, --eppic): "XXXX" or zeros replace`;
  return `Data was erased from the dump ${by} ${named.join(", ")}${more}.`;
}

/** Returns a sentence on what a distilled dump holds; undefined for other dumps. */
export function distilled({ eraseinfo }: DumpFacts): string | undefined {
  const line = eraseinfo?.split("\n").find((one) => one.startsWith(DISTILLED));
  return (
    line && `The dump was ${line}. Other commands can find pages that were not kept, and zeros in pages that were.`
  );
}
