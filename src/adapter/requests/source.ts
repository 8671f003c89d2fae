import { UsageError } from "../../base/usageError.ts";
import type { Handlers } from "../handlers.ts";
import { listingOf } from "../code/listing.ts";

/** Text that is on no disk, files that are, and the way to a function or a declaration. */
export const source: Pick<Handlers, "source" | "loadedSources" | "locations"> = {
  *source(target, { source: given, sourceReference }) {
    // "Since VS Code 1.24 the reference of the source counts, if it has one."
    const reference = given?.sourceReference || sourceReference;
    const document = target.sources.get(reference);
    if (!document) throw new UsageError("this source is not known here");
    const content = yield* document.text();
    return document.mimeType === undefined ? { content } : { content, mimeType: document.mimeType };
  },

  *loadedSources(target) {
    return { sources: target.sources.loaded() };
  },

  *locations(target, { locationReference }) {
    const place = target.places.get(locationReference);
    if (place === undefined) throw new UsageError(`there is no location ${locationReference}`);
    const { startsAt1 } = target.client;
    const line = (from1: number): number => from1 - (startsAt1.line ? 0 : 1);
    const declared = typeof place === "bigint" ? target.kernel.code.scopes(place)[0]?.source : place;
    if (declared) return { source: { ...target.sources.of(declared) }, line: line(declared.line) };
    const listing = typeof place === "bigint" ? yield* listingOf(target, place, true) : undefined;
    if (!listing)
      throw new UsageError("nothing tells where this function was written, and its code is not in the dump");
    return { source: { ...listing.source }, line: line(listing.line) };
  },
};
