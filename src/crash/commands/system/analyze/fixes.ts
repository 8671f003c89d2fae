/** Lists the commits that changed the guilty function after the release of the dump's kernel. */
import { crashFacts } from "../../../../insight/crashFacts.ts";
import { guiltyFrame } from "../../../../insight/guiltyFrame.ts";
import { guiltyPlaces } from "../../../../insight/source.ts";
import type { Line, Piece } from "../../../../say/piece.ts";
import type { Context } from "../../../language/command.ts";
import type { LaterCommits } from "../../../language/laterCommits.ts";

/** Default of the time limit, in seconds. */
export const FIXES_LIMIT = 20;

/**
 * Searches the git repository of the kernel's source.
 * @param limit time limit in seconds
 * @param stop ends the search early
 */
export function* fixesOf(
  { kernel, laterCommits }: Pick<Context, "kernel" | "laterCommits">,
  limit = FIXES_LIMIT,
  stop?: AbortSignal,
): Generator<Piece, LaterCommits, void> {
  const guilty = guiltyFrame(crashFacts(kernel));
  const file = guilty && guiltyPlaces(kernel, guilty)?.own.file;
  if (guilty && file !== undefined && laterCommits)
    return yield* laterCommits({ function: guilty.function, file }, limit, stop);
  return {
    function: guilty?.function ?? "",
    file,
    repository: undefined,
    revision: undefined,
    commits: [],
    branches: [],
    endedBy: undefined,
    remarks: [
      guilty === undefined
        ? "No function is known to be at fault."
        : file === undefined
          ? `The file of ${guilty.function} is not known: load debuginfo with lines (DWARF), as --vmlinux or --modules.`
          : "This session runs no git.",
    ],
  };
}

/** Returns the list as lines of text. */
export function fixesLines({
  function: name,
  file = "",
  revision,
  repository,
  commits,
  branches,
  remarks,
  needsRepository,
}: LaterCommits): Line[] {
  const lines: Line[] = [[], [{ as: "title", text: "Already fixed?" }]];
  if (revision !== undefined && branches.length > 0)
    lines.push([
      `  Commits of ${repository ?? ""} that change ${name} in ${file} and are not in ${revision}. Whether one fixes this crash is not judged.`,
    ]);
  for (const { commit, date, subject, branch, backport } of commits)
    lines.push([
      { as: "dim", text: `  ${date} ${commit.slice(0, 12)} ` },
      subject,
      {
        as: "dim",
        text: ` (${branch}${backport === undefined ? "" : `; ${revision ?? ""} has it as ${backport.slice(0, 12)}`})`,
      },
    ]);
  const searched = branches.filter(({ looked }) => looked === "wholly").map(({ branch }) => branch);
  if (searched.length > 0) lines.push([`  ${commits.length === 0 ? "None" : "No others"} in ${searched.join(", ")}.`]);
  for (const { branch, looked, why } of branches)
    if (looked !== "wholly")
      lines.push([`  ${branch}: ${looked === "no" ? "not looked at" : "only partly looked at"}: ${why ?? ""}.`]);
  for (const remark of remarks) lines.push([`  ${remark}`]);
  if (needsRepository) lines.push(['  Name one with --source, or as "kernelSource" of the launch configuration.']);
  return lines;
}
