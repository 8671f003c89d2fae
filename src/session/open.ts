import { readFileSync } from "node:fs";
import { dirname } from "node:path";
import { Fault } from "../base/fault.ts";
import { createContext } from "../crash/context.ts";
import type { Context, SessionFacts } from "../crash/command.ts";
import type { TypeSource } from "../debuginfo/source.ts";
import { openDump } from "../dump/formats.ts";
import { deviceDumpsOf } from "../dump/deviceDumps.ts";
import type { DumpImage } from "../dump/format.ts";
import { firstTask } from "../linux/panic.ts";
import { kaslrOffset, type OpenedMemory, openMemory } from "../memory/openMemory.ts";
import { assembleKernel } from "../model/assemble.ts";
import type { Kernel } from "../model/kernel.ts";
import { typeIndex } from "../model/typeIndex.ts";
import { CodeIndex } from "./codeIndex.ts";
import { type KernelImage, kernelImage } from "./kernelImage.ts";
import { ModuleFiles } from "./moduleFiles.ts";
import { type ModuleImage, moduleImages } from "./moduleImages.ts";
import { OpenError } from "./openError.ts";
import { SymbolIndex } from "./symbolIndex.ts";
import { SourceFiles } from "./source.ts";
import { fallbackOf, once, openNamed, openVmlinux, type Vmlinux } from "./vmlinux.ts";

export { OpenError } from "./openError.ts";

/** What the user names; only the dump is needed. */
export interface OpenOptions {
  /** One dump, or all files of a split set. */
  readonly vmcore: readonly string[];
  readonly vmlinux?: string | undefined;
  /** Directories with modules' debuginfo. */
  readonly modules?: readonly string[] | undefined;
  /** Use a vmlinux of another build all the same. */
  readonly force?: boolean | undefined;
}

/** An opened dump. */
export interface Session {
  readonly kernel: Kernel;
  readonly context: Context;
  readonly dump: DumpImage;
  readonly memory: OpenedMemory;
  readonly vmlinux: Vmlinux | undefined;
  /** What the user should know of how it was opened, in sentences. */
  readonly warnings: readonly string[];
  close(): void;
}

/**
 * Opens a dump and what belongs to it.
 * @throws OpenError when the dump or the vmlinux cannot be used
 */
export function openSession(options: OpenOptions): Session {
  const files = options.vmcore.map((path) => openNamed(path, "dump"));
  return sessionOver(
    asOpenError(() => openDump(files)),
    options,
  );
}

/**
 * A session over a dump that is open already.
 * @throws OpenError as `openSession`
 */
export function sessionOver(dump: DumpImage, options: OpenOptions): Session {
  const memory = asOpenError(() => openMemory(dump));
  const vmlinux = options.vmlinux === undefined ? undefined : openVmlinux(options.vmlinux);
  const warnings = [...memory.doubts];
  if (vmlinux) warnings.push(...matched(vmlinux, memory, options.force ?? false));
  const image = kernelImage(memory, vmlinux, vmlinux ? biasOf(vmlinux, memory) : 0n);
  if (vmlinux) memory.memory.setFallback(fallbackOf(vmlinux, image.bias));
  const kernel = assemble(memory, vmlinux, image, new ModuleFiles(options.modules ?? []));
  const facts: SessionFacts = {
    vmcore: options.vmcore,
    vmlinux: options.vmlinux,
    format: dump.format,
    incomplete: dump.facts.incomplete ?? false,
    dumpLevel: dump.facts.dumpLevel,
    timestamp: dump.facts.timestamp,
    file: dump.file,
    deviceDumps: deviceDumpsOf(dump.notes),
    lacking: [
      ...image.lacking,
      ...(image.btf() || vmlinux?.dwarf() ? [] : ["no types: the dump leaves out the kernel's BTF; give a vmlinux"]),
    ],
  };
  const context = createContext(kernel, facts, () => firstTask(kernel));
  context.sourceText = sourceReader(options, dump);
  return {
    kernel,
    context,
    dump,
    memory,
    vmlinux,
    warnings,
    close() {
      dump.close();
      vmlinux?.close();
    },
  };
}

