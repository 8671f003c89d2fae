import { attempt, Fault, orThrow } from "../base/fault.ts";
import { toEnd } from "../base/job.ts";
import type { Arch, CpuState, Paging } from "../arch/arch.ts";
import type { DumpImage } from "../dump/format.ts";
import type { Candidate, MemoryOptions } from "./candidate.ts";
import { architectureFor, candidateOf, settled } from "./candidate.ts";
import type { SearchProgress } from "./findKernel.ts";
import { imageByRoots, vmcoreinfoTexts } from "./findKernel.ts";
import { DumpKernelMemory } from "./kernelMemory.ts";
import { cpuStates, layoutFacts } from "./layout.ts";
import { entryReader } from "./mappedMemory.ts";
import type { KernelMemory } from "./memory.ts";
import { DumpMemory } from "./physicalMemory.ts";
import type { Vmcoreinfo } from "./vmcoreinfo.ts";

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
  if (given?.includes("OSRELEASE="))
    return seenBy(image, yield* settled(image, candidateOf(image, given, options), options));
  const found = yield* searched(image, options);
  return found === undefined ? withoutVmcoreinfo(image, options) : seenBy(image, found);
}

/** `openingMemory` at one go. */
export const openMemory = (image: DumpImage, options: MemoryOptions = {}): OpenedMemory =>
  toEnd(openingMemory(image, options));

/** Link address + this = runtime address. @param link link address of a symbol of vmlinux; undefined for one it has not */
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

/** Texts that are nobody's are possible without end; those worth a search for their page tables are few. */
const UNCERTAIN_LIMIT = 8;

/** The first VMCOREINFO in memory whose page tables are where it says; else whose page tables a search finds; else the first. */
function* searched(image: DumpImage, options: MemoryOptions): Generator<SearchProgress, Candidate | undefined> {
  const uncertain: Candidate[] = [];
  for (const text of vmcoreinfoTexts(image)) {
    if (typeof text !== "string") {
      yield text;
      continue;
    }
    const candidate = attempt(() => candidateOf(image, text, options));
    if (candidate instanceof Fault) continue;
    if (candidate.isRoot === true) return bySearch(candidate);
    if (uncertain.length < UNCERTAIN_LIMIT) uncertain.push(candidate);
  }
  let first: Candidate | undefined;
  for (const candidate of uncertain) {
    const result = yield* settled(image, candidate, options);
    if (result.isRoot === true) return bySearch(result);
    first ??= result;
  }
  return first && bySearch(first);
}

const bySearch = (candidate: Candidate): Candidate => ({
  ...candidate,
  doubts: ["VMCOREINFO was found by a search of memory", ...candidate.doubts],
});

function seenBy(image: DumpImage, { arch, vmcoreinfo, paging, physical, doubts }: Candidate): OpenedMemory {
  const memory = new DumpKernelMemory(physical, paging);
  return { arch, memory, paging, vmcoreinfo, cpuNotes: cpuStates(image.notes, arch), imageStart: undefined, doubts };
}

/** Nothing but a CPU's page-table root: enough to read memory, for whoever knows an address. */
function withoutVmcoreinfo(image: DumpImage, options: MemoryOptions): OpenedMemory {
  const arch = orThrow(architectureFor(image, undefined));
  const cpuNotes = cpuStates(image.notes, arch);
  const roots = cpuNotes.flatMap(({ pageTableRoot }) => pageTableRoot ?? []);
  const controlRegisters = cpuNotes[0]?.registers ?? new Map<string, bigint>();
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
  const memory = new DumpKernelMemory(physical, paging);
  const doubts = ["there is no VMCOREINFO; page tables are those that a CPU used"];
  return { arch, memory, paging, vmcoreinfo: undefined, cpuNotes, imageStart: found.start, doubts };
}
