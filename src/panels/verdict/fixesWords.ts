/** The words of the section on later commits. It does not use the DOM. */
import type { LaterCommit, LaterCommits } from "../../protocol/laterCommits.ts";

/** Number of seconds that git runs at first, and when the user looks longer. */
export const SECONDS = 20;
export const MORE_SECONDS = 120;

/** Returns what the list is of; undefined if nothing was searched. */
export const listWords = ({ function: name, file = "", repository, revision, branches }: LaterCommits) =>
  revision === undefined || branches.length === 0
    ? undefined
    : `Commits of ${repository ?? ""} that change ${name} in ${file} and are not in ${revision}. Whether one of them fixes this crash is not judged.`;

/** Returns where a commit is: its branch, and the commit by which the release has it already. */
export const placeWords = ({ branch, backport }: LaterCommit, revision = "the release"): string =>
  backport === undefined ? branch : `${branch}; ${revision} has it as ${backport.slice(0, 12)}`;

/** Returns the sentences below the list: what was searched, and what was not. */
export function restWords({ commits, branches, remarks, needsRepository }: LaterCommits): string[] {
  const whole = branches.flatMap(({ branch, looked }) => (looked === "wholly" ? [branch] : []));
  return [
    ...(whole.length > 0 ? [`${commits.length === 0 ? "None" : "No others"} in ${whole.join(", ")}.`] : []),
    ...branches
      .filter(({ looked }) => looked !== "wholly")
      .map(
        ({ branch, looked, why = "" }) => `${branch}: ${looked === "no" ? "not" : "only partly"} looked at: ${why}.`,
      ),
    ...remarks,
    ...(needsRepository ? ["Name one in the setting vmcore.kernelSource."] : []),
  ];
}

/** Returns the title of the button that searches again; undefined if the search ended by itself. */
export const againWords = ({ endedBy, repository }: LaterCommits): string | undefined =>
  endedBy === "limit"
    ? `Look for ${MORE_SECONDS / 60} Minutes`
    : endedBy === "user" || repository === undefined
      ? "Look Again"
      : undefined;
