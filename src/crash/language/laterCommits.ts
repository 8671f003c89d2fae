/** Declares the search for commits that changed a function after the release of the dump's kernel. */
import type { LaterCommits } from "../../protocol/laterCommits.ts";
import type { Piece } from "../../say/piece.ts";

export type { BranchSearch, LaterCommit, LaterCommits } from "../../protocol/laterCommits.ts";

/** A function of the source. */
export interface SourceFunction {
  /** Name without compiler suffixes. */
  readonly function: string;
  /** Path as the compiler recorded it. */
  readonly file: string;
}

/**
 * Searches the git repository of the kernel's source.
 * @param limit time limit in seconds
 * @param stop ends the search early; the answer has what was found until then
 */
export type LaterCommitsOf = (
  place: SourceFunction,
  limit: number,
  stop?: AbortSignal,
) => Generator<Piece, LaterCommits, void>;
