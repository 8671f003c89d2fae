/** Searches for modules' debuginfo on this machine. */
import { attemptSystem } from "../../base/systemError.ts";
import { type Dirent, existsSync, readdirSync } from "node:fs";
import { basename, join } from "node:path";
import { Budget } from "../../base/budget.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { openDwarf, type Dwarf } from "../../debuginfo/dwarf/dwarf.ts";
import { type ElfFile, openElf } from "../../elf/elf.ts";
import { moduleBuildId, moduleSections } from "../../linux/module/module.ts";
import type { PlacedSection } from "../../crash/language/command.ts";
import type { Obj } from "../../model/object.ts";
import { alternateDebug, missingAlternateText, linkedDebug } from "./debugLink.ts";
import { builtModules } from "./builtModules.ts";
import { buildIdPath, inStore, isBuildId } from "./debuginfoPlaces.ts";
import { keepInStore, markStoredUsed } from "../fetch/symbolStore.ts";
import { toEnd } from "../../base/job.ts";
import { openingPacked } from "../../archive/packedFile.ts";
import { isEmpty, type Try } from "./vmlinuxSearch.ts";

/** The debuginfo of a module, with its sections at their addresses in the dump. */
export interface ModuleDebuginfo {
  readonly path: string;
  readonly dwarf: Dwarf;
  /** The loaded sections, in the file's order. */
  readonly sections: readonly PlacedSection[];
}

/** Where to search for modules' debuginfo. */
export interface ModulePlaces {
  /** Directories to search recursively for files such as `NAME.ko`. */
  readonly directories: readonly string[];
  /** Directories laid out as /usr/lib/debug: by build ID, and by the path of the stripped file. */
  readonly debugDirectories?: readonly string[];
  /** The store of debuginfo that this program unpacked. */
  readonly store?: string | undefined;
  /** The cache of debuginfod's clients. */
  readonly cache?: string | undefined;
  /** Directories to search without their subdirectories, because the directory of the dump may be a home directory. */
  readonly flat?: readonly string[];
  /**
   * Trees where kernels are built. Their modules are listed in modules.order, because a tree is too large to be
   * searched.
   */
  readonly trees?: readonly string[];
}

/** The result of a search for one module's debuginfo. */
export interface ModuleSearch {
  readonly buildId: string | undefined;
  readonly found: ModuleDebuginfo | undefined;
  readonly tries: readonly Try[];
}

/** The result of trying one file. */
type Opened = Try & Pick<ModuleSearch, "found">;

function placed(elf: ElfFile, addresses: ReadonlyMap<string, bigint>): PlacedSection[] {
  return elf.sections.flatMap(({ name, size }) => {
    const address = addresses.get(name);
    return address === undefined || size === 0 || !Number.isSafeInteger(size) ? [] : [{ name, address, size }];
  });
}

/** Maximum number of levels of directories. A kernel's tree has eight or nine. */
const MAX_DEPTH = 16;
/** Maximum number of directory entries that are listed. No distribution ships that many files for one kernel. */
const MAX_FILES = 1 << 16;

const MODULE_NAME = /^(.+)\.ko(\.debug)?(\.xz|\.zst|\.gz)?$/;

/** Searches for modules' debuginfo by build ID, then by name; file names may have `-` for `_`. */
export class ModuleFiles {
  private readonly places: ModulePlaces;
  private byName: Map<string, string[]> | undefined;
  private count = 0;
  readonly budget: Budget;

  /** @param budget the session's budget, for packed files */
  constructor(places: ModulePlaces, budget = new Budget()) {
    this.places = places;
    this.budget = budget;
  }

  /**
   * Finds the debuginfo that matches the module in the dump by build ID, or by name if the dump or the file has no build
   * ID.
   */
  find(module: Obj, name: string): ModuleDebuginfo | undefined {
    return this.search(module, name).found;
  }

