/** Gathers what the session or the kernel's files know about one report. */
import { answeredContext, type LogContext } from "../log/context.ts";
import type { ReportFacts } from "../log/facts.ts";
import { questionsOf } from "../log/instruction.ts";
import type { PrintedPlace } from "../log/place.ts";
import type { SymbolWord } from "../log/words.ts";
import { codeDecoder } from "../session/open/codeDecoder.ts";
import type { PlaceDescription } from "../session/open/staticKernel.ts";
import type { Known } from "./knowledge.ts";
import type { WordQuery } from "./session.ts";

/**
 * Returns the context of a report, and the description of the place of its guilty function: undefined if nothing is
 * known about it.
 */
export async function contextOf(
  facts: ReportFacts,
  known: Known,
): Promise<{ readonly context: LogContext; readonly site: PlaceDescription | undefined }> {
  const disassemble = await codeDecoder([facts.machine]);
  const { guilty, member } = questionsOf(facts, { disassemble });
  const queries: WordQuery[] = [
    ...(guilty ? [{ word: symbolOf(guilty.place), returns: guilty.returns }] : []),
    ...(member ? [{ word: symbolOf(member.place), returns: false, access: member.based }] : []),
  ];
  const descriptions = await known.describe(queries);
  const site = (guilty ? descriptions[0] : undefined) ?? undefined;
  const source = site?.places[0];
  const answers = { source, member: member && (descriptions.at(-1)?.member ?? undefined) };
  return { context: answeredContext(answers, disassemble), site };
}

/** Converts a place in a report to a word. */
const symbolOf = ({ name = "", offset = 0, size, module, start, end }: PrintedPlace): SymbolWord => ({
  kind: "symbol",
  name,
  offset,
  size,
  module,
  start,
  end,
});
