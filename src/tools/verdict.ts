/** The tool `verdict`: what happened, as findings with evidence. */
import { z } from "zod";
import { verdictJson } from "../crash/commands/system/analyze/json.ts";
import { analyze, type Verdict } from "../insight/analyze.ts";
import { sentenceText } from "../insight/finding.ts";
import { leadOf } from "../insight/verdictSentence.ts";
import { type Json, record } from "../say/piece.ts";
import { conclusion, tool } from "./tool.ts";

export const verdict = tool({
  name: "verdict",
  title: "Verdict",
  description:
    "What stopped the kernel, the guilty function, its values, who holds which lock. Begin here. The first element is the title. Then comes one element for each finding: a sentence, its certainty (certain, likely, possible), its evidence, and for each piece of evidence the command that prints it. The sentence of a finding that is likely or possible also names the alternative: check both. The last elements are the checks that did not finish (id unchecked).",
  input: z.strictObject({
    evidence: z.boolean().default(true).describe("false leaves out the evidence of the findings"),
  }),
  *run({ kernel }, { evidence: withEvidence }) {
    const found = yield* analyze(kernel);
    yield conclusion(headOf(found), "analyze -v");
    const data = verdictJson(found) as { findings: readonly Json[] };
    for (const [index, { id, text, certainty }] of found.findings.entries()) {
      const { evidence, ...rest } = data.findings[index] as { evidence: Json };
      const mark = certainty === "certain" ? "" : `${certainty}: `;
      yield record({ ...rest, ...(withEvidence && { evidence }) }, `${mark}${sentenceText(text)} (${id})`);
    }
    for (const { check, because } of found.unchecked)
      yield record({ id: "unchecked", check, because }, `not checked: ${check}: ${because}`);
  },
});

const headOf = (found: Verdict): string => {
  const lead = leadOf(found);
  return `${found.title} (kind ${found.kind}, key ${found.key}). ${lead ? sentenceText(lead.text) : ""}`.trim();
};
