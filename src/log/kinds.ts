/** The table of all headlines, and which of them a line is. */
import { checks } from "./kinds/checks.ts";
import { faults } from "./kinds/faults.ts";
import { hardware } from "./kinds/hardware.ts";
import type { KindRow, ReportKind } from "./kinds/kind.ts";
import { locks } from "./kinds/locks.ts";
import { memory } from "./kinds/memory.ts";
import { modules } from "./kinds/modules.ts";
import { objects } from "./kinds/objects.ts";
import { panics } from "./kinds/panics.ts";
import { remarks } from "./kinds/remarks.ts";
import { watchdogs } from "./kinds/watchdogs.ts";

export type { Guilty, KindRow, ReportKind, ReportSeverity } from "./kinds/kind.ts";

/** Every headline of a report that the kernel prints; the first row that matches tells the kind. */
export const kinds: readonly KindRow[] = [
  ...memory,
  ...locks,
  ...watchdogs,
  ...objects,
  ...modules,
  ...checks,
  ...remarks,
  ...hardware,
  ...faults,
  ...panics,
];

/** All patterns at once: most lines of a log begin no report. */
const ANY = new RegExp(kinds.map(({ pattern }) => pattern.source.replace(/\(\?<[a-zA-Z]+>/g, "(?:")).join("|"));

/** A headline: the row of the table that the first line of a report matches, and the matched groups. */
export interface Headline {
  readonly row: KindRow;
  readonly groups: Readonly<Record<string, string | undefined>>;
}

/** Whether a notice of a kind can be in the midst of another CPU's report of lockdep. */
export const isAsideKind = (kind: ReportKind): boolean => kind === "forced-failure" || kind === "remark";

/** Words of headlines that are also searched for within a line, because two messages can be torn into each other. */
const TORN =
  /(?:(?:(?:NMI )?watchdog: )?BUG: soft lockup - |(?:rcu: )?INFO: rcu_\w{3,12} (?:self-)?detected |BUG: (?:unable|sleeping function|scheduling while|workqueue lockup|Bad page|KASAN|KMSAN|KFENCE|kernel NULL)|general protection fault: |WARNING: CPU: |INFO: task .{1,64} blocked for|Unable to handle kernel |Kernel panic - not syncing|kernel BUG at )/;
/** Number of characters of a line in which these words are searched for. */
const MAX_TORN = 300;

/**
 * Returns the headline that a message is; undefined when it begins no report. @param isKernel the kernel wrote the line
 * for certain, so that it may hold two messages
 */
export function headlineOf(text: string, isKernel = false): Headline | undefined {
  const start = text.trimStart();
  const headline = ANY.test(start) ? headlineAt(start, isKernel) : undefined;
  if (headline || !isKernel) return headline;
  const torn = TORN.exec(start.slice(0, MAX_TORN));
  return torn && torn.index > 0 ? headlineAt(start.slice(torn.index), isKernel) : undefined;
}

function headlineAt(text: string, isKernel: boolean): Headline | undefined {
  for (const row of kinds) {
    const match = row.needsTime === true && !isKernel ? null : row.pattern.exec(text);
    if (match) return { row, groups: match.groups ?? {} };
  }
  return undefined;
}
