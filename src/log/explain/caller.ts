/** Names the caller of an invalid address. */
import type { ReportFacts } from "../facts.ts";
import { isCallOnStack } from "../frames.ts";
import { machineOf } from "../machines.ts";
import { type PrintedPlace, shortPlaceText } from "../place.ts";

/** Names who called the bad address. @param isCall whether it was most likely a call, and not a return */
export const callerSentence = (facts: ReportFacts, isCall: boolean): string => {
  const caller = callerOf(facts);
  if (caller === undefined) return "";
  const [place, evidence] = caller;
  const name = `\`${shortPlaceText(place)}\``;
  return isCall
    ? ` Most likely ${name} made the call (${evidence}).`
    : ` If it was a call, ${name} made it (${evidence}).`;
};

function callerOf({ traces, site, link }: ReportFacts): readonly [place: PrintedPlace, evidence: string] | undefined {
  // After a jump to an invalid address the link register, where the machine has one, still holds the return address.
  if (link?.place?.name !== undefined && site?.place?.name === undefined)
    return [
      link.place,
      machineOf(link.machine)?.hasLastBranch === true
        ? "the last branch was there"
        : "the return address is in the link register",
    ];
  const entries = traces.find(({ role }) => role === "stack")?.entries ?? [];
  const [top] = entries;
  if (top?.name !== undefined && top.isDoubtful && isCallOnStack(site)) return [top, "the first address on the stack"];
  const entry = entries.find(({ isDoubtful, isInline, name }) => !isDoubtful && !isInline && name !== undefined);
  return entry && [entry, "the first entry of the trace"];
}
