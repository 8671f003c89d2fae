/** The tool `verdict`: what happened, as findings with evidence. */
import { z } from "zod";
import { verdictJson } from "../crash/commands/system/analyze/json.ts";
import { analyze, type Verdict } from "../insight/analyze.ts";
import { sentenceText } from "../insight/finding.ts";
import { leadOf } from "../insight/verdictSentence.ts";
import { type Json, record } from "../say/piece.ts";
import { said, tool } from "./tool.ts";

export const verdict = tool({
  name: "verdict",
  title: "Verdict",
  description:
    "What stopped the kernel, which function is at fault, with which values, who holds which lock. Each element is a finding: a sentence, its certainty (certain, likely, possible), its evidence and the command that prints it. Begin here. A finding that is not certain has an alternative: check it.",
  input: z.strictObject({
    evidence: z.boolean().default(true).describe("whether the findings have their evidence"),
  }),
  *run({ kernel }, { evidence }) {
    const found = yield* analyze(kernel);
    yield said(headOf(found), "analyze -v");
    const data = verdictJson(found) as { findings: readonly Json[] };
    for (const [index, { id, text, certainty }] of found.findings.entries()) {
      const { evidence: ground, ...rest } = data.findings[index] as { evidence: Json };
      const mark = certainty === "certain" ? "" : `${certainty}: `;
      yield record({ ...rest, ...(evidence && { evidence: ground }) }, `${mark}${sentenceText(text)} (${id})`);
    }
    for (const { check, because } of found.unchecked)
      yield record({ id: "unchecked", check, because }, `not checked: ${check}: ${because}`);
  },
});

const headOf = (found: Verdict): string => {
  const lead = leadOf(found);
  return `${found.title} (kind ${found.kind}, key ${found.key}). ${lead ? sentenceText(lead.text) : ""}`.trim();
};
