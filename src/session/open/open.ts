/** Opens a dump with its vmlinux, System.map, modules and sources as a session. */
import { attempt, Fault } from "../../base/fault.ts";
import { type Job, toEnd } from "../../base/job.ts";
import { once } from "../../base/once.ts";
import { commands } from "../../crash/commands.ts";
import { createContext } from "../../crash/language/context.ts";
import type { Context, SessionFacts } from "../../crash/language/command.ts";
import { type Piece, progress } from "../../say/piece.ts";
import { deviceDumpsOf } from "../../dump/deviceDumps.ts";
import type { DumpImage } from "../../dump/format.ts";
import { firstTask, firstTaskFault } from "../../linux/printk/panic.ts";
import { kaslrOffset, type OpenedMemory, openingMemory } from "../../memory/openMemory.ts";
import type { Kernel } from "../../model/kernel.ts";
import { dumpConfig } from "../doctor/configFile.ts";
import { missingAlternateText } from "../find/debugLink.ts";
import { type KernelImage, readingKernelImage } from "./kernelImage.ts";
import { ModuleDebuginfos } from "./moduleDebuginfos.ts";
import { ModuleFiles } from "../find/moduleFiles.ts";
import { OpenError } from "./openError.ts";
import { absentFileWarnings, modulePlaces, type OpenOptions, sourceFiles } from "./openOptions.ts";
import { buildWarnings, openGiven, openPreferredMap } from "./namedFiles.ts";
import { headerOf, infoRows } from "./dumpInfo.ts";
import { redactedAddress } from "../remote/addressedFile.ts";
import { LostServer } from "../remote/lostServer.ts";
import { namedDump } from "../find/namedDump.ts";
import { liveness, openNamedImage } from "./namedImage.ts";
import { distilled, erased } from "./erased.ts";
import { redactedImage } from "../distill/redactedImage.ts";
import { hasRandomLayout } from "../../linux/kernelConfig.ts";
import { shortfall, wrongBase } from "./shortfall.ts";
import { laterCommitsIn } from "../sources/laterCommits.ts";
import type { SourceFiles } from "../sources/source.ts";
import { sourceCache } from "../sources/sourceArchive.ts";
import { type ArchiveReading, sourceTexts } from "../sources/sourceText.ts";
import { openSystemMapFile, type PlacedMap } from "./systemMapFile.ts";
import { searchSystemMap } from "../find/systemMapSearch.ts";
import { fallbackOf, missingAlternate, type Vmlinux } from "./vmlinux.ts";
import { searchingVmlinux, type Try } from "../find/vmlinuxSearch.ts";
import { sessionKernel } from "./sessionKernel.ts";

export { OpenError, VmlinuxError } from "./openError.ts";
export type { OpenOptions } from "./openOptions.ts";

/** An opened dump. */
export interface Session {
  readonly kernel: Kernel;
  readonly context: Context;
  readonly dump: DumpImage;
  readonly memory: OpenedMemory;
  readonly vmlinux: Vmlinux | undefined;
  /** The files that were tried as vmlinux, if none was named and a search was made. */
  readonly tries: readonly Try[];
  /**
   * The files that were tried as System.map. A search is made if neither a vmlinux nor the dump names the kernel's
   * data.
   */
  readonly mapTries: readonly Try[];
  readonly moduleFiles: ModuleFiles;
  readonly debuginfos: ModuleDebuginfos;
  /**
   * Returns the sources on this machine, the same object each time. Installed sources are searched for at the first
   * use.
   */
  readonly sources: () => SourceFiles;
  /** Sentences for the user about how the dump was opened. */
  readonly warnings: readonly string[];
  close(): void;
}

/**
 * Opens a dump and the files that belong to it.
 * @throws OpenError if the dump or the vmlinux cannot be used
 */
export const openSession = (options: OpenOptions): Session => toEnd(openingSession(options));

/** Runs `openSession` in steps, so that a user interface can show progress and cancel it. */
export function* openingSession(options: OpenOptions): Job<Session, Piece> {
  try {
    return yield* openingFiles(options);
  } catch (error) {
    throw error instanceof LostServer ? new OpenError(error.message) : error;
  }
}

function* openingFiles(given: OpenOptions): Job<Session, Piece> {
  const options = { ...given, vmcore: namedDump(given.vmcore, given.raw) };
  const dump = openNamedImage(options);
  let isOpen = false;
  try {
    const image = options.redact === true ? yield* redacting(dump, options) : dump;
    const session = yield* openingOver(image, options);
    isOpen = true;
    return session;
  } finally {
    if (!isOpen) dump.close();
  }
}

