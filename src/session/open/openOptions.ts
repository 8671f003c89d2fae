/** The options of opening a dump, and where to search for the files that they do not name. */
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { type Budget } from "../../base/budget.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { UsageError } from "../../base/usageError.ts";
import type { RawRange } from "../../dump/format.ts";
import { rawRanges } from "../../dump/formats/rawMemory.ts";
import { utsname } from "../../linux/utsname.ts";
import type { OpenedMemory } from "../../memory/openMemory.ts";
import type { Kernel } from "../../model/kernel.ts";
import { buildTrees, debugDirectories, type DebuginfoPlaces, moduleDirectories } from "../find/debuginfoPlaces.ts";
import type { ModulePlaces } from "../find/moduleFiles.ts";
import { SourceFiles } from "../sources/source.ts";
import type { ModuleDebuginfos } from "./moduleDebuginfos.ts";
import type { Vmlinux } from "./vmlinux.ts";

/** What the user names to open a dump. Only the dump is required. */
export interface OpenOptions {
  /** One dump, or all files of a split dump. */
  readonly vmcore: readonly string[];
  readonly vmlinux?: string | undefined;
  /** Where the dump is in memory, if it is memory without a header. */
  readonly raw?: readonly RawRange[] | undefined;
  /** Whether a guest over a gdbstub runs on between reads; otherwise it is paused. */
  readonly live?: boolean | undefined;
  /** Files to use as the vmlinux if they are of the dump's build. They are tried before the search. */
  readonly preferredVmlinux?: readonly string[] | undefined;
  /** Files that the user chose for kernels, by build ID. The file for the dump's kernel is tried before all others. */
  readonly chosenVmlinux?: Readonly<Record<string, string>> | undefined;
  /** A System.map or a copy of /proc/kallsyms: names of a kernel whose dump contains none, or not all. */
  readonly systemMap?: string | undefined;
  /** A System.map to use if it belongs to the dump's kernel. */
  readonly preferredSystemMap?: string | undefined;
  /** Directories with modules' debuginfo. */
  readonly modules?: readonly string[] | undefined;
  /** Trees, repositories and packed archives of the kernel's source, in addition to the installed ones. */
  readonly kernelSource?: readonly string[] | undefined;
  /** Maps a prefix of paths in the debuginfo to a directory on this machine. */
  readonly sourceFileMap?: Readonly<Record<string, string>> | undefined;
  /** Returns the path by which a source file may be read; undefined if it may not. Default: each that is found. */
  readonly readableSource?: ((path: string) => string | undefined) | undefined;
  /** Open folders. Sources are searched for in those that look like a kernel tree. */
  readonly workspace?: readonly string[] | undefined;
  /**
   * Whether the reading of an archive of sources goes on when the command that needs it is stopped; for an interface
   * that limits the time of a command.
   */
  readonly readsSourcesOn?: boolean | undefined;
  /** Whether to leave out what can be secret: what `distill --scrub` removes, and the name of the host. */
  readonly redact?: boolean | undefined;
  /** Whether to use a vmlinux of another build nevertheless. */
  readonly force?: boolean | undefined;
  /** Where to search for the vmlinux, if none is named, and for the modules' debuginfo; undefined for no search. */
  readonly search?: DebuginfoPlaces | undefined;
  /** Directory of indexes that make the next session faster; undefined for no indexes. */
  readonly indexes?: string | undefined;
  /** The limits of unpacking, shared by everything in this session. */
  readonly budget?: Budget | undefined;
}

/**
 * Creates the search for source files: named trees, open folders, installed sources, next to the dump, next to modules'
 * debuginfo.
 */
export function sourceFiles(
  { vmcore, modules = [], kernelSource = [], sourceFileMap = {}, workspace = [], readableSource }: OpenOptions,
  kernel: Kernel,
  debuginfos: ModuleDebuginfos,
): SourceFiles {
  const uts = attempt(() => utsname(kernel));
  return new SourceFiles({
    kernelSource,
    sourceFileMap,
    workspace,
    readable: readableSource,
    beside: [...modules, ...vmcore.map((path) => dirname(path))],
    modules: () => debuginfos.paths(),
    ...(uts instanceof Fault ? {} : { release: uts.release, versionText: uts.version }),
  });
}

/** Warns of named files that do not exist; the session opens without them. */
export const absentFileWarnings = ({ kernelSource = [], modules = [] }: OpenOptions): string[] => [
  ...kernelSource
    .filter((path) => !existsSync(path))
    .map((path) => `${path}: no such kernel source; check "kernelSource" or --source`),
  ...modules
    .filter((path) => !existsSync(path))
    .map((path) => `${path}: no such directory of modules; check "modules" or --modules`),
];

/**
 * Returns where to search for modules' debuginfo: in the named directories, and if the user allows a search in the
 * usual ones.
 */
export const modulePlaces = (
  { modules = [], search }: OpenOptions,
  { vmcoreinfo }: OpenedMemory,
  vmlinux: Vmlinux | undefined,
): ModulePlaces =>
  search
    ? {
        directories: [...modules, ...moduleDirectories(vmcoreinfo?.text("OSRELEASE"), search, vmlinux?.path)],
        debugDirectories: debugDirectories(search),
        store: search.store,
        cache: search.cache,
        flat: [...search.beside, ...search.directories, ...(vmlinux ? [dirname(vmlinux.path)] : [])],
        trees: buildTrees(vmcoreinfo?.text("OSRELEASE"), search, vmlinux?.path),
      }
    : { directories: modules };

/**
 * Parses where memory without a header is; undefined if it was not given.
 * @param option name of the option, for messages
 * @throws UsageError if it is neither an address nor ranges
 */
export function rawDump(text: string | undefined, option: string): OpenOptions["raw"] {
  const ranges = text === undefined ? undefined : rawRanges(text);
  if (text !== undefined && ranges === undefined)
    throw new UsageError(`${option} ${text}: neither an address nor ranges such as 0-bfffffff,100000000-13fffffff`);
  return ranges;
}