/** Reads sources where this machine has them: installed, beside the dump, beside modules' debuginfo. */
function sourceReader(
  { vmcore, modules = [] }: OpenOptions,
  { facts }: DumpImage,
): (file: string) => readonly string[] | undefined {
  const { release, version } = facts.utsname ?? {};
  const beside = [...vmcore.map((path) => dirname(path)), ...modules];
  const files = once(
    () => new SourceFiles({ beside, ...(release && { release }), ...(version && { versionText: version }) }),
  );
  return (file) => {
    const path = files().find(file);
    return path === undefined ? undefined : readFileSync(path, "utf8").split("\n");
  };
}

/** What cannot be opened is told as one line, whatever floor found it out. */
function asOpenError<T>(open: () => T): T {
  try {
    return open();
  } catch (error) {
    throw error instanceof Fault ? new OpenError(error.message) : error;
  }
}

/**
 * Compares build-ids.
 * @returns warnings
 * @throws OpenError when they differ and the user does not insist
 */
function matched(vmlinux: Vmlinux, { arch, vmcoreinfo }: OpenedMemory, force: boolean): string[] {
  const wanted = vmcoreinfo?.text("BUILD-ID");
  const { buildId, machine } = vmlinux.elf;
  if (machine !== arch.elfMachine)
    throw new OpenError(`${vmlinux.path} is for another architecture than the dump, which is ${arch.name}`);
  if (wanted === undefined)
    return ["the dump does not tell its kernel's build-id: whether the vmlinux matches is not known"];
  if (buildId === undefined) return [`${vmlinux.path} has no build-id: whether it matches the dump is not known`];
  if (buildId === wanted) return [];
  const said = `${vmlinux.path} is of another build: its build-id is ${buildId}, the dump's kernel has ${wanted}`;
  if (!force)
    throw new OpenError(
      `${said}. Find the vmlinux of ${vmcoreinfo?.text("OSRELEASE") ?? "that kernel"}, leave it out, or insist with --force`,
    );
  return [said];
}

function biasOf(vmlinux: Vmlinux, memory: OpenedMemory): bigint {
  return kaslrOffset(memory, (name) => vmlinux.symbols.named(name)[0]?.address) ?? 0n;
}

function assemble(opened: OpenedMemory, vmlinux: Vmlinux | undefined, image: KernelImage, files: ModuleFiles): Kernel {
  const { arch, memory, vmcoreinfo, cpuNotes } = opened;
  // Modules are looked for when an address or a name is not the kernel's; finding them asks for the kernel's own.
  let modules: readonly ModuleImage[] | undefined;
  const loaded = (): readonly ModuleImage[] => {
    if (modules) return modules;
    modules = [];
    return (modules = moduleImages(kernel, {
      btf: image.btf,
      orcVersion: image.orcVersion,
      debuginfo: (module, name) => files.find(module, name),
    }));
  };
  const kernel: Kernel = assembleKernel({
    arch,
    memory,
    vmcoreinfo: (key) => vmcoreinfo?.text(key),
    cpuNotes,
    symbols: new SymbolIndex(image.symbols, () => loaded().map((one) => one.symbols)),
    code: new CodeIndex(image.code, () => loaded().map((one) => one.code)),
    types: typeIndex(arch, kernelTypes(image, vmlinux), function* () {
      for (const module of loaded()) {
        const types = module.types();
        if (types) yield types;
      }
    }),
  });
  vmlinux?.completeFrom((kind, name) => kernel.types.find(kind, name));
  return kernel;
}

const kernelTypes = (image: KernelImage, vmlinux: Vmlinux | undefined): Iterable<TypeSource> => ({
  *[Symbol.iterator]() {
    const btf = image.btf();
    const dwarf = vmlinux?.dwarf();
    if (btf) yield btf;
    // BTF tells all types of the kernel, but hardly a variable; to find that DWARF lacks a type, too, takes a second.
    if (dwarf) yield btf ? variablesOnly(dwarf.types) : dwarf.types;
  },
});

const variablesOnly = (types: TypeSource): TypeSource => ({
  name: types.name,
  find: () => undefined,
  variable: (name) => types.variable(name),
  function: (name) => types.function(name),
  names: () => [],
});
