/** The DAP requests `source`, `loadedSources` and `locations`. */
import { UsageError } from "../../base/usageError.ts";
import type { Handlers } from "../handlers.ts";
import { listingOf } from "../code/listing.ts";

/** Returns generated texts, the files in use, and the location of a function or a declaration. */
export const source: Pick<Handlers, "source" | "loadedSources" | "locations"> = {
  *source(target, { source: given, sourceReference }) {
    // DAP: the reference in `source`, if there is one, takes precedence over the argument `sourceReference`.
    const reference = given?.sourceReference || sourceReference;
    const document = target.sources.get(reference);
    if (!document) throw new UsageError(`this session has no source ${reference}`);
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
    if (!listing) throw new UsageError("this function has no line information, and its code is not in the dump");
    return { source: { ...listing.source }, line: lines.of(listing.line) };
  },
};
