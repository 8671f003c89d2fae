import { Fault, orThrow } from "../base/fault.ts";
import type { Arch, Paging } from "../arch/arch.ts";
import { architectureOf } from "../arch/architectures.ts";
import type { DumpImage } from "../dump/format.ts";
import type { SearchProgress } from "./findKernel.ts";
import { isKernelRoot, rootBySearch } from "./findKernel.ts";
import { layoutFacts, rootBySegments } from "./layout.ts";
import { entryReader } from "./mappedMemory.ts";
import { DumpMemory } from "./physicalMemory.ts";
import type { Vmcoreinfo } from "./vmcoreinfo.ts";
import { parseVmcoreinfo } from "./vmcoreinfo.ts";

/** What the user knows better than the dump. */
export interface MemoryOptions {
  /** VMCOREINFO text in place of the dump's. */
  readonly vmcoreinfo?: string;
  readonly physBase?: bigint;
}

/** A way to see the kernel that one VMCOREINFO text tells of. */
export interface Candidate {
  readonly arch: Arch;
  readonly vmcoreinfo: Vmcoreinfo;
  readonly paging: Paging;
  readonly physical: DumpMemory;
  /** Whether the root table maps itself, as the right one does; undefined when tables that could tell are not in the dump. */
  readonly isRoot: boolean | undefined;
  readonly doubts: readonly string[];
}

/** @throws Fault unknown when the architecture is not ours, or the text says too little for it */
export function candidateOf(image: DumpImage, text: string, options: MemoryOptions): Candidate {
  const arch = orThrow(architectureFor(image, text));
  const vmcoreinfo = parseVmcoreinfo(text);
  let best: Candidate | undefined;
  for (const way of likelyWays(image, arch, vmcoreinfo, options)) {
    const candidate = { arch, vmcoreinfo, doubts: [], ...way };
    if (candidate.isRoot === true) return candidate;
    if (best === undefined || (best.isRoot === false && candidate.isRoot === undefined)) best = candidate;
  }
  if (best === undefined) throw Fault.of("unknown", "the dump does not say where its kernel lies");
  return best;
}

/** Searches memory for the page tables of a candidate that does not have the right ones; else says so. */
export function* settled(
  image: DumpImage,
  candidate: Candidate,
  options: MemoryOptions,
): Generator<SearchProgress, Candidate> {
  if (candidate.isRoot === true) return candidate;
  const { arch, vmcoreinfo, paging, physical, isRoot } = candidate;
  const pageTableRoot = yield* rootBySearch(paging, physical, entryReader(physical));
  if (pageTableRoot === undefined) {
    const problem = isRoot === undefined ? "are not in the dump" : "contradict VMCOREINFO";
    return { ...candidate, doubts: [`the kernel's page tables ${problem}`] };
  }
  const found = pagingFor(image, arch, vmcoreinfo, options, pageTableRoot);
  return {
    ...candidate,
    paging: found,
    isRoot: true,
    doubts: ["the kernel's page tables were found by a search of memory"],
  };
}

export function architectureFor(image: DumpImage, vmcoreinfo: string | undefined): Arch | Fault {
  const { byteOrder, elfMachine, facts } = image;
  return architectureOf({ byteOrder, elfMachine, machine: facts.utsname?.machine, vmcoreinfo });
}

type Way = Pick<Candidate, "paging" | "physical" | "isRoot">;

/** By formula, then by program headers; for each way that page frames may be counted. */
function* likelyWays(image: DumpImage, arch: Arch, vmcoreinfo: Vmcoreinfo, options: MemoryOptions): Generator<Way> {
  const byFormula = pagingFor(image, arch, vmcoreinfo, options, undefined);
  const pagings = [byFormula];
  const root = rootBySegments(image, byFormula);
  if (root !== undefined) pagings.push(pagingFor(image, arch, vmcoreinfo, options, root));
  for (const physical of memories(image, arch)) {
    for (const paging of pagings) yield { paging, physical, isRoot: isRootOf(paging, physical) };
  }
}

const isRootOf = (paging: Paging, physical: DumpMemory): boolean | undefined =>
  paging.kernelRoot === undefined ? undefined : isKernelRoot(paging, paging.kernelRoot, entryReader(physical));

function* memories(image: DumpImage, arch: Arch): Generator<DumpMemory> {
  const origin = image.facts.physBase ?? 0n;
  if (arch.countsFramesFromPhysBase && image.format.includes("kdump") && origin > 0n) {
    yield new DumpMemory(image, arch.wordSize, origin);
  }
  yield new DumpMemory(image, arch.wordSize);
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