  /** Runs `find` and returns all files that were tried. */
  search(module: Obj, name: string): ModuleSearch {
    return toEnd(this.searching(module, name));
  }

  /** The job of `search`: yields where the caller may pause, because a large packed module takes a second or two. */
  *searching(module: Obj, name: string): Generator<void, ModuleSearch> {
    const wanted = attempt(() => moduleBuildId(module));
    const buildId = wanted instanceof Fault ? undefined : wanted;
    const tries: Try[] = [];
    for (const path of this.candidates(buildId, name)) {
      const { found, ...tried } = yield* this.opening(path, module, buildId);
      tries.push(tried);
      if (found) return { buildId, found, tries };
    }
    return { buildId, found: undefined, tries };
  }

  /** Tries the file that the user named for a module; the file's name does not matter. */
  named(module: Obj, path: string): ModuleSearch {
    const wanted = attempt(() => moduleBuildId(module));
    const buildId = wanted instanceof Fault ? undefined : wanted;
    const { found, ...tried } = toEnd(this.opening(path, module, buildId, "was named for the module"));
    return { buildId, found, tries: [tried] };
  }

  /** Returns the files with a module's name; first those with `.debug` in it, because the others may be stripped. */
  paths(name: string): readonly string[] {
    return (this.files().get(name) ?? []).toSorted(
      (a, b) => Number(b.includes(".ko.debug")) - Number(a.includes(".ko.debug")),
    );
  }

  private candidates(buildId: string | undefined, name: string): string[] {
    const { debugDirectories = [], store, cache } = this.places;
    const byBuildId = !isBuildId(buildId)
      ? []
      : [
          ...debugDirectories.map((directory) => buildIdPath(directory, buildId)),
          ...[store, cache].flatMap((one) => (one === undefined ? [] : [inStore(one, buildId)])),
        ];
    return [...byBuildId.filter((path) => existsSync(path) && !isEmpty(path)), ...this.paths(name)];
  }

  private files(): Map<string, string[]> {
    if (this.byName) return this.byName;
    this.byName = new Map();
    const { flat = [], directories, trees = [] } = this.places;
    for (const directory of flat) if (existsSync(directory)) this.collect(directory, 1);
    for (const directory of [...directories, ...trees]) for (const path of builtModules(directory)) this.add(path);
    for (const directory of directories) if (existsSync(directory)) this.collect(directory, MAX_DEPTH);
    return this.byName;
  }

  private add(path: string): void {
    const name = MODULE_NAME.exec(basename(path))?.[1]?.replaceAll("-", "_");
    if (name === undefined) return;
    const known = this.byName?.get(name) ?? [];
    if (!known.includes(path)) this.byName?.set(name, [...known, path]);
  }

