/** Lists the commits of a git repository that changed a function and that the dump's release does not contain. */
import { printable } from "../../base/printable.ts";
import type { BranchSearch, LaterCommit, LaterCommits, LaterCommitsOf, SourceFunction } from "../../crash/language/laterCommits.ts"; // prettier-ignore
import { waitingFor } from "../waiting.ts";
import { definitionsOf, isIdentifier, type LineRange } from "./functionLines.ts";
import { type GitEnd, gitLines } from "./gitCommand.ts";
import type { RepositoryFile, SourceFiles } from "./source.ts";

/** Maximum number of commits in the list. */
const MAX_COMMITS = 200;
const FULL = `${MAX_COMMITS} commits are listed`;
/** Maximum number of branches that are looked at; those with the newest commits come first. */
const MAX_BRANCHES = 64;
/** Maximum number of branches that are listed. */
const MAX_REFS = 10_000;
/** Maximum length of a source file in characters. */
const MAX_TEXT = 1 << 24;
/** Maximum length of a commit's subject in characters. */
const MAX_SUBJECT = 200;

/** The options of `git log` that keep it from running programs that the repository configures. */
const LOG = "log --no-textconv --no-ext-diff --no-show-signature --no-mailmap --no-notes --no-color --no-decorate --ignore-submodules=all --encoding=UTF-8".split(" "); // prettier-ignore

