/** Prints the verdict as lines of text. */
import { commandOf, evidenceText } from "../../../../insight/evidence.ts";
import type { Verdict } from "../../../../insight/analyze.ts";
import { becauseText, type Finding } from "../../../../insight/finding.ts";
import { sectionsOf } from "../../../../insight/sections.ts";
import type { Line } from "../../../../say/piece.ts";
import { sentenceSpans } from "./sentence.ts";

/** Returns the verdict as lines of text. */
export function verdictLines(verdict: Verdict, isVerbose: boolean): Line[] {
  const lines: Line[] = [[{ as: "title", text: verdict.title }], [{ as: "dim", text: `key: ${verdict.key}` }]];
  for (const { title, findings } of sectionsOf(verdict)) {
    lines.push([], [{ as: "title", text: title }]);
    for (const finding of findings) lines.push(...findingLines(finding, isVerbose));
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
  for (const { what, because } of unknown ?? []) lines.push([`      not known: ${what}: ${becauseText(because)}`]);
  lines.push([{ as: "dim", text: `      (${id}, ${certainty})` }]);
  return lines;
}
