import type { Landmarks } from "../log/landmarks.ts";
import { type Asked, type Kinship, placeOf, type Session } from "./session.ts";
import type { PlaceDescription } from "../session/open/staticKernel.ts";
import type { StaticKernels } from "./staticKernels.ts";
import { treePath } from "./treePath.ts";

/** Who answers for one log. */
export interface Known {
  /** Whether the open session is of the log's kernel. */
  readonly kinship: Kinship;
  /** The file that answers in the session's place; undefined when the session does, or nobody. */
  readonly file: string | undefined;
  /** What words stand for, in their order; null for what is not known. */
  describe(asked: readonly Asked[]): Promise<(PlaceDescription | null)[]>;
}

/** Answers about words of logs: of the debug session if it is of the log's kernel, else of the kernel's files. */
export class Knowledge {
  readonly session: Session;
  files: StaticKernels;

  constructor(session: Session, files: StaticKernels) {
    this.session = session;
    this.files = files;
  }

  async of(log: Landmarks): Promise<Known> {
    const { session } = this;
    const kinship = await session.kinship(log);
    if (kinship === "boot" || kinship === "kernel") {
      return {
        kinship,
        file: undefined,
        describe: (asked) => eachKnown(asked, kinship, (places) => session.describe(places)),
      };
    }
    const kernel = this.files.of(log);
    if (!kernel) return { kinship, file: undefined, describe: (asked) => Promise.resolve(asked.map(() => null)) };
    const bias = kernel.biasOf(log);
    const reach = bias === undefined ? "kernel" : "boot";
    return {
      kinship,
      file: kernel.name,
      describe: (asked) =>
        eachKnown(asked, reach, (places) => Promise.resolve(places.map((place) => kernel.describe(place, bias)))),
    };
  }
}

/** Asks for the words that can be asked for; the others are null in the answer. */
async function eachKnown(
  asked: readonly Asked[],
  reach: Kinship,
  describe: (places: NonNullable<ReturnType<typeof placeOf>>[]) => Promise<(PlaceDescription | null)[]>,
): Promise<(PlaceDescription | null)[]> {
  const places = asked.map((one) => placeOf(one, reach));
  const told = await describe(places.filter((place) => place !== undefined));
  let next = 0;
  return places.map((place) => (place ? (told[next++] ?? null) : null));
}

/** `kernel/panic.c:275`, with the functions that were inlined: `a.h:12 < b.c:34`. */
export const placesText = (described: PlaceDescription): string =>
  described.places
    .map(({ file, line }) => `${treePath(file) ?? file.slice(file.lastIndexOf("/") + 1)}:${line}`)
    .join(" < ");
