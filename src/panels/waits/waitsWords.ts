/** Words of the Waits page for how certain a holder or a deadlock is. */
import type { VerdictCertainty as Certainty } from "../../protocol/verdict.ts";
import type { ResourceNode } from "./waitsModel.ts";

/** Verb phrases of holders, by how certain it is that they hold a lock, or that a waiter depends on them. */
export const HOLDS: Readonly<Record<"lock" | "other", Readonly<Record<Certainty, string>>>> = {
  lock: { certain: "holds it", likely: "likely holds it", possible: "may hold it" },
  other: {
    certain: "is the task that it depends on",
    likely: "is likely the task that it depends on",
    possible: "may be the task that it depends on",
  },
};

/** Adverbs of "held by" and "depends on". */
const HOW_SURE: Readonly<Record<Certainty, string>> = { certain: "", likely: "likely ", possible: "possibly " };

/** Headings of cycles, as the command `waits` prints them. */
export const HEADINGS: Readonly<Record<Certainty, string>> = {
  certain: "Deadlock:",
  likely: "Likely deadlock, if each likely holder is the holder:",
  possible: "Possible deadlock, if each possible holder is the holder:",
};

/** Returns the label of the arrow from a resource to a holder. */
export const holderLabel = ({ isLock }: Pick<ResourceNode, "isLock">, certainty: Certainty): string =>
  `${HOW_SURE[certainty]}${isLock ? "held by" : "depends on"}`;

/** Returns "held by" or "which depends on", with "likely" or "possibly" when the holder is uncertain. */
export function relation(resource: ResourceNode | undefined, holder: string | undefined): string {
  const certainty = resource?.holders.find(({ task }) => task === holder)?.certainty ?? "possible";
  return resource?.isLock ? holderLabel(resource, certainty) : `which ${holderLabel({ isLock: false }, certainty)}`;
}
