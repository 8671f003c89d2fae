import { attemptSystem } from "../../base/systemError.ts";
import { existsSync, realpathSync, statSync } from "node:fs";
import type { Job } from "../../base/job.ts";
import { type Piece, progress } from "../../say/piece.ts";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import { compareBuild } from "../open/buildMatch.ts";
import { type Candidate, type DebuginfoPlaces, vmlinuxCandidates } from "./debuginfoPlaces.ts";
import { lackingAlternate } from "./debugLink.ts";
import { kernelBuildId } from "./kernelBuildId.ts";
import { OpenError } from "../open/openError.ts";
import { missingAlternate, openVmlinux, type Vmlinux } from "../open/vmlinux.ts";

/** What became of one file that was looked for. */
export interface Try {
  readonly path: string;
  readonly outcome: "taken" | "refused" | "absent";
  readonly buildId: string | undefined;
  /** To be put behind the path: "is of another build: ...". */
  readonly why: string;
}

/** Why most files are absent, which goes without saying. */
export const ABSENT = "is not there";

/** What a search came to: the best file, opened, and every try in its order. */
export interface VmlinuxSearch {
  readonly vmlinux: Vmlinux | undefined;
  readonly tries: readonly Try[];
}

/** Where a search looks, as `OpenOptions`. */
export interface WhereToLook {
  readonly preferredVmlinux?: readonly string[] | undefined;
  readonly chosenVmlinux?: Readonly<Record<string, string>> | undefined;
  readonly search?: DebuginfoPlaces | undefined;
  readonly indexes?: string | undefined;
}

/**
 * Looks for the vmlinux of a dump in all places, and stops at the first that matches and has DWARF. One that matches
 * but has symbols alone, or types (BTF) alone, is used when no other is there. A preferred one need not match where
 * the dump does not tell its build.
 */
export function* searchingVmlinux(
  opened: OpenedMemory,
  { preferredVmlinux = [], chosenVmlinux = {}, search, indexes }: WhereToLook,
): Job<VmlinuxSearch, Piece> {
  const tries: Try[] = [];
  const seen = new Set<string>();
  let second: { readonly vmlinux: Vmlinux; readonly at: number } | undefined;
  let isDone = false;
  try {
    for (const { path, by } of candidates(opened, [...chosenOf(opened, chosenVmlinux), ...preferredVmlinux], search)) {
      const isNote = by === "build-id" && isEmpty(path);
      const real = isNote ? undefined : realPath(path);
      const why = isNote ? "is empty: debuginfod's note that no server has it" : ABSENT;
      if (real === undefined) tries.push({ path, outcome: "absent", buildId: undefined, why });
      if (real === undefined || seen.has(real)) continue;
      seen.add(real);
      yield progress("Searching for the vmlinux", tries.length, 0);
      const { vmlinux, ...tried } = tryVmlinux(path, opened, indexes, by === "preference");
      tries.push(tried);
      if (!vmlinux) continue;
      if (vmlinux.elf.section(".debug_info")) {
        second?.vmlinux.close();
        isDone = true;
        return { vmlinux, tries };
      }
      const isBetter = !second?.vmlinux.elf.section(".symtab") && vmlinux.elf.section(".symtab") !== undefined;
      if (second && !isBetter) vmlinux.close();
      else {
        second?.vmlinux.close();
        second = { vmlinux, at: tries.length - 1 };
      }
    }
    const lone = second && tries[second.at];
    if (second && lone) tries[second.at] = { ...lone, outcome: "taken" };
    isDone = true;
    return { vmlinux: second?.vmlinux, tries };
  } finally {
    if (!isDone) second?.vmlinux.close();
  }
}

function chosenOf(opened: OpenedMemory, chosen: Readonly<Record<string, string>>): string[] {
  // To know the build-id may take the symbols of the dump.
  const buildId = Object.keys(chosen).length > 0 ? kernelBuildId(opened) : undefined;
  const path = buildId !== undefined && Object.hasOwn(chosen, buildId) ? chosen[buildId] : undefined;
  return path === undefined ? [] : [path];
}

/** By what VMCOREINFO says, then by the build-id in memory where that is another: reading it takes the symbols of the dump. */
function* candidates(
  opened: OpenedMemory,
  preferred: readonly string[],
  places: DebuginfoPlaces | undefined,
): Generator<Candidate | { readonly path: string; readonly by: "preference" }> {
  for (const path of preferred) yield { path, by: "preference" };
  if (!places) return;
  const [noted, release] = [opened.vmcoreinfo?.text("BUILD-ID"), opened.vmcoreinfo?.text("OSRELEASE")];
  yield* vmlinuxCandidates(noted, release, places);
  const buildId = kernelBuildId(opened);
  if (buildId === noted) return;
  for (const candidate of vmlinuxCandidates(buildId, undefined, places))
    if (candidate.by === "build-id") yield candidate;
}

/**
 * What one file is to this dump; its `vmlinux` is there, and open, when it may be used.
 * @param mayBeUnknown whether one may be used of which it cannot be told
 */
export function tryVmlinux(
  path: string,
  opened: OpenedMemory,
  indexes?: string,
  mayBeUnknown = false,
): Try & { readonly vmlinux: Vmlinux | undefined } {
  let vmlinux: Vmlinux;
  try {
    vmlinux = openVmlinux(path, indexes);
  } catch (error) {
    if (!(error instanceof OpenError)) throw error;
    return { path, outcome: "refused", buildId: undefined, why: withoutPath(error.message, path), vmlinux: undefined };
  }
  const { buildId } = vmlinux.elf;
  const refused = (why: string): ReturnType<typeof tryVmlinux> => {
    vmlinux.close();
    return { path, outcome: "refused", buildId, why, vmlinux: undefined };
  };
  const { verdict, why } = compareBuild(vmlinux.elf, opened);
  if (verdict === "other" || (verdict === "unknown" && !mayBeUnknown)) return refused(why);
  const hasDwarf = vmlinux.elf.section(".debug_info") !== undefined;
  if (vmlinux.elf.section(".symtab")) {
    const alternate = missingAlternate(vmlinux.elf);
    const lacks = alternate === undefined ? "" : lackingAlternate(alternate);
    if (hasDwarf) return { path, outcome: "taken", buildId, why: why + lacks, vmlinux };
    return { path, outcome: "refused", buildId, why: `${why}, but no DWARF: no source lines, no locals`, vmlinux };
  }
  if (vmlinux.elf.section(".BTF"))
    return { path, outcome: "refused", buildId, why: `${why}, but it was stripped: types (BTF) alone`, vmlinux };
  return refused(
    hasDwarf
      ? `${why}, but its symbol table was stripped`
      : `${why}, but it was stripped: it has neither symbols nor debuginfo`,
  );
}

/** What a message says of a file, to be put behind its path. */
export const withoutPath = (message: string, path: string): string =>
  message.startsWith(path) ? message.slice(path.length).replace(/^: ?/, "").trim() : message;

/** debuginfod's clients note so in their cache that no server has a file. */
export const isEmpty = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.size === 0;

const realPath = (path: string): string | undefined =>
  attemptSystem(() => (existsSync(path) ? realpathSync(path) : undefined));