/** Returns the dump without its secrets. Opens a session of its own to find out what is secret. */
function* redacting(dump: DumpImage, options: OpenOptions): Job<DumpImage, Piece> {
  const plain = yield* openingOver(dump, options);
  return redactedImage(plain.kernel, dump, () => plain.close());
}

/**
 * Opens a session over a dump that is already open.
 * @throws OpenError as `openSession`
 */
export const sessionOver = (dump: DumpImage, options: OpenOptions): Session => toEnd(openingOver(dump, options));

/**
 * Opens the kernel's memory; searches for the kernel if the dump does not contain its address. @throws OpenError if no
 * kernel is found
 */
function* kernelMemory(dump: DumpImage, options: OpenOptions): Job<OpenedMemory, Piece> {
  const opening = openingMemory(dump);
  for (;;) {
    const step = attempt(() => opening.next());
    if (step instanceof Fault) throw new OpenError([step.message, ...placeDefects(dump, options)].join(". "));
    if (step.done === true) return step.value;
    yield progress("Searching for the kernel", step.value.done, step.value.total);
  }
}

/** Returns sentences on why the memory of a dump may not lead to its kernel, in whole or in part. */
const placeDefects = ({ facts }: DumpImage, { raw }: OpenOptions, memory?: OpenedMemory): string[] =>
  [shortfall(facts), raw && memory?.hasPageTables !== true ? wrongBase(facts) : undefined].filter(
    (one) => one !== undefined,
  );

/** Returns what the user should know about a dump before its contents. */
const dumpWarnings = (dump: DumpImage, options: OpenOptions, memory: OpenedMemory): string[] =>
  [liveness(dump.facts), ...placeDefects(dump, options, memory), distilled(dump.facts), erased(dump.facts)].filter(
    (one) => one !== undefined,
  );

/**
 * Returns the name of a file with split DWARF; undefined if there is none. Split units have their addresses in
 * .debug_addr, which few other images have, so no other image is examined.
 */
function splitDwarf(vmlinux: Vmlinux): string | undefined {
  if (!vmlinux.elf.section(".debug_addr")) return undefined;
  const name = attempt(() => vmlinux.dwarf()?.splitInto());
  return name instanceof Fault ? undefined : name;
}

/** Runs `sessionOver` in steps. */
export function* openingOver(dump: DumpImage, options: OpenOptions): Job<Session, Piece> {
  const memory = yield* kernelMemory(dump, options);
  yield progress("Opening the vmlinux", 0, 0);
  const given = options.vmlinux === undefined ? undefined : openGiven(options.vmlinux, options.indexes);
  const search = given ? { vmlinux: undefined, tries: [] } : yield* searchingVmlinux(memory, options);
  const vmlinux = given ?? search.vmlinux;
  let isOpen = false;
  try {
    const force = given !== undefined && (options.force ?? false);
    const warnings = vmlinux ? buildWarnings(vmlinux, memory, force) : [];
    yield progress("Reading the kernel's symbols", 0, 0);
    const session = yield* assembling(dump, memory, { vmlinux, tries: search.tries, warnings }, options);
    isOpen = true;
    return session;
  } finally {
    if (!isOpen) vmlinux?.close();
  }
}

/** The vmlinux of a session, and the result of the search for it. */
interface FoundVmlinux {
  readonly vmlinux: Vmlinux | undefined;
  readonly tries: readonly Try[];
  readonly warnings: readonly string[];
}

const RANDOM_LAYOUT =
  "the kernel was built with CONFIG_RANDSTRUCT: the order of members is that of its build alone, and types of another build do not fit";

