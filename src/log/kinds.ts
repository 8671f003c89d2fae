import { checks } from "./kinds/checks.ts";
import { faults } from "./kinds/faults.ts";
import { hardware } from "./kinds/hardware.ts";
import type { KindRow } from "./kinds/kind.ts";
import { locks } from "./kinds/locks.ts";
import { memory } from "./kinds/memory.ts";
import { objects } from "./kinds/objects.ts";
import { panics } from "./kinds/panics.ts";
import { watchdogs } from "./kinds/watchdogs.ts";

export type { Guilty, Kind, KindRow, Severity } from "./kinds/kind.ts";

/** Every headline of a report that the kernel prints; the first row that matches tells the kind. */
export const kinds: readonly KindRow[] = [
  ...memory,
  ...locks,
  ...watchdogs,
  ...objects,
  ...checks,
  ...hardware,
  ...panics,
  ...faults,
];

/** All patterns at once: most lines of a log begin no report. */
const ANY = new RegExp(kinds.map(({ pattern }) => pattern.source.replace(/\(\?<[a-zA-Z]+>/g, "(?:")).join("|"), "i");

/** Words that stand within the first line of every report. */
export interface Headline {
  readonly row: KindRow;
  readonly groups: Readonly<Record<string, string | undefined>>;
}

/** The headline that a message is; undefined when it begins no report. */
export function headlineOf(text: string): Headline | undefined {
  const start = text.trimStart();
  if (!ANY.test(start)) return undefined;
  for (const row of kinds) {
    const match = row.pattern.exec(start);
    if (match) return { row, groups: match.groups ?? {} };
  }
  return undefined;
}