/** Lines by which a commit of a stable branch names the commit that it was made from. */
const UPSTREAM =
  /^\s*\[?\s*(?:commit ([0-9a-f]{40}) upstream|upstream commit ([0-9a-f]{40}))|^\(cherry picked from commit ([0-9a-f]{40})\)/i;

/** Returns the search in the repositories of a session's sources. */
export const laterCommitsIn = (files: () => SourceFiles): LaterCommitsOf =>
  function* (place, limit, stop) {
    const found = isIdentifier(place.function) ? files().inRepository(place.file) : undefined;
    const lack = reasonWithoutCommits(place, found);
    if (found?.revision === undefined || found.name === undefined || lack !== undefined)
      return {
        ...answer(place, found, { remarks: [lack ?? "The source cannot be searched."] }),
        ...(found || !isIdentifier(place.function) ? {} : { needsRepository: true as const }),
      };
    const search = new Search({ ...found, revision: found.revision, name: found.name }, place.function, limit, stop);
    yield* waitingFor(
      (signal) => search.run(signal),
      () => ({ what: `git log of ${place.function}: ${search.now}`, done: search.done, total: search.total }),
    );
    const { commits, branches, remarks, endedBy } = search;
    return answer(place, found, { commits, branches, remarks, endedBy });
  };

/** Returns why there is nothing to search, as a sentence; undefined if the search can begin. */
function reasonWithoutCommits(
  { function: name, file }: SourceFunction,
  found: RepositoryFile | undefined,
): string | undefined {
  if (!isIdentifier(name)) return `${name} is not the name of a C function.`;
  if (!found) return "The kernel source on this machine is not a git repository.";
  if (found.revision === undefined)
    return `The repository ${found.repository} has no ${found.tried.join(", no ")}: "git fetch --tags" may bring the tag.`;
  return found.name === undefined ? `${found.revision} of ${found.repository} has no file ${file}.` : undefined;
}

const answer = (
  place: SourceFunction,
  found: RepositoryFile | undefined,
  { commits = [], branches = [], endedBy, remarks }: Partial<LaterCommits> & Pick<LaterCommits, "remarks">,
): LaterCommits => ({
  function: place.function,
  file: found?.name ?? place.file,
  repository: found?.repository,
  revision: found?.revision,
  commits,
  branches,
  endedBy,
  remarks,
});

interface Branch {
  readonly name: string;
  /** Object name of its newest commit. */
  readonly tip: string;
}

type SearchedFile = RepositoryFile & { readonly revision: string; readonly name: string };

/** One search. What it has found so far can be read at any time. */
class Search {
  readonly commits: LaterCommit[] = [];
  readonly branches: BranchSearch[] = [];
  readonly remarks: string[] = [];
  /** What is searched now, and how many branches of how many are done. */
  now = "branches";
  done = 0;
  total = 0;
  private readonly file: SearchedFile;
  private readonly name: string;
  /** Time limit in seconds. */
  private readonly limit: number;
  private readonly time = new AbortController();
  private readonly stop: AbortSignal | undefined;
  private signal = AbortSignal.abort();

  constructor(file: SearchedFile, name: string, limit: number, stop: AbortSignal | undefined) {
    this.file = file;
    this.name = name;
    this.limit = limit;
    this.stop = stop;
  }

  /** What ended the search early, if anything did. */
  get endedBy(): LaterCommits["endedBy"] {
    return this.stop?.aborted ? "user" : this.time.signal.aborted ? "limit" : undefined;
  }

  private get whyEnded(): string {
    return this.endedBy === "user" ? "the search was stopped" : "the time limit was reached";
  }

  /** Searches until all branches are looked at, or until the time limit. Never rejects. */
  async run(cancel: AbortSignal): Promise<void> {
    const { revision, tried } = this.file;
    const timer = setTimeout(() => this.time.abort(), this.limit * 1000);
    this.signal = AbortSignal.any([cancel, this.time.signal, ...(this.stop ? [this.stop] : [])]);
    if (revision !== tried[0] && revision === this.file.mainline)
      this.remarks.push(
        `The repository has no ${tried.filter((one) => one !== revision).join(", no ")}: commits since ${revision} are listed, and the dump's kernel may contain some of them.`,
      );
    await this.searchAll();
    clearTimeout(timer);
    if (this.endedBy === "user") this.remarks.push(`The search was stopped: ${this.unseen()}.`);
    if (this.endedBy === "limit")
      this.remarks.push(
        `The time limit of ${this.limit} s was reached: ${this.unseen()}. "analyze --fixes=${this.limit * 6}" looks longer.`,
      );
  }

  private unseen(): string {
    const names = (looked: BranchSearch["looked"]): string =>
      this.branches.flatMap((one) => (one.looked === looked ? [one.branch] : [])).join(", ");
    const [partly, none] = [names("partly"), names("no")];
    const reasons = [
      ...(partly === "" ? [] : [`older commits of ${partly} were not looked at`]),
      ...(none === "" ? [] : [`nothing was looked at in ${none}`]),
    ];
    return reasons.length > 0 ? reasons.join(", and ") : "the list may be incomplete";
  }

  private async searchAll(): Promise<void> {
    if (!(await this.isDefinedInRelease())) return;
    const branches = await this.listBranches();
    this.total = branches.length;
    const looked: string[] = [];
    for (const branch of branches) {
      this.now = branch.name;
      if (await this.searchBranch(branch, looked)) looked.push(branch.tip);
      this.done++;
    }
    if (this.commits.length > 0) await this.markBackports(looked);
  }

  /** Whether the release defines the function in the file. A file of another tree may have the same path. */
  private async isDefinedInRelease(): Promise<boolean> {
    const { revision, name } = this.file;
    const ranges = await this.definitions(revision);
    if (Array.isArray(ranges) && ranges.length > 0) return true;
    if (!this.signal.aborted)
      this.remarks.push(
        `The definition of ${this.name} was not found in ${name} of ${revision}${Array.isArray(ranges) ? "" : ` (${ranges})`}.`,
      );
    return false;
  }

  /** Returns the branches with commits that the release does not contain, the one in the work tree first. */
  private async listBranches(): Promise<Branch[]> {
    const { revision, mainline } = this.file;
    const format = "--format=%(objectname) %(HEAD) %(refname)";
    const args = ["for-each-ref", "--sort=-committerdate", format, `--no-merged=${revision}`];
    const descends = mainline === undefined ? [] : [`--contains=${mainline}`];
    const heads: Branch[] = [];
    const others: Branch[] = [];
    const end = await this.git([...args, ...descends, "refs/heads", "refs/remotes"], (line) => {
      const [, tip, head, name] = /^([0-9a-f]{40,64}) (.) refs\/(?:heads|remotes)\/(.+)$/.exec(line) ?? [];
      if (tip === undefined || name === undefined || others.length >= MAX_REFS) return;
      (head === "*" ? heads : others).push({ tip, name: printable(name) });
    });
    if (end.kind === "failed") this.remarks.push(`The branches could not be listed: ${end.why}.`);
    // Look at one of the branches with the same tip only.
    const ordered = [...new Map([...heads, ...others].reverse().map((one) => [one.tip, one])).values()].reverse();
    if (ordered.length > MAX_BRANCHES)
      this.remarks.push(`${ordered.length - MAX_BRANCHES} branches with older commits were not looked at.`);
    if (ordered.length === 0 && end.kind === "done")
      this.remarks.push(`No branch of the repository has commits after ${revision}.`);
    return ordered.slice(0, MAX_BRANCHES);
  }

  /** Searches a branch, without the commits of other branches. @returns whether the whole branch was looked at */
  private async searchBranch({ name: branch, tip }: Branch, looked: readonly string[]): Promise<boolean> {
    const note = (one: Omit<BranchSearch, "branch">): boolean => {
      this.branches.push({ branch, ...one });
      return one.looked === "wholly";
    };
    if (this.commits.length >= MAX_COMMITS) return note({ looked: "no", why: FULL });
    const ranges = await this.definitions(tip);
    if (this.signal.aborted) return note({ looked: "no", why: this.whyEnded });
    if (!Array.isArray(ranges)) return note({ looked: "no", why: ranges });
    if (ranges.length === 0) return note({ looked: "no", why: `it does not define ${this.name} in ${this.file.name}` });
    const lines = ranges.map(({ first, last }) => `-L${first},${last}:${this.file.name}`);
    const known = [this.file.revision, ...looked].map((one) => `^${one}`);
    const format = "--format=%H %cs %s";
    let isFull = false;
    const end = await this.git([...LOG, "--no-patch", format, ...lines, tip, ...known, "--"], (line) => {
      const [, commit, date, subject] = /^([0-9a-f]{40,64}) (\d{4}-\d\d-\d\d) (.*)$/.exec(line) ?? [];
      if (commit === undefined || date === undefined || subject === undefined) return;
      if (this.commits.some((one) => one.commit === commit)) return;
      if ((isFull = this.commits.length >= MAX_COMMITS)) return;
      const shown = printable(subject.slice(0, MAX_SUBJECT));
      this.commits.push({ commit, date, subject: shown, branch, backport: undefined });
    });
    if (end.kind === "failed") return note({ looked: "partly", why: end.why });
    if (end.kind === "stopped") return note({ looked: "partly", why: this.whyEnded });
    if (isFull) return note({ looked: "partly", why: FULL });
    return note({ looked: "wholly", why: undefined });
  }

  /**
   * Returns the lines of the function in the file at a commit; none if the search was ended, a sentence if the file
   * cannot be read.
   */
  private async definitions(commit: string): Promise<LineRange[] | string> {
    let text = "";
    const end = await this.git(["cat-file", "blob", `${commit}:${this.file.name}`], (line) => {
      if (text.length < MAX_TEXT) text += `${line}\n`;
    });
    return end.kind === "done" ? definitionsOf(text, this.name) : end.kind === "failed" ? end.why : [];
  }

  /** Marks the commits of which the release has a backport that names them. */
  private async markBackports(looked: readonly string[]): Promise<void> {
    this.now = "backports";
    const { revision, name, mainline } = this.file;
    const since = [...looked, ...(mainline === undefined || mainline === revision ? [] : [mainline])];
    const wanted = new Map(this.commits.map((one, at) => [one.commit, at]));
    let backport = "";
    const args = [...LOG, "--format=%x01%H%n%B", revision, ...since.map((one) => `^${one}`), "--", name];
    const end = await this.git(args, (line) => {
      if (line.startsWith("\u0001")) backport = line.slice(1);
      const [, ...names] = UPSTREAM.exec(line) ?? [];
      const at = wanted.get(names.find((one) => one !== undefined) ?? "");
      const commit = at === undefined ? undefined : this.commits[at];
      if (at !== undefined && commit) this.commits[at] = { ...commit, backport };
    });
    if (end.kind !== "done") this.remarks.push(`Whether ${revision} has backports of them was not checked to the end.`);
  }

  private git(args: readonly string[], onLine: (line: string) => void): Promise<GitEnd> {
    return gitLines(this.file.repository, args, this.signal, onLine);
  }
}
