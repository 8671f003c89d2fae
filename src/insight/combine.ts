/** Removes duplicate findings and sorts the others. */
import type { Certainty, Finding, Severity, Slot } from "./finding.ts";

const CERTAINTIES: readonly Certainty[] = ["certain", "likely", "possible"];
const SEVERITIES: readonly Severity[] = ["cause", "suspect", "note"];

/**
 * Returns the findings in the order in which they are printed: causes, then suspects, then notes, each in the order of
 * `findings`. Of two findings that say the same, only the more certain one is kept.
 */
export function combined(findings: readonly Finding[]): Finding[] {
  const kept: Finding[] = [];
  const byRank = [...findings].sort((a, b) => CERTAINTIES.indexOf(a.certainty) - CERTAINTIES.indexOf(b.certainty));
  for (const finding of byRank) if (!kept.some((other) => isSameStatement(other, finding))) kept.push(finding);
  const order = new Map(findings.map((finding, at) => [finding, at]));
  return kept.sort(
    (a, b) =>
      SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) || (order.get(a) ?? 0) - (order.get(b) ?? 0),
  );
}

/** Returns whether two findings have the same id and equal values in all slots that both have. */
function isSameStatement(a: Finding, b: Finding): boolean {
  if (a.id !== b.id) return false;
  const names = Object.keys(a.slots).filter((name) => a.slots[name] !== undefined && b.slots[name] !== undefined);
  return names.length > 0 && names.every((name) => isSame(a.slots[name], b.slots[name]));
}

const isSame = (a: Slot, b: Slot): boolean =>
  Array.isArray(a) && Array.isArray(b) ? a.length === b.length && a.every((one, i) => one === b[i]) : a === b;
