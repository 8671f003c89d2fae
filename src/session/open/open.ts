import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { type Budget } from "../../base/budget.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { type Job, toEnd } from "../../base/job.ts";
import { once } from "../../base/once.ts";
import { commands } from "../../crash/commands.ts";
import { createContext } from "../../crash/language/context.ts";
import type { Context, SessionFacts } from "../../crash/language/command.ts";
import { type Piece, progress } from "../../say/piece.ts";
import { openDump } from "../../dump/formats.ts";
import { deviceDumpsOf } from "../../dump/deviceDumps.ts";
import type { DumpImage } from "../../dump/format.ts";
import { firstTask, firstTaskFault } from "../../linux/printk/panic.ts";
import { utsname } from "../../linux/utsname.ts";
import { kaslrOffset, type OpenedMemory, openingMemory } from "../../memory/openMemory.ts";
import type { Kernel } from "../../model/kernel.ts";
import { lackingAlternate } from "../find/debugLink.ts";
import { buildTrees, debugDirectories, type DebuginfoPlaces, moduleDirectories } from "../find/debuginfoPlaces.ts";
import { readingKernelImage } from "./kernelImage.ts";
import { ModuleDebuginfos } from "./moduleDebuginfos.ts";
import { ModuleFiles, type ModulePlaces } from "../find/moduleFiles.ts";
import { OpenError } from "./openError.ts";
import { matched, openGiven, openPreferredMap } from "./namedFiles.ts";
import { erased } from "./erased.ts";
import { shortfall } from "./shortfall.ts";
import { SourceFiles } from "../sources/source.ts";
import { sourceCache } from "../sources/sourceArchive.ts";
import { sourceTexts } from "../sources/sourceText.ts";
import { openSystemMapFile, type PlacedMap } from "./systemMapFile.ts";
import { searchSystemMap } from "../find/systemMapSearch.ts";
import { fallbackOf, openNamed, missingAlternate, type Vmlinux } from "./vmlinux.ts";
import { searchingVmlinux, type Try } from "../find/vmlinuxSearch.ts";
import { sessionKernel } from "./sessionKernel.ts";

export { OpenError, VmlinuxError } from "./openError.ts";

/** What the user names; only the dump is needed. */
export interface OpenOptions {
  /** One dump, or all files of a split set. */
  readonly vmcore: readonly string[];
  readonly vmlinux?: string | undefined;
  /** Files that are the vmlinux if they are of the dump's build, before any that is searched. */
  readonly preferredVmlinux?: readonly string[] | undefined;
  /** Files that the user chose for kernels, by build-id: the one of the dump's kernel comes before all others. */
  readonly chosenVmlinux?: Readonly<Record<string, string>> | undefined;
  /** A System.map or a copy of /proc/kallsyms: names of a kernel whose dump holds none, or not all. */
  readonly systemMap?: string | undefined;
  /** The same, used if it is of the dump's kernel. */
  readonly preferredSystemMap?: string | undefined;
  /** Directories with modules' debuginfo. */
  readonly modules?: readonly string[] | undefined;
  /** Trees, repositories and packed archives of the kernel's source, besides those that are installed. */
  readonly kernelSource?: readonly string[] | undefined;
  /** Prefix of a path in the debuginfo, to the directory that it stands for here. */
  readonly sourceFileMap?: Readonly<Record<string, string>> | undefined;
  /** Open folders: sources are looked for in those that look like a kernel tree. */
  readonly workspace?: readonly string[] | undefined;
  /** Use a vmlinux of another build all the same. */
  readonly force?: boolean | undefined;
  /** Where the vmlinux, when none is given, and the modules' debuginfo are looked for; undefined: nowhere. */
  readonly search?: DebuginfoPlaces | undefined;
  /** Directory where indexes are kept that make the next session faster; undefined: none are. */
  readonly indexes?: string | undefined;
  /** What may be spent on unpacking, by all that belongs to this session. */
  readonly budget?: Budget | undefined;
}

/** An opened dump. */
export interface Session {
  readonly kernel: Kernel;
  readonly context: Context;
  readonly dump: DumpImage;
  readonly memory: OpenedMemory;
  readonly vmlinux: Vmlinux | undefined;
  /** The files that were looked at for a vmlinux, when none was given and a search was wanted. */
  readonly tries: readonly Try[];
  /** The same for a System.map, which is looked for when neither a vmlinux nor the dump names the kernel's data. */
  readonly mapTries: readonly Try[];
  readonly moduleFiles: ModuleFiles;
  readonly debuginfos: ModuleDebuginfos;
  /** The sources on this machine, the same each time; finding what is installed waits until one is wanted. */
  readonly sources: () => SourceFiles;
  /** What the user should know of how it was opened, in sentences. */
  readonly warnings: readonly string[];
  close(): void;
}

