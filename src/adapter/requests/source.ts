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
    const { lines } = target.client;
    const declared = typeof place === "bigint" ? target.kernel.code.scopes(place)[0]?.source : place;
    if (declared) return { source: { ...target.sources.of(declared) }, line: lines.of(declared.line) };
    const listing = typeof place === "bigint" ? yield* listingOf(target, place, true) : undefined;
    if (!listing)
      throw new UsageError("nothing tells where this function was written, and its code is not in the dump");
    return { source: { ...listing.source }, line: lines.of(listing.line) };
  },
};
