/** The judgement of a claim. */
import type { Evidence } from "../../insight/evidence.ts";
import type { Context } from "../../crash/language/command.ts";
import type { Piece } from "../../say/piece.ts";

/** Whether a claim is true, and why. */
export interface Judgement {
  /** "unknown" whenever something that the answer depends on could not be read, or is not certain. */
  readonly verdict: "true" | "false" | "unknown";
  /** Why, in a sentence. */
  readonly because: string;
  readonly evidence: readonly Evidence[];
  /** The command that prints the evidence for a person. */
  readonly command: string;
}

/** Judges one form of claim. @throws UsageError if the claim names something that does not exist; Fault */
export type Judge<Claim> = (context: Context, claim: Claim) => Generator<Piece, Judgement, void>;

export const judged = (
  verdict: Judgement["verdict"],
  because: string,
  command: string,
  evidence: readonly Evidence[] = [],
): Judgement => ({ verdict, because, command, evidence });
