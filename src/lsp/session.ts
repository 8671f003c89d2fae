/** Queries the active debug session through the client. */
import { unlessRefused } from "../base/refused.ts";
import { hex0x } from "../base/hex.ts";
import type { About, CustomRequests, Described, PlaceQuery } from "../protocol/custom.ts";
import type { Askable, SessionQuestion } from "../protocol/language.ts";
import { symbolText } from "../debuginfo/symbols/symbolText.ts";
import type { BasedAddress } from "../log/context.ts";
import type { Landmarks } from "../log/landmarks.ts";
import type { Word } from "../log/words.ts";

/** Sends a question to the client; null if no session answers. */
export type Ask = (question: SessionQuestion) => Promise<unknown>;

/** The active debug session, if there is one. Answers are cached until another session becomes active. */
export class Session {
  private readonly send: Ask;
  private readonly places = new Map<string, Promise<Described | null>>();
  private readonly files = new Map<string, Promise<string | undefined>>();
  private aboutRequest: Promise<About | null> | undefined;

  constructor(send: Ask) {
    this.send = send;
  }

  /** Sends a request. Null if no session is open, the session refuses, or the client is gone. */
  async ask<Name extends Askable>(
    request: Name,
    args: CustomRequests[Name]["arguments"],
  ): Promise<CustomRequests[Name]["body"] | null> {
    const answer = await unlessRefused(this.send({ request, arguments: args }));
    return (answer ?? null) as CustomRequests[Name]["body"] | null;
  }

  /**
   * Returns the facts of the session; null without one. An absent session is not cached, because one may be opening.
   */
  async about(): Promise<About | null> {
    const request = (this.aboutRequest ??= this.ask("vmcore/about", {}));
    const about = await request;
    if (!about && this.aboutRequest === request) this.aboutRequest = undefined;
    return about;
  }

  /**
   * Describes places, in their order; all null without a session. Sends one request for the places that are not cached.
   */
  async describe(places: readonly PlaceQuery[]): Promise<(Described | null)[]> {
    const unknown = [...new Map(places.map((place) => [keyOf(place), place])).entries()].filter(
      ([key]) => !this.places.has(key),
    );
    if (unknown.length > 0) {
      const answer = this.ask("vmcore/describe", { places: unknown.map(([, place]) => place) });
      unknown.forEach(([key], i) =>
        this.places.set(
          key,
          answer.then((body) => body?.described[i] ?? null),
        ),
      );
    }
    return Promise.all(places.map((place) => this.places.get(keyOf(place)) ?? Promise.resolve(null)));
  }

  /**
   * Returns the path of a source file in the session, by the name that the compiler recorded; undefined if it is not
   * found.
   */
  async sourceFile(file: string): Promise<string | undefined> {
    let request = this.files.get(file);
    if (!request) {
      request = this.ask("vmcore/sourceFile", { file }).then((answer) => answer?.path);
      this.files.set(file, request);
    }
    return request;
  }

  /** Clears the cache; call it when another session or none becomes active. */
  forget(): void {
    this.places.clear();
    this.files.clear();
    this.aboutRequest = undefined;
  }

  /**
   * Compares a log with the session. Symbols are valid if both are of the same kernel, addresses only if both are of
   * the same boot. A log without this information is assumed to be the session's.
   */
  async match({ release, kaslr, anchor }: Landmarks): Promise<SessionMatch> {
    const about = await this.about();
    if (!about) return "none";
    if (release !== undefined && about.release !== undefined && about.release !== release) return "other kernel";
    const text = kaslr?.base === undefined ? undefined : { name: "_text", at: kaslr.base + kaslr.offset };
    const known = text ?? (anchor && { name: symbolText(anchor.word), at: anchor.address });
    if (!known) return "boot";
    const [described] = await this.describe([{ text: known.name, returns: false }]);
    return described && BigInt(described.address) !== known.at ? "kernel" : "boot";
  }
}

/** No session; another kernel; another boot of the same kernel; the same boot. */
export type SessionMatch = "none" | "other kernel" | "kernel" | "boot";

const keyOf = ({ text, returns, access }: PlaceQuery): string =>
  `${returns ? "<" : "="}${text}${access ? ` ${access.register}+${access.displacement}` : ""}`;

/** A word of a log whose description is requested. */
export interface WordQuery {
  readonly word: Word;
  /** Whether the word is a return address. */
  readonly returns: boolean;
  /** An access of the instruction at the word, whose member is requested. */
  readonly access?: BasedAddress;
}

/** Returns the place to request for a word; undefined if it cannot be known. */
export function placeOf({ word, returns, access }: WordQuery, match: SessionMatch): PlaceQuery | undefined {
  if (match === "none" || match === "other kernel") return undefined;
  if (word.kind === "symbol") return { text: symbolText(word), returns, ...(access && { access }) };
  if (match !== "boot") return undefined;
  if (word.kind === "address" || word.kind === "register") return { text: hex0x(word.value), returns };
  return undefined;
}