/** Assembles the session from its parts. @throws OpenError if a named System.map cannot be used */
function* assembling(
  dump: DumpImage,
  memory: OpenedMemory,
  { vmlinux, tries, warnings: doubts }: FoundVmlinux,
  options: OpenOptions,
): Job<Session, Piece> {
  const ofDump = [...dumpWarnings(dump, options, memory), ...memory.doubts];
  const warnings = [...ofDump, ...absentFileWarnings(options), ...doubts, ...(vmlinux ? vmlinuxWarnings(vmlinux) : [])];
  const mapTries: Try[] = [];
  const map = namedMap(options, memory, mapTries);
  const searchMap = (): PlacedMap | undefined => {
    const maps = options.search && searchSystemMap(memory, options.search);
    mapTries.push(...(maps?.tries ?? []));
    return maps?.map;
  };
  const bias = vmlinux ? biasOf(vmlinux, memory) : 0n;
  const image = yield* readingKernelImage(memory, vmlinux, bias, map, searchMap);
  if (vmlinux) memory.memory.setFallback(fallbackOf(vmlinux, image.bias));
  const moduleFiles = new ModuleFiles(modulePlaces(options, memory, vmlinux), options.budget);
  const debuginfos = new ModuleDebuginfos(moduleFiles);
  const kernel = sessionKernel(memory, vmlinux, image, debuginfos);
  const facts = sessionFacts(dump, options, vmlinux, image);
  const sources = once(() => sourceFiles(options, kernel, debuginfos));
  const closing = new AbortController();
  const context = createContext(
    kernel,
    facts,
    commands(),
    () => firstTask(kernel),
    () => firstTaskFault(kernel),
  ).with({
    modules: debuginfos,
    sourceText: sourceTexts(sources, sourceCache(process.env), archiveReading(options, closing.signal)),
    laterCommits: laterCommitsIn(sources),
  });
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
    warnings: hasRandomLayout(kernel) ? [...warnings, RANDOM_LAYOUT] : warnings,
    close() {
      closing.abort();
      dump.close();
      vmlinux?.saveIndex();
      vmlinux?.close();
    },
  };
}

/** Returns what the user should know about the contents of a vmlinux. */
function vmlinuxWarnings(vmlinux: Vmlinux): string[] {
  const { elf, path } = vmlinux;
  const warnings: string[] = [];
  if (!elf.section(".debug_info"))
    warnings.push(
      elf.section(".symtab")
        ? `${path} has no DWARF: source lines and locals are not available`
        : `${path} was stripped: ${elf.section(".BTF") ? "symbols" : "symbols and types"} are read from the dump, and source lines and locals are not available`,
    );
  const split = splitDwarf(vmlinux);
  if (split !== undefined)
    warnings.push(
      `${path} was built with split DWARF (CONFIG_DEBUG_INFO_SPLIT): its types, functions and locals are in files such as ${split}, which are not read; build the kernel without that option to have all in its vmlinux`,
    );
  const lacked = missingAlternate(elf);
  if (lacked !== undefined) warnings.push(`${path} can be used${missingAlternateText(lacked)}`);
  return warnings;
}

/**
 * Opens the System.map that the user named, otherwise the preferred one; undefined if neither is given or the preferred
 * one is not used. @param tries receives why the preferred one is not used
 */
function namedMap(options: OpenOptions, memory: OpenedMemory, tries: Try[]): PlacedMap | undefined {
  return options.systemMap === undefined
    ? openPreferredMap(options.preferredSystemMap, memory, tries)
    : openSystemMapFile(options.systemMap, memory, options.force ?? false);
}

const archiveReading = ({ budget, readsSourcesOn }: OpenOptions, closing: AbortSignal): ArchiveReading => ({
  budget,
  goesOnUntil: readsSourcesOn === true ? closing : undefined,
});

function sessionFacts(
  dump: DumpImage,
  options: OpenOptions,
  vmlinux: Vmlinux | undefined,
  image: KernelImage,
): SessionFacts {
  const { search } = options;
  return {
    vmcore: options.vmcore.map(redactedAddress),
    vmlinux: vmlinux && redactedAddress(vmlinux.path),
    format: dump.format,
    incomplete: dump.facts.incomplete !== undefined,
    dumpLevel: dump.facts.dumpLevel,
    erased: erased(dump.facts),
    timestamp: dump.facts.timestamp,
    live: dump.facts.live,
    file: dump.file,
    configFile: search && ((release) => dumpConfig(search, release)),
    deviceDumps: deviceDumpsOf(dump.notes),
    headerRows: () => infoRows(headerOf(dump)),
    limitations: [
      ...image.limitations,
      ...(image.btf() || vmlinux?.dwarf()
        ? []
        : ["no types: the dump holds no BTF (this kernel has none, or its pages were left out); give a vmlinux"]),
    ],
  };
}

function biasOf(vmlinux: Vmlinux, memory: OpenedMemory): bigint {
  return kaslrOffset(memory, (name) => vmlinux.symbols.named(name)[0]?.address) ?? 0n;
}