  /** Adds the modules in a directory. @param levels number of levels of directories to list, with this one */
  private collect(directory: string, levels: number): void {
    if (levels === 0) return;
    for (const entry of entriesOf(directory)) {
      if (++this.count > MAX_FILES) return;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) this.collect(path, levels - 1);
      if (entry.isFile()) this.add(path);
    }
  }

  /** Tries a file. @param wanted build ID of the module @param how why the file is tried, if build IDs do not decide */
  private *opening(
    path: string,
    module: Obj,
    wanted: string | undefined,
    how = "has the module's name",
  ): Generator<void, Opened> {
    const refused = (why: string, buildId?: string) =>
      ({ path, outcome: "refused", buildId, why, found: undefined }) as const;
    const opened = yield* openedElf(path, this.budget);
    if (typeof opened === "string") return refused(opened);
    const { elf, unpacked } = opened;
    const { buildId } = elf;
    const close = (why: string) => {
      elf.file.close();
      return refused(why, buildId);
    };
    if (wanted !== undefined && buildId !== undefined && buildId !== wanted)
      return close(`is of another build: its build ID is ${buildId}, the module in the dump has ${wanted}`);
    const { debugDirectories = [] } = this.places;
    if (!elf.section(".debug_info")) {
      const linked = linkedDebug(elf, path, debugDirectories);
      const split = linked === undefined ? undefined : yield* openedElf(linked, this.budget);
      if (linked === undefined || typeof split !== "object") return close("was stripped: it has no DWARF");
      if (split.elf.buildId !== buildId) {
        split.elf.file.close();
        return close("was stripped: it has no DWARF, and the file that its .gnu_debuglink names is of another build");
      }
      elf.file.close();
      if (split.elf.section(".debug_info")) return this.take(split.elf, linked, module, wanted, how);
      split.elf.file.close();
      return refused("was stripped, and the file that its .gnu_debuglink names has no DWARF either", buildId);
    }
    const kept = unpacked && wanted !== undefined && wanted === buildId ? this.keep(unpacked, buildId) : undefined;
    if (kept) elf.file.close();
    const taken = this.take(kept?.elf ?? elf, path, module, wanted, how);
    return kept && taken.outcome === "taken" ? { ...taken, why: `${taken.why}; unpacked into ${kept.path}` } : taken;
  }

  /**
   * Writes an unpacked file to the store, where later searches by build ID find it, so that its bytes need not stay in
   * memory. Returns undefined if it cannot be stored.
   */
  private keep(unpacked: Uint8Array, buildId: string): { readonly elf: ElfFile; readonly path: string } | undefined {
    const { store } = this.places;
    const path = store !== undefined && isBuildId(buildId) ? keepInStore(unpacked, store, buildId) : undefined;
    if (path === undefined) return undefined;
    const opened = toEnd(openedElf(path, this.budget));
    return typeof opened === "string" ? undefined : { elf: opened.elf, path };
  }

  private take(elf: ElfFile, path: string, module: Obj, wanted: string | undefined, how: string): Opened {
    const { buildId } = elf;
    const addresses = new Map<string, bigint>();
    const alternate = alternateDebug(elf, path, this.places.debugDirectories ?? []);
    const dwarf = attempt(() => {
      for (const { name, address } of moduleSections(module)) addresses.set(name, address);
      return openDwarf(elf, {
        placement: (section) => addresses.get(section),
        ...(typeof alternate === "object" && { alternate }),
      });
    });
    if (dwarf instanceof Fault) {
      elf.file.close();
      if (typeof alternate === "object") alternate.file.close();
      return { path, outcome: "refused", buildId, why: `cannot be used: ${dwarf.message}`, found: undefined };
    }
    markStoredUsed(path, this.places.store);
    dwarf.completeFrom((kind, name) => module.kernel.types.find(kind, name));
    const why = wanted !== undefined && wanted === buildId ? "has the module's build ID" : how;
    const lacks = typeof alternate === "string" ? missingAlternateText(alternate) : "";
    return {
      path,
      outcome: "taken",
      buildId,
      why: why + lacks,
      found: { path, dwarf, sections: placed(elf, addresses) },
    };
  }
}

/**
 * Opens an ELF file, packed or not.
 * @returns the file, with the unpacked bytes if it was packed; or the reason why it cannot be opened
 */
function* openedElf(
  path: string,
  budget: Budget,
): Generator<void, { elf: ElfFile; unpacked: Uint8Array | undefined } | string> {
  try {
    const { file, unpacked } = yield* openingPacked(path, budget);
    const elf = attempt(() => openElf(file));
    if (!(elf instanceof Fault)) return { elf, unpacked };
    file.close();
    return `is not a module: ${elf.message.replace(`${path}: `, "")}`;
  } catch (error) {
    return error instanceof Fault ? error.message : `cannot be read: ${error instanceof Error ? error.message : ""}`;
  }
}

/** Lists a directory; empty if it cannot be read. */
const entriesOf = (directory: string): Dirent[] =>
  attemptSystem(() => readdirSync(directory, { withFileTypes: true })) ?? [];