/**
 * Opens a dump and what belongs to it.
 * @throws OpenError when the dump or the vmlinux cannot be used
 */
export const openSession = (options: OpenOptions): Session => toEnd(openingSession(options));

/** `openSession` in steps, for a face that shows how far it is and lets the user cancel it. */
export function* openingSession(options: OpenOptions): Job<Session, Piece> {
  const files = options.vmcore.map((path) => openNamed(path, "dump"));
  const dump = asOpenError(() => openDump(files));
  let isOpen = false;
  try {
    const session = yield* openingOver(dump, options);
    isOpen = true;
    return session;
  } finally {
    if (!isOpen) dump.close();
  }
}

/**
 * A session over a dump that is open already.
 * @throws OpenError as `openSession`
 */
export const sessionOver = (dump: DumpImage, options: OpenOptions): Session => toEnd(openingOver(dump, options));

/** Searches for the kernel where the dump does not say where it is. @throws OpenError when there is none */
function* kernelMemory(dump: DumpImage): Job<OpenedMemory, Piece> {
  const opening = openingMemory(dump);
  for (;;) {
    const step = asOpenError(() => opening.next());
    if (step.done === true) return step.value;
    yield progress("Searching for the kernel", step.value.done, step.value.total);
  }
}

/** Units that are split have their addresses in .debug_addr, which few other images have: no other is looked into. */
function splitDwarf(vmlinux: Vmlinux): string | undefined {
  if (!vmlinux.elf.section(".debug_addr")) return undefined;
  const name = attempt(() => vmlinux.dwarf()?.splitInto());
  return name instanceof Fault ? undefined : name;
}

function* openingOver(dump: DumpImage, options: OpenOptions): Job<Session, Piece> {
  const memory = yield* kernelMemory(dump);
  yield progress("Opening the vmlinux", 0, 0);
  const given = options.vmlinux === undefined ? undefined : openGiven(options.vmlinux, options.indexes);
  const search = given ? { vmlinux: undefined, tries: [] } : yield* searchingVmlinux(memory, options);
  const vmlinux = given ?? search.vmlinux;
  let isOpen = false;
  try {
    const force = given !== undefined && (options.force ?? false);
    const warnings = vmlinux ? matched(vmlinux, memory, force) : [];
    yield progress("Reading the kernel's symbols", 0, 0);
    const session = yield* assembling(dump, memory, { vmlinux, tries: search.tries, warnings }, options);
    isOpen = true;
    return session;
  } finally {
    if (!isOpen) vmlinux?.close();
  }
}

/** The vmlinux of a session, and what became of the search for it. */
interface FoundVmlinux {
  readonly vmlinux: Vmlinux | undefined;
  readonly tries: readonly Try[];
  readonly warnings: readonly string[];
}

