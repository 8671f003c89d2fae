/** Describes words of logs from the debug session or from the kernel's files. */
import type { Landmarks } from "../log/landmarks.ts";
import { type WordQuery, type SessionMatch, placeOf, type Session } from "./session.ts";
import type { PlaceDescription } from "../session/open/staticKernel.ts";
import type { StaticKernels } from "./staticKernels.ts";
import { treePath } from "./treePath.ts";

/** The source of descriptions for one log. */
export interface Known {
  /** How the open session is related to the log's kernel. */
  readonly match: SessionMatch;
  /** Path of the file that is used instead of the session; undefined if the session is used, or neither. */
  readonly file: string | undefined;
  /** Describes words, in their order; null for unknown words. */
  describe(queries: readonly WordQuery[]): Promise<(PlaceDescription | null)[]>;
}

/** Describes words of logs with the debug session if it is of the log's kernel, or else with the kernel's files. */
export class Knowledge {
  readonly session: Session;
  files: StaticKernels;

  constructor(session: Session, files: StaticKernels) {
    this.session = session;
    this.files = files;
  }

  async of(log: Landmarks): Promise<Known> {
    const { session } = this;
    const match = await session.match(log);
    if (match === "boot" || match === "kernel") {
      return {
        match,
        file: undefined,
        describe: (queries) => eachKnown(queries, match, (places) => session.describe(places)),
      };
    }
    const kernel = this.files.of(log);
    if (!kernel) return { match, file: undefined, describe: (queries) => Promise.resolve(queries.map(() => null)) };
    const bias = kernel.biasOf(log);
    const reach = bias === undefined ? "kernel" : "boot";
    return {
      match,
      file: kernel.name,
      describe: (queries) =>
        eachKnown(queries, reach, (places) => Promise.resolve(places.map((place) => kernel.describe(place, bias)))),
    };
  }
}

/** Describes the words that have a place; the result is null for the others. */
async function eachKnown(
  queries: readonly WordQuery[],
  reach: SessionMatch,
  describe: (places: NonNullable<ReturnType<typeof placeOf>>[]) => Promise<(PlaceDescription | null)[]>,
): Promise<(PlaceDescription | null)[]> {
  const places = queries.map((one) => placeOf(one, reach));
  const descriptions = await describe(places.filter((place) => place !== undefined));
  let next = 0;
  return places.map((place) => (place ? (descriptions[next++] ?? null) : null));
}

/** Formats source lines as `kernel/panic.c:275`, with the functions that were inlined: `a.h:12 < b.c:34`. */
export const placesText = (described: PlaceDescription): string =>
  described.places
    .map(({ file, line }) => `${treePath(file) ?? file.slice(file.lastIndexOf("/") + 1)}:${line}`)
    .join(" < ");
