/** Searches for the vmlinux of a dump. */
import { attemptSystem } from "../../base/systemError.ts";
import { existsSync, realpathSync, statSync } from "node:fs";
import type { Job } from "../../base/job.ts";
import { type Piece, progress } from "../../say/piece.ts";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import { compareBuild } from "../open/buildMatch.ts";
import { type Candidate, type DebuginfoPlaces, vmlinuxCandidates } from "./debuginfoPlaces.ts";
import { missingAlternateText } from "./debugLink.ts";
import { findingKernelBuildId } from "./kernelBuildId.ts";
import { markStoredUsed } from "../fetch/symbolStore.ts";
import { OpenError } from "../open/openError.ts";
import { missingAlternate, openVmlinux, type Vmlinux } from "../open/vmlinux.ts";

/** The result of trying one file. */
export interface Try {
  readonly path: string;
  readonly outcome: "taken" | "refused" | "absent";
  readonly buildId: string | undefined;
  /** The reason, as a predicate for the path: "is of another build: ...". */
  readonly why: string;
}

/** The reason for most absent files, which reports omit. */
export const ABSENT = "is not there";

/** The result of a search: the best file, opened, and all tries in order. */
export interface VmlinuxSearch {
  readonly vmlinux: Vmlinux | undefined;
  readonly tries: readonly Try[];
}

/** Where to search; see `OpenOptions`. */
export interface WhereToLook {
  readonly preferredVmlinux?: readonly string[] | undefined;
  readonly chosenVmlinux?: Readonly<Record<string, string>> | undefined;
  readonly search?: DebuginfoPlaces | undefined;
  readonly indexes?: string | undefined;
}

/**
 * Searches for the vmlinux of a dump in all places, and stops at the first file that matches and has DWARF. A file that
 * matches but has only symbols, or only types (BTF), is used if there is no better one. A preferred file need not match
 * if the dump does not contain its build ID.
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
    const chosen = yield* chosenOf(opened, chosenVmlinux);
    for (const candidate of candidates(opened, [...chosen, ...preferredVmlinux], search)) {
      if ("kind" in candidate) {
        yield candidate;
        continue;
      }
      const { path, by } = candidate;
      const isNote = by === "build-id" && isEmpty(path);
      const real = isNote ? undefined : realPath(path);
      const why = isNote ? "is empty: debuginfod noted that no server has it" : ABSENT;
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
        markStoredUsed(path, search?.store);
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

function* chosenOf(opened: OpenedMemory, chosen: Readonly<Record<string, string>>): Job<string[], Piece> {
  // Check first whether files were chosen, because finding the build ID may require reading the symbols of the dump.
  const buildId = Object.keys(chosen).length > 0 ? yield* findingKernelBuildId(opened) : undefined;
  const path = buildId !== undefined && Object.hasOwn(chosen, buildId) ? chosen[buildId] : undefined;
  return path === undefined ? [] : [path];
}

/**
 * Yields candidates by VMCOREINFO, then by the build ID in memory if it differs. The latter comes second because it
 * requires reading the symbols of the dump, during which it yields progress.
 */
function* candidates(
  opened: OpenedMemory,
  preferred: readonly string[],
  places: DebuginfoPlaces | undefined,
): Generator<Candidate | { readonly path: string; readonly by: "preference" } | Piece, void, void> {
  for (const path of preferred) yield { path, by: "preference" };
  if (!places) return;
  const [noted, release] = [opened.vmcoreinfo?.text("BUILD-ID"), opened.vmcoreinfo?.text("OSRELEASE")];
  yield* vmlinuxCandidates(noted, release, places);
  const buildId = yield* findingKernelBuildId(opened);
  if (buildId === noted) return;
  for (const candidate of vmlinuxCandidates(buildId, undefined, places))
    if (candidate.by === "build-id") yield candidate;
}

/**
 * Tries one file. The result has an open `vmlinux` if the file can be used.
 * @param mayBeUnknown whether to use a file that cannot be compared with the dump
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
    const lacks = alternate === undefined ? "" : missingAlternateText(alternate);
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

/** Removes the path from the beginning of a message. */
export const withoutPath = (message: string, path: string): string =>
  message.startsWith(path) ? message.slice(path.length).replace(/^: ?/, "").trim() : message;

/** Whether a file is empty. debuginfod's clients create an empty file in their cache if no server has the file. */
export const isEmpty = (path: string): boolean => attemptSystem(() => statSync(path).size) === 0;

const realPath = (path: string): string | undefined =>
  attemptSystem(() => (existsSync(path) ? realpathSync(path) : undefined));