/** @throws OpenError */
function* assembling(
  dump: DumpImage,
  memory: OpenedMemory,
  { vmlinux, tries, warnings: doubts }: FoundVmlinux,
  options: OpenOptions,
): Job<Session, Piece> {
  const lacks = [shortfall(dump.facts), erased(dump.facts)].filter((one) => one !== undefined);
  const warnings = [...lacks, ...memory.doubts, ...absent(options), ...doubts];
  if (vmlinux && !vmlinux.elf.section(".debug_info"))
    warnings.push(
      vmlinux.elf.section(".symtab")
        ? `${vmlinux.path} has no DWARF: there are no source lines and no locals`
        : `${vmlinux.path} was stripped: ${vmlinux.elf.section(".BTF") ? "symbols" : "symbols and types"} are those that the dump holds itself, and there are no source lines and no locals`,
    );
  const split = vmlinux && splitDwarf(vmlinux);
  if (vmlinux && split !== undefined)
    warnings.push(
      `${vmlinux.path} was built with split DWARF (CONFIG_DEBUG_INFO_SPLIT): its types, functions and locals are in files such as ${split}, which are not read; a kernel built without that option has all in its vmlinux`,
    );
  const lacked = vmlinux && missingAlternate(vmlinux.elf);
  if (vmlinux && lacked !== undefined) warnings.push(`${vmlinux.path} can be used${lackingAlternate(lacked)}`);
  const map =
    options.systemMap === undefined ? undefined : openSystemMapFile(options.systemMap, memory, options.force ?? false);
  const mapTries: Try[] = [];
  const preferredMap = map ? undefined : openPreferredMap(options.preferredSystemMap, memory, mapTries);
  const searchMap = (): PlacedMap | undefined => {
    const maps = options.search && searchSystemMap(memory, options.search);
    mapTries.push(...(maps?.tries ?? []));
    return maps?.map;
  };
  const image = yield* readingKernelImage(
    memory,
    vmlinux,
    vmlinux ? biasOf(vmlinux, memory) : 0n,
    map ?? preferredMap,
    searchMap,
  );
  if (vmlinux) memory.memory.setFallback(fallbackOf(vmlinux, image.bias));
  const moduleFiles = new ModuleFiles(modulePlaces(options, memory, vmlinux), options.budget);
  const debuginfos = new ModuleDebuginfos(moduleFiles);
  const kernel = sessionKernel(memory, vmlinux, image, debuginfos);
  const facts: SessionFacts = {
    vmcore: options.vmcore,
    vmlinux: vmlinux?.path,
    format: dump.format,
    incomplete: dump.facts.incomplete ?? false,
    dumpLevel: dump.facts.dumpLevel,
    erased: erased(dump.facts),
    timestamp: dump.facts.timestamp,
    file: dump.file,
    deviceDumps: deviceDumpsOf(dump.notes),
    lacking: [
      ...image.lacking,
      ...(image.btf() || vmlinux?.dwarf()
        ? []
        : ["no types: the dump holds no BTF (this kernel has none, or its pages were left out); give a vmlinux"]),
    ],
  };
  const sources = once(() => sourceFiles(options, kernel, debuginfos));
  const context = createContext(
    kernel,
    facts,
    commands(),
    () => firstTask(kernel),
    () => firstTaskFault(kernel),
  ).with({ modules: debuginfos, sourceText: sourceTexts(sources, sourceCache(process.env), options.budget) });
  return {
    kernel,
    context,
    dump,
    memory,
    vmlinux,
    tries,
    mapTries,
    moduleFiles,
    debuginfos,
    sources,
    warnings,
    close() {
      dump.close();
      vmlinux?.saveIndex();
      vmlinux?.close();
    },
  };
}

/** Where this machine has sources: named, in open folders, installed, beside the dump, beside modules' debuginfo. */
function sourceFiles(
  { vmcore, modules = [], kernelSource = [], sourceFileMap = {}, workspace = [] }: OpenOptions,
  kernel: Kernel,
  debuginfos: ModuleDebuginfos,
): SourceFiles {
  const uts = attempt(() => utsname(kernel));
  return new SourceFiles({
    kernelSource,
    sourceFileMap,
    workspace,
    beside: [...modules, ...vmcore.map((path) => dirname(path))],
    modules: () => debuginfos.paths(),
    ...(uts instanceof Fault ? {} : { release: uts.release, versionText: uts.version }),
  });
}

/** What the user named that is not there: with the others the session goes on. */
const absent = ({ kernelSource = [], modules = [] }: OpenOptions): string[] => [
  ...kernelSource.filter((path) => !existsSync(path)).map((path) => `${path}: there is no such kernel source`),
  ...modules.filter((path) => !existsSync(path)).map((path) => `${path}: there is no such directory of modules`),
];

/** What cannot be opened is told as one line, whatever floor found it out. */
function asOpenError<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw error instanceof Fault ? new OpenError(error.message) : error;
  }
}

/** Where modules' debuginfo lies: what the user named, and by the search that the user wants. */
const modulePlaces = (
  { modules = [], search }: OpenOptions,
  { vmcoreinfo }: OpenedMemory,
  vmlinux: Vmlinux | undefined,
): ModulePlaces =>
  search
    ? {
        directories: [...modules, ...moduleDirectories(vmcoreinfo?.text("OSRELEASE"), search, vmlinux?.path)],
        debugDirectories: debugDirectories(search),
        cache: search.cache,
        flat: [...search.beside, ...search.directories, ...(vmlinux ? [dirname(vmlinux.path)] : [])],
        trees: buildTrees(vmcoreinfo?.text("OSRELEASE"), search, vmlinux?.path),
      }
    : { directories: modules };

function biasOf(vmlinux: Vmlinux, memory: OpenedMemory): bigint {
  return kaslrOffset(memory, (name) => vmlinux.symbols.named(name)[0]?.address) ?? 0n;
}
