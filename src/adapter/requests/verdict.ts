/** The custom requests of the Verdict page. */
import { crashSource } from "../../crash/commands/system/analyze/source.ts";
import { verdictMarkdown } from "../../insight/markdown.ts";
import { sectionsOf } from "../../insight/sections.ts";
import { leadOf } from "../../insight/verdictSentence.ts";
import type { VerdictState } from "../../protocol/verdict.ts";
import type { Handlers } from "../handlers.ts";
import type { Target } from "../target.ts";
import { partsOf, sentenceOf } from "../verdictParts.ts";

/** Number of milliseconds that the checks run for one request. The page stops them by sending no other request. */
const TURN_MS = 150;

/** Runs the checks, and returns what they have found so far. */
export const verdicts: Pick<Handlers, "vmcore/verdict" | "vmcore/verdictSource" | "vmcore/verdictText"> = {
  *"vmcore/verdict"(target, { known, runs }) {
    const { analysis } = target;
    if (runs) yield* analysis.advance(() => analysis.version > known, TURN_MS);
    return stateOf(target);
  },

  *"vmcore/verdictSource"({ context, analysis }) {
    const source = yield* crashSource(context, analysis.verdict);
    return { source: source ?? null };
  },

  *"vmcore/verdictText"({ context, analysis }, { section }) {
    const { verdict } = analysis;
    const source = section === undefined || section === "where" ? yield* crashSource(context, verdict) : undefined;
    return { text: verdictMarkdown(verdict, { section, source }) };
  },
};

function stateOf({ kernel, analysis }: Target): VerdictState {
  const { verdict, version, progress } = analysis;
  const lead = leadOf(verdict);
  return {
    version,
    title: verdict.title,
    key: verdict.key,
    kind: verdict.kind,
    lead: lead && { parts: partsOf(kernel, lead.text), certainty: lead.certainty },
    sections: sectionsOf(verdict).map(({ id, title, findings }) => ({
      id,
      title,
      sentences: findings.map((finding) => sentenceOf(kernel, finding)),
    })),
    unchecked: verdict.unchecked,
    ...progress,
  };
}
