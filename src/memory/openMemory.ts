import { Fault, orThrow } from "../base/fault.ts";
import type { Arch, CpuState, LayoutFacts, Paging } from "../arch/arch.ts";
import { architectureOf } from "../arch/architectures.ts";
import type { DumpImage } from "../dump/format.ts";
import type { SearchProgress } from "./findKernel.ts";
import { imageByRoots, isKernelRoot, rootBySearch, vmcoreinfoTexts } from "./findKernel.ts";
import { DumpKernelMemory } from "./kernelMemory.ts";
import { cpuStates, layoutFacts, rootBySegments } from "./layout.ts";
import { entryReader } from "./mappedMemory.ts";
import type { KernelMemory } from "./memory.ts";
import { DumpMemory } from "./physicalMemory.ts";
import type { Vmcoreinfo } from "./vmcoreinfo.ts";
import { parseVmcoreinfo } from "./vmcoreinfo.ts";

/** What the user knows better than the dump. */
export interface MemoryOptions {
  /** VMCOREINFO text in place of the dump's. */
  readonly vmcoreinfo?: string;
  readonly physBase?: bigint;
}

/** Which kernel a dump is of, and where it lies. */
export interface OpenedMemory {
  readonly arch: Arch;
  readonly memory: KernelMemory;
  readonly paging: Paging;
  /** undefined when neither a note nor memory has it: then there are addresses, but no symbol at all. */
  readonly vmcoreinfo: Vmcoreinfo | undefined;
  /** One for each CPU that saved its registers, in the order of the file. */
  readonly cpuNotes: readonly CpuState[];
  /** Runtime address of the kernel image's first page, when it was found through page tables alone. */
  readonly imageStart: bigint | undefined;
  /** What was found by other means than the usual, in words. */
  readonly doubts: readonly string[];
}

/**
 * Finds the kernel in a dump. The ordinary dump says where it is, and nothing is yielded; else memory is searched.
 * @throws Fault unknown when the architecture is not ours or no kernel is found
 */
export function* openingMemory(image: DumpImage, options: MemoryOptions = {}): Generator<SearchProgress, OpenedMemory> {
  const given = options.vmcoreinfo ?? image.vmcoreinfo;
  if (given !== undefined) return (yield* lookedFor(image, given, options)).opened;

  let first: OpenedMemory | undefined;
  for (const found of vmcoreinfoTexts(image)) {
    if (typeof found !== "string") yield found;
    else {
      const { opened, isCertain } = yield* lookedFor(image, found, options);
      const said: OpenedMemory = {
        ...opened,
        doubts: ["VMCOREINFO was found by a search of memory", ...opened.doubts],
      };
      if (isCertain) return said;
      first ??= said;
    }
  }
  return first ?? withoutVmcoreinfo(image, options);
}

/** `openingMemory` at one go. */
export function openMemory(image: DumpImage, options: MemoryOptions = {}): OpenedMemory {
  const opening = openingMemory(image, options);
  for (;;) {
    const step = opening.next();
    if (step.done === true) return step.value;
  }
}

/** Link address + this = runtime address. @param link address of a symbol in vmlinux, or undefined */
export function kaslrOffset(
  { vmcoreinfo, imageStart }: Pick<OpenedMemory, "vmcoreinfo" | "imageStart">,
  link: (name: string) => bigint | undefined,
): bigint | undefined {
  // Not KERNELOFFSET first: i386 was seen to move its kernel and say nothing.
  const stext = link("_stext");
  const runtime = vmcoreinfo?.symbol("_stext");
  if (stext !== undefined && runtime !== undefined) return runtime - stext;
  const text = link("_text");
  if (text !== undefined && imageStart !== undefined) return imageStart - text;
  return vmcoreinfo?.number("KERNELOFFSET");
}

interface Attempt {
  readonly paging: Paging;
  readonly physical: DumpMemory;
  /** Whether the root table maps itself; undefined when that cannot be told. */
  readonly isRoot: boolean | undefined;
}

