/** The verdict as the Verdict page shows it. */
import type { LinkKind } from "./panel.ts";

/** Where a click leads. */
export interface VerdictLink {
  readonly kind: LinkKind;
  readonly target: string;
}

/** A part of a sentence. */
export interface VerdictPart {
  readonly text: string;
  /** What the text stands for in full: the path of a source. Default: the text. */
  readonly full?: string;
  readonly isCode?: true;
  readonly link?: VerdictLink;
}

/** What a sentence was concluded from. */
export interface VerdictEvidence {
  /** A few words: "frame lab_apply", "rax". */
  readonly label: string;
  readonly text: string;
  readonly link: VerdictLink | undefined;
  /** The command that prints it. */
  readonly command: string;
}

export type VerdictCertainty = "certain" | "likely" | "possible";

/** A step of the way that a value took. */
export interface VerdictStep {
  readonly parts: readonly VerdictPart[];
  readonly evidence: VerdictEvidence;
}

/** A statement with its evidence. */
export interface VerdictSentence {
  readonly id: string;
  readonly certainty: VerdictCertainty;
  readonly parts: readonly VerdictPart[];
  readonly evidence: readonly VerdictEvidence[];
  /** The way of a value from its use back to its origin, one step a line. Often empty. */
  readonly chain: readonly VerdictStep[];
  /** What could not be determined, and why. */
  readonly unknown: readonly { readonly what: string; readonly because: string }[];
}

export interface VerdictSection {
  readonly id: string;
  readonly title: string;
  readonly sentences: readonly VerdictSentence[];
}

/** Consecutive lines of a source file around the line of a place. */
export interface VerdictSource {
  readonly file: string;
  readonly line: number;
  /** Number of the first of `lines`. */
  readonly first: number;
  readonly lines: readonly string[];
}

/** The verdict as far as its checks have run. */
export interface VerdictState {
  /** A number that grows with each finding and each check that ends. */
  readonly version: number;
  readonly title: string;
  readonly key: string;
  /** Kind of the report; "none" if the machine was running. */
  readonly kind: string;
  /** The sentence at the head of the verdict. */
  readonly lead: Pick<VerdictSentence, "parts" | "certainty"> | undefined;
  readonly sections: readonly VerdictSection[];
  readonly unchecked: readonly { readonly check: string; readonly because: string }[];
  /** Checks that have ended, of how many, and the one that runs; undefined when all have ended. */
  readonly done: number;
  readonly total: number;
  readonly running: string | undefined;
}

/** The custom DAP requests of the Verdict page. */
export interface VerdictRequests {
  /**
   * Returns the verdict as far as its checks have run. `runs`: continues them for a moment first, until the version is
   * above `known`. They pause while no request continues them.
   */
  "vmcore/verdict": { arguments: { known: number; runs: boolean }; body: VerdictState };
  /** Returns the source lines of the crash; null if they are not on this machine. */
  "vmcore/verdictSource": { arguments: Record<string, never>; body: { source: VerdictSource | null } };
  /** Returns the verdict so far, or one of its sections, as Markdown. */
  "vmcore/verdictText": { arguments: { section?: string | undefined }; body: { text: string } };
}
