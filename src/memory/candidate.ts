/** Candidates: ways to read kernel memory, each from one VMCOREINFO text. */
import { Fault, orThrow } from "../base/fault.ts";
import type { Arch, Paging } from "../arch/arch.ts";
import { architectureOf } from "../arch/architectures.ts";
import type { DumpImage } from "../dump/format.ts";
import type { SearchProgress } from "./findKernel.ts";
import { isKernelRoot, rootBySearch } from "./findKernel.ts";
import { isPrstatus, layoutFacts, rootBySegments } from "./layout.ts";
import { entryReader } from "./mappedMemory.ts";
import { DumpMemory } from "./physicalMemory.ts";
import type { Vmcoreinfo } from "./vmcoreinfo.ts";
import { parseVmcoreinfo } from "./vmcoreinfo.ts";

/** Options with which the user corrects the dump. */
export interface MemoryOptions {
  /** VMCOREINFO text that replaces the dump's. */
  readonly vmcoreinfo?: string;
  readonly physBase?: bigint;
}

/** A way to read the kernel's memory according to one VMCOREINFO text. */
export interface Candidate {
  readonly arch: Arch;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly paging: Paging;
  readonly physical: DumpMemory;
  /**
   * Whether the root table maps itself, as a correct one does; undefined if the tables needed for this test are not in
   * the dump.
   */
  readonly hasValidRoot: boolean | undefined;
  readonly doubts: readonly string[];
}

/**
 * Makes the candidate of a VMCOREINFO text. @throws Fault unknown when the machine is not supported, or the text lacks
 * what its paging needs
 */
export function candidateOf(image: DumpImage, text: string, options: MemoryOptions): Candidate {
  const arch = orThrow(architectureFor(image, text));
  const vmcoreinfo = parseVmcoreinfo(text);
  let best: Candidate | undefined;
  for (const way of likelyPagings(image, arch, vmcoreinfo, options)) {
    const candidate = { arch, vmcoreinfo, doubts: [], ...way };
    if (candidate.hasValidRoot === true) return candidate;
    if (best === undefined || (best.hasValidRoot === false && candidate.hasValidRoot === undefined)) best = candidate;
  }
  if (best === undefined)
    throw Fault.of("unknown", "the dump has neither a page-table root nor program headers that locate the kernel");
  return best;
}

/** Searches memory for the page tables of a candidate whose own are wrong. Records the doubt if it finds none. */
export function* withPageTables(
  image: DumpImage,
  candidate: Candidate,
  options: MemoryOptions,
): Generator<SearchProgress, Candidate> {
  if (candidate.hasValidRoot === true) return candidate;
  const { arch, vmcoreinfo, paging, physical, hasValidRoot } = candidate;
  const pageTableRoot = yield* rootBySearch(paging, physical, entryReader(physical));
  if (pageTableRoot === undefined) {
    const problem = hasValidRoot === undefined ? "are not in the dump" : "contradict VMCOREINFO";
    return { ...candidate, doubts: [`the kernel's page tables ${problem}`] };
  }
  const found = pagingFor(image, arch, vmcoreinfo, options, pageTableRoot);
  return {
    ...candidate,
    paging: found,
    hasValidRoot: true,
    doubts: ["the kernel's page tables were found by a search of memory"],
  };
}

/** Returns the machine of a dump; a fault if it is not supported. */
export function architectureFor(image: DumpImage, vmcoreinfo: string | undefined): Arch | Fault {
  const { byteOrder, elfMachine, wordSize, facts, notes } = image;
  const prstatusBytes = notes.find(isPrstatus)?.desc.length;
  return architectureOf({
    byteOrder,
    elfMachine,
    wordSize,
    machine: facts.utsname?.machine,
    vmcoreinfo,
    prstatusBytes,
  });
}

type MemoryPaging = Pick<Candidate, "paging" | "physical" | "hasValidRoot">;

/**
 * Yields pagings with the address of the root table by the machine's formula, then by program headers, each for each
 * way to count page frames.
 */
function* likelyPagings(
  image: DumpImage,
  arch: Arch,
  vmcoreinfo: Vmcoreinfo,
  options: MemoryOptions,
): Generator<MemoryPaging> {
  const byFormula = pagingFor(image, arch, vmcoreinfo, options, undefined);
  const pagings = [byFormula];
  const root = rootBySegments(image, byFormula);
  if (root !== undefined) pagings.push(pagingFor(image, arch, vmcoreinfo, options, root));
  for (const physical of memories(image, arch)) {
    for (const paging of pagings) yield { paging, physical, hasValidRoot: isRootOf(paging, physical) };
  }
}

const isRootOf = (paging: Paging, physical: DumpMemory): boolean | undefined =>
  paging.kernelRoot === undefined ? undefined : isKernelRoot(paging, paging.kernelRoot, entryReader(physical));

function* memories(image: DumpImage, arch: Arch): Generator<DumpMemory> {
  const origin = image.facts.physBase ?? 0n;
  if (arch.countsFramesFromPhysBase && image.format.includes("kdump") && origin > 0n) {
    yield new DumpMemory(image, arch, origin);
  }
  yield new DumpMemory(image, arch);
}

function pagingFor(
  image: DumpImage,
  arch: Arch,
  vmcoreinfo: Vmcoreinfo,
  options: MemoryOptions,
  pageTableRoot: bigint | undefined,
): Paging {
  const physBase = options.physBase ?? image.facts.physBase;
  return arch.paging(layoutFacts(vmcoreinfo, { pageSize: image.pageSize, physBase, pageTableRoot }));
}