function* lookedFor(
  image: DumpImage,
  text: string,
  options: MemoryOptions,
): Generator<SearchProgress, { opened: OpenedMemory; isCertain: boolean }> {
  const arch = orThrow(architectureFor(image, text));
  const vmcoreinfo = parseVmcoreinfo(text);
  const doubts: string[] = [];
  const attempts: Attempt[] = [];
  for (const attempt of likelyAttempts(image, arch, vmcoreinfo, options)) {
    attempts.push(attempt);
    if (attempt.isRoot === true) break;
  }
  let chosen =
    attempts.find(({ isRoot }) => isRoot === true) ??
    attempts.find(({ isRoot }) => isRoot === undefined) ??
    attempts[0];
  if (chosen === undefined) throw Fault.of("unknown", "the dump does not say where its kernel lies");

  if ((chosen.isRoot !== true && chosen.paging.kernelRoot === undefined) || chosen.isRoot === false) {
    const { physical, paging } = chosen;
    const pageTableRoot = yield* rootBySearch(paging, physical, entryReader(physical));
    if (pageTableRoot === undefined) doubts.push("the kernel's page tables do not agree with VMCOREINFO");
    else {
      const facts = factsOf(image, vmcoreinfo, options, pageTableRoot);
      chosen = { physical, paging: arch.paging(facts), isRoot: true };
      doubts.push("the kernel's page tables were found by a search of memory");
    }
  }
  const opened = assembled(image, arch, chosen, vmcoreinfo, undefined, doubts);
  return { opened, isCertain: chosen.isRoot === true };
}

function architectureFor(image: DumpImage, vmcoreinfo: string | undefined): Arch | Fault {
  const { byteOrder, elfMachine, facts } = image;
  return architectureOf({ byteOrder, elfMachine, machine: facts.utsname?.machine, vmcoreinfo });
}

/** By formula, then by program headers; for each way that page frames may be counted. */
function* likelyAttempts(
  image: DumpImage,
  arch: Arch,
  vmcoreinfo: Vmcoreinfo,
  options: MemoryOptions,
): Generator<Attempt> {
  const byFormula = arch.paging(factsOf(image, vmcoreinfo, options, undefined));
  const bySegment = rootBySegments(image, byFormula);
  const pagings = [byFormula];
  if (bySegment !== undefined) pagings.push(arch.paging(factsOf(image, vmcoreinfo, options, bySegment)));
  for (const physical of memories(image, arch)) {
    for (const paging of pagings) {
      const root = paging.kernelRoot;
      const isRoot = root === undefined ? undefined : isKernelRoot(paging, root, entryReader(physical));
      yield { paging, physical, isRoot };
    }
  }
}

function* memories(image: DumpImage, arch: Arch): Generator<DumpMemory> {
  const origin = image.facts.physBase ?? 0n;
  if (arch.countsFramesFromPhysBase && image.format.includes("kdump") && origin > 0n) {
    yield new DumpMemory(image, arch.wordSize, origin);
  }
  yield new DumpMemory(image, arch.wordSize);
}

function factsOf(
  image: DumpImage,
  vmcoreinfo: Vmcoreinfo | undefined,
  options: MemoryOptions,
  pageTableRoot: bigint | undefined,
): LayoutFacts {
  const physBase = options.physBase ?? image.facts.physBase;
  return layoutFacts(vmcoreinfo, { pageSize: image.pageSize, physBase, pageTableRoot });
}

/** Nothing but a CPU's page-table root: enough to read memory, for whoever knows an address. */
function withoutVmcoreinfo(image: DumpImage, options: MemoryOptions): OpenedMemory {
  const arch = orThrow(architectureFor(image, undefined));
  const cpus = cpuStates(image.notes, arch);
  const roots = cpus.flatMap(({ pageTableRoot }) => pageTableRoot ?? []);
  const controlRegisters = cpus[0]?.registers ?? new Map<string, bigint>();
  const physBase = options.physBase ?? image.facts.physBase;
  const known = { pageSize: image.pageSize, physBase, controlRegisters };
  const physical = new DumpMemory(image, arch.wordSize);

  const found = imageByRoots(arch.paging(layoutFacts(undefined, known)), roots, entryReader(physical));
  if (found === undefined) {
    throw Fault.of(
      "unknown",
      "no kernel found: neither VMCOREINFO in notes or memory, nor page tables that lead to one",
    );
  }
  const paging = arch.paging(layoutFacts(undefined, { ...known, pageTableRoot: found.root }));
  const doubts = ["there is no VMCOREINFO; page tables are those that a CPU used"];
  return assembled(image, arch, { paging, physical, isRoot: undefined }, undefined, found.start, doubts);
}

function assembled(
  image: DumpImage,
  arch: Arch,
  { paging, physical }: Attempt,
  vmcoreinfo: Vmcoreinfo | undefined,
  imageStart: bigint | undefined,
  doubts: readonly string[],
): OpenedMemory {
  const memory = new DumpKernelMemory(physical, paging);
  return { arch, memory, paging, vmcoreinfo, cpuNotes: cpuStates(image.notes, arch), imageStart, doubts };
}
