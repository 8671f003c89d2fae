/** What the session or the kernel's files know of one report, gathered before its facts are told. */
import { answeredContext, type LogContext } from "../log/context.ts";
import type { ReportFacts } from "../log/facts.ts";
import { questionsOf } from "../log/instruction.ts";
import type { Place } from "../log/place.ts";
import type { SymbolWord } from "../log/words.ts";
import { codeDecoder } from "../session/open/codeDecoder.ts";
import type { PlaceDescription } from "../session/open/staticKernel.ts";
import type { Known } from "./knowledge.ts";
import type { Asked } from "./session.ts";

/** The context of a report, and what is known of the place of its guilty function. */
export async function contextOf(
  facts: ReportFacts,
  known: Known,
): Promise<{ readonly context: LogContext; readonly site: PlaceDescription | undefined }> {
  const disassemble = await codeDecoder([facts.machine]);
  const { where, member } = questionsOf(facts, { disassemble });
  const asked: Asked[] = [
    ...(where ? [{ word: symbolOf(where.place), returns: where.returns }] : []),
    ...(member ? [{ word: symbolOf(member.place), returns: false, access: member.based }] : []),
  ];
  const told = await known.describe(asked);
  const site = (where ? told[0] : undefined) ?? undefined;
  const source = site?.places[0];
  const answers = { source, member: member && (told.at(-1)?.member ?? undefined) };
  return { context: answeredContext(answers, disassemble), site };
}

/** A place that a report names, as the word that it is. */
const symbolOf = ({ name = "", offset = 0, size, module, start, end }: Place): SymbolWord => ({
  kind: "symbol",
  name,
  offset,
  size,
  module,
  start,
  end,
});
