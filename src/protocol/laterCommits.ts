/** The commits that changed a function and that the release of the dump's kernel does not contain. */

/** Listed, not judged: whether a commit fixes the crash is not known. */
export interface LaterCommits {
  readonly function: string;
  /** Path in the repository, or as the compiler recorded it; undefined if no debuginfo with lines is loaded. */
  readonly file: string | undefined;
  readonly repository: string | undefined;
  /** The tag or commit that the listed commits are compared with: "v6.1.192". */
  readonly revision: string | undefined;
  /** Newest first within a branch. A commit is listed for the first branch that contains it. */
  readonly commits: readonly LaterCommit[];
  readonly branches: readonly BranchSearch[];
  /** What ended the search early: the time limit, or the user. */
  readonly endedBy: "limit" | "user" | undefined;
  /** Whether no source of this machine is in a git repository: each face says how to name one. */
  readonly needsRepository?: true;
  /** Sentences on what was not looked at, and why. */
  readonly remarks: readonly string[];
}

export interface LaterCommit {
  /** Object name, 40 or 64 hexadecimal digits. */
  readonly commit: string;
  /** Day of the commit: "2026-08-01". */
  readonly date: string;
  readonly subject: string;
  readonly branch: string;
  /** The commit of the release that says it is the backport of this one. */
  readonly backport: string | undefined;
}

export interface BranchSearch {
  readonly branch: string;
  /** "partly" if the search of the branch ended early: older commits were not looked at. */
  readonly looked: "wholly" | "partly" | "no";
  /** Why it was not looked at, or not wholly; undefined for "wholly". */
  readonly why: string | undefined;
}
