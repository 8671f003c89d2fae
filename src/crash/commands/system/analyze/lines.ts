/** Prints the verdict as lines of text. */
import { commandOf, evidenceText } from "../../../../insight/evidence.ts";
import type { Verdict } from "../../../../insight/analyze.ts";
import type { Finding } from "../../../../insight/finding.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Line } from "../../../../say/piece.ts";
import { sentenceSpans } from "./sentence.ts";

/** Headings with the prefixes of their finding ids. Findings with another prefix are printed under the last heading. */
const GROUPS: readonly (readonly [heading: string, prefixes: readonly string[]])[] = [
  ["What happened", ["crash."]],
  ["Where", ["where."]],
  ["With which values", ["fault.", "list.", "refcount.", "stack.", "init.", "root.", "hardware."]],
  ["The object", ["object."]],
  ["Who waits for whom", ["wait.", "lock."]],
  ["CPUs", ["cpu.", "rcu."]],
  ["Memory", ["oom."]],
  ["Other suspects", ["suspect."]],
  ["Other findings", [""]],
];

/** Returns the heading under which a finding is printed. */
export const headingOf = (id: string): string =>
  GROUPS.find(([, prefixes]) => prefixes.some((prefix) => id.startsWith(prefix)))?.[0] ?? "Other findings";

/** Returns the verdict as lines of text. */
export function verdictLines(kernel: Kernel, verdict: Verdict, isVerbose: boolean): Line[] {
  const lines: Line[] = [[{ as: "title", text: verdict.title }], [{ as: "dim", text: `key: ${verdict.key}` }]];
  const told = new Set<Finding>();
  for (const [heading, prefixes] of GROUPS) {
    const own = verdict.findings.filter(
      (one) => !told.has(one) && prefixes.some((prefix) => one.id.startsWith(prefix)),
    );
    if (own.length === 0) continue;
    lines.push([], [{ as: "title", text: heading }]);
    for (const finding of own) {
      told.add(finding);
      lines.push(...findingLines(finding, isVerbose));
    }
  }
  if (verdict.unchecked.length > 0) {
    lines.push([], [{ as: "title", text: "Not checked" }]);
    for (const { check, because } of verdict.unchecked) lines.push([`  ${check}: ${because}`]);
  }
  return lines;
}

function findingLines({ id, certainty, text, evidence, unknown }: Finding, isVerbose: boolean): Line[] {
  const mark: Line = certainty === "certain" ? [] : [{ as: "dim", text: `${certainty}: ` }];
  const lines: Line[] = [["  ", ...mark, ...sentenceSpans(text)]];
  if (!isVerbose) return lines;
  for (const one of evidence) lines.push(["      ", { as: "dim", text: evidenceText(one) }, `  <- ${commandOf(one)}`]);
  for (const { what, because } of unknown ?? [])
    lines.push([`      not known: ${what}: ${typeof because === "string" ? because : because.message}`]);
  lines.push([{ as: "dim", text: `      (${id}, ${certainty})` }]);
  return lines;
}
