/** Finds the kernel in a dump and opens its memory. */
import { attempt, Fault, orThrow } from "../base/fault.ts";
import { toEnd } from "../base/job.ts";
import type { Arch, CpuState, Paging } from "../arch/arch.ts";
import type { DumpImage } from "../dump/format.ts";
import type { Candidate, MemoryOptions } from "./candidate.ts";
import { architectureFor, candidateOf, withPageTables } from "./candidate.ts";
import type { SearchProgress } from "./findKernel.ts";
import { imageByRoots, vmcoreinfoTexts } from "./findKernel.ts";
import { DumpKernelMemory } from "./kernelMemory.ts";
import { cpuStates, layoutFacts } from "./layout.ts";
import { entryReader } from "./mappedMemory.ts";
import type { KernelMemory } from "./memory.ts";
import { DumpMemory } from "./physicalMemory.ts";
import type { Vmcoreinfo } from "./vmcoreinfo.ts";

/** Which kernel a dump contains and where it is. */
export interface OpenedMemory {
  readonly arch: Arch;
  readonly memory: KernelMemory;
  readonly paging: Paging;
  /**
   * VMCOREINFO; undefined if neither a note nor memory has it. Then addresses can be read, but no symbols are known.
   */
  readonly vmcoreinfo: Vmcoreinfo | undefined;
  /** One entry for each CPU that saved its registers, in file order. */
  readonly cpuNotes: readonly CpuState[];
  /** Runtime address of the kernel image's first page, if it was found through page tables alone. */
  readonly imageStart: bigint | undefined;
  /** Whether page tables that lead to the kernel were found. Without them only addresses of the direct map are read. */
  readonly hasPageTables: boolean;
  /** Sentences about facts that were found in an unusual way. */
  readonly doubts: readonly string[];
}

/**
 * Finds the kernel in a dump. Yields progress only if memory must be searched. @throws Fault unknown when the machine
 * is not supported or no kernel is found
 */
export function* openingMemory(image: DumpImage, options: MemoryOptions = {}): Generator<SearchProgress, OpenedMemory> {
  const given = options.vmcoreinfo ?? image.vmcoreinfo;
  if (given?.includes("OSRELEASE="))
    return openedMemory(image, yield* withPageTables(image, candidateOf(image, given, options), options));
  const found = yield* searched(image, options);
  return found === undefined ? withoutVmcoreinfo(image, options) : openedMemory(image, found);
}

/** Runs `openingMemory` without pauses. */
export const openMemory = (image: DumpImage, options: MemoryOptions = {}): OpenedMemory =>
  toEnd(openingMemory(image, options));

/**
 * Returns the KASLR offset: runtime address minus link address; undefined if it is not known. @param link returns the
 * link address of a symbol of vmlinux; undefined if there is no such symbol
 */
export function kaslrOffset(
  { vmcoreinfo, imageStart }: Pick<OpenedMemory, "vmcoreinfo" | "imageStart">,
  link: (name: string) => bigint | undefined,
): bigint | undefined {
  // KERNELOFFSET is read last, because i386 kernels have been seen to move without setting it.
  const stext = link("_stext");
  const runtime = vmcoreinfo?.symbol("_stext");
  if (stext !== undefined && runtime !== undefined) return runtime - stext;
  const text = link("_text");
  if (text !== undefined && imageStart !== undefined) return imageStart - text;
  return vmcoreinfo?.number("KERNELOFFSET");
}

/**
 * Maximum number of candidates whose page tables are searched, because memory can contain any number of foreign texts.
 */
const UNCERTAIN_LIMIT = 8;

/**
 * Chooses the first VMCOREINFO text in memory whose page tables are valid; otherwise the first whose page tables a
 * search finds; otherwise the first. Returns undefined if there is no text.
 */
function* searched(image: DumpImage, options: MemoryOptions): Generator<SearchProgress, Candidate | undefined> {
  const uncertain: Candidate[] = [];
  for (const text of vmcoreinfoTexts(image)) {
    if (typeof text !== "string") {
      yield text;
      continue;
    }
    const candidate = attempt(() => candidateOf(image, text, options));
    if (candidate instanceof Fault) continue;
    if (candidate.hasValidRoot === true) return bySearch(candidate);
    if (uncertain.length < UNCERTAIN_LIMIT) uncertain.push(candidate);
  }
  let first: Candidate | undefined;
  for (const candidate of uncertain) {
    const result = yield* withPageTables(image, candidate, options);
    if (result.hasValidRoot === true) return bySearch(result);
    first ??= result;
  }
  return first && bySearch(first);
}

const bySearch = (candidate: Candidate): Candidate => ({
  ...candidate,
  doubts: ["VMCOREINFO was found by a search of memory", ...candidate.doubts],
});

function openedMemory(image: DumpImage, candidate: Candidate): OpenedMemory {
  const { arch, vmcoreinfo, paging, physical, doubts } = candidate;
  return {
    arch,
    memory: new DumpKernelMemory(physical, paging),
    paging,
    vmcoreinfo,
    cpuNotes: cpuStates(image, arch),
    imageStart: undefined,
    hasPageTables: candidate.hasValidRoot === true,
    doubts,
  };
}

/** Reads memory with the page-table root of a CPU alone, for users who know addresses. */
function withoutVmcoreinfo(image: DumpImage, options: MemoryOptions): OpenedMemory {
  const arch = orThrow(architectureFor(image, undefined));
  const cpuNotes = cpuStates(image, arch);
  const roots = cpuNotes.flatMap(({ pageTableRoot }) => pageTableRoot ?? []);
  const controlRegisters = cpuNotes[0]?.registers ?? new Map<string, bigint>();
  const physBase = options.physBase ?? image.facts.physBase;
  const known = { pageSize: image.pageSize, physBase, controlRegisters };
  const physical = new DumpMemory(image, arch);

  const found = imageByRoots(arch.paging(layoutFacts(undefined, known)), roots, entryReader(physical));
  if (found === undefined) {
    throw Fault.of(
      "unknown",
      "no kernel found: neither VMCOREINFO in notes or memory, nor page tables that lead to one; if this is a guest with SEV or TDX, its memory is encrypted, and only its own kdump can write a dump that can be read",
    );
  }
  const paging = arch.paging(layoutFacts(undefined, { ...known, pageTableRoot: found.root }));
  const memory = new DumpKernelMemory(physical, paging);
  const doubts = ["there is no VMCOREINFO; page tables are those that a CPU used"];
  return {
    arch,
    memory,
    paging,
    vmcoreinfo: undefined,
    cpuNotes,
    imageStart: found.start,
    hasPageTables: true,
    doubts,
  };
}
