/** Objects that contain an address. */
import { attempt, Fault } from "../base/fault.ts";
import { itemAtOrBelow } from "../base/search.ts";
import type { KSymbol } from "../debuginfo/source.ts";
import { derived } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import { cpuStacks, threadSize, type StackRange } from "../unwind/stacks.ts";
import { type FreeBlock, freeBlockOf } from "./mm/buddy.ts";
import { possibleCpus } from "../kernel/cpumask.ts";
import { type PhysicalRange, sharedWithCapture } from "./kdump/crashkernel.ts";
import { pageToPfn, pfnToPage } from "./mm/memoryModel.ts";
import { moduleAt, moduleSections, type ModuleSection } from "./module/module.ts";
import { pageShift } from "./mm/page.ts";
import { pageStruct, type PageStruct } from "./mm/pageStruct.ts";
import { perCpuAddress } from "../kernel/percpu.ts";
import { resourceTree } from "./devices/resource.ts";
import { type SlabObject, slabObjectAt, slabState } from "./slab/slabObject.ts";
import { taskOfStack } from "./sched/stack.ts";
import { taskTable } from "./sched/task.ts";
import { type VmapArea, vmapAreaAt } from "./mm/vmalloc.ts";
import { findVma } from "./mm/vma.ts";

/** An object that contains an address; `offset` is the distance from its start, in bytes. */
export type Container =
  | { readonly kind: "symbol"; readonly symbol: KSymbol; readonly offset: number }
  /** A CPU's copy of a per-CPU variable. */
  | { readonly kind: "per-CPU variable"; readonly symbol: KSymbol; readonly cpu: number; readonly offset: number }
  | {
      readonly kind: "module section";
      readonly module: Obj<"struct module">;
      readonly section: ModuleSection;
      readonly offset: number;
    }
  /** `freeIn` is what keeps a free object: "" for its slab, "cpu 1 cache"; undefined for an allocated object. */
  | {
      readonly kind: "slab object";
      readonly object: SlabObject;
      readonly freeIn: string | undefined;
      readonly offset: number;
    }
  /** The `task_struct` itself. */
  | { readonly kind: "task"; readonly task: Obj<"struct task_struct">; readonly offset: number }
  | { readonly kind: "task stack"; readonly task: Obj<"struct task_struct">; readonly offset: number }
  /** An interrupt or exception stack of a CPU. */
  | { readonly kind: "CPU stack"; readonly stack: StackRange; readonly offset: number }
  | { readonly kind: "free block"; readonly block: FreeBlock }
  | { readonly kind: "vmalloc area"; readonly area: VmapArea; readonly offset: number }
  /** The address is within a `struct page`. */
  | { readonly kind: "page struct"; readonly page: PageStruct }
  /** The page that contains the address. */
  | { readonly kind: "page"; readonly page: PageStruct; readonly physical: bigint }
  /** Resources of the physical address space that contain the address, outermost first: "System RAM", "Kernel code". */
  | {
      readonly kind: "physical address space";
      readonly resources: readonly Obj<"struct resource">[];
      readonly physical: bigint;
    }
  /** Memory of `crashkernel=,cma`, which the capture kernel may have overwritten. */
  | { readonly kind: "capture area"; readonly range: PhysicalRange; readonly offset: number }
  | {
      readonly kind: "user area";
      readonly task: Obj<"struct task_struct">;
      readonly vma: Obj<"struct vm_area_struct">;
      readonly offset: number;
    };

/**
 * Yields the objects that contain a kernel address, most specific first. With `task`, also accepts user addresses of
 * that task. An address that is neither is treated as a physical address. What the dump cannot provide is left out,
 * because the value may not be an address at all.
 */
export function* identify(kernel: Kernel, address: bigint, task?: Obj<"struct task_struct">): Generator<Container> {
  const isKernel = kernel.memory.isKernelAddress(address);
  let isKnown = isKernel;
  for (const find of isKernel ? KERNEL : []) {
    const found = attempt(() => find(kernel, address));
    if (found && !(found instanceof Fault)) yield found;
  }
  if (task && (!isKernel || kernel.arch.overlappingSpaces)) {
    const found = attempt(() => userArea(task, address));
    if (found && !(found instanceof Fault)) {
      isKnown = true;
      yield found;
    }
  }
  for (const find of isKnown ? [] : PHYSICAL) {
    const found = attempt(() => find(kernel, address));
    if (found && !(found instanceof Fault)) yield found;
  }
}

type Finder = (kernel: Kernel, address: bigint) => Container | undefined;

const symbolAt: Finder = (kernel, address) => {
  const symbol = kernel.symbols.at(address);
  return symbol && { kind: "symbol", symbol, offset: Number(address - symbol.address) };
};

/** Returns the copy of a per-CPU variable of the kernel's image that contains an address; undefined if none does. */
export const perCpuVariableAt = (
  kernel: Kernel,
  address: bigint,
): Extract<Container, { kind: "per-CPU variable" }> | undefined => {
  const copy = itemAtOrBelow(perCpuCopies(kernel), ({ start }) => start, address);
  if (!copy || address >= copy.end) return undefined;
  const place = address - copy.start + copy.link;
  const symbol = itemAtOrBelow(perCpuSymbols(kernel), ({ address: first }) => first, place);
  return symbol && { kind: "per-CPU variable", symbol, cpu: copy.cpu, offset: Number(place - symbol.address) };
};

/**
 * Each CPU's copy of the per-CPU section, by address; the end is exclusive, and `link` is the link address of the start.
 * Computed once, because machines have thousands of CPUs. A CPU whose offset cannot be read is left out. Link addresses
 * are zero-based on x86_64 until v6.14.
 */
const perCpuCopies = derived("copies of the per-CPU section", (kernel) => {
  const section = perCpuSection(kernel);
  if (!section) return [];
  const { start: link, end } = section;
  const copies: { start: bigint; end: bigint; link: bigint; cpu: number }[] = [];
  for (const cpu of possibleCpus(kernel)) {
    const start = attempt(() => perCpuAddress(kernel, link, cpu));
    if (!(start instanceof Fault)) copies.push({ start, end: start + (end - link), link, cpu });
  }
  return copies.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
});

/** The link addresses of the per-CPU section; undefined if the kernel has none. The end is exclusive. */
const perCpuSection = derived("per-CPU section", (kernel) => {
  const start = kernel.symbols.find("__per_cpu_start")?.address;
  const end = kernel.symbols.find("__per_cpu_end")?.address;
  return start === undefined || end === undefined ? undefined : { start, end };
});

/**
 * The symbols of the per-CPU section by address. The list is needed because no image is mapped there, so that a lookup
 * by address finds no symbol.
 */
const perCpuSymbols = derived("per-CPU symbols", (kernel): readonly KSymbol[] => {
  const { start = 0n, end = 0n } = perCpuSection(kernel) ?? {};
  const symbols: KSymbol[] = [];
  for (const symbol of kernel.symbols.all())
    if (symbol.module === undefined && symbol.address >= start && symbol.address < end) symbols.push(symbol);
  // If two symbols have the same address, the one of the data comes before the marker of the section.
  return symbols.sort((a, b) => Number(a.address - b.address) || a.size - b.size);
});

const moduleSectionAt: Finder = (kernel, address) => {
  const module = moduleAt(kernel, address);
  if (!module) return undefined;
  let nearest: ModuleSection | undefined;
  for (const section of moduleSections(module)) {
    if (section.address <= address && section.address >= (nearest?.address ?? 0n)) nearest = section;
  }
  return nearest && { kind: "module section", module, section: nearest, offset: Number(address - nearest.address) };
};

const slabObjectHolding: Finder = (kernel, address) => {
  const object = slabObjectAt(kernel, address);
  if (!object) return undefined;
  const freeIn = slabState(object.slab).free.get(object.index);
  return { kind: "slab object", object, freeIn, offset: Number(address - object.address) };
};

const taskStarts = derived("task_structs by address", (kernel) =>
  taskTable(kernel).tasks.toSorted((a, b) => (a.address < b.address ? -1 : 1)),
);

/** Finds the known task whose `task_struct` contains the address. */
const taskHolding: Finder = (kernel, address) => {
  const starts = taskStarts(kernel);
  const task = itemAtOrBelow(starts, (one) => one.address, address);
  if (!task || address >= task.address + BigInt(task.size)) return undefined;
  // The type can be larger than the allocated object: it ends with the FPU registers, whose size depends on the CPU.
  const object = slabObjectAt(kernel, address);
  if (object && object.address !== task.address) return undefined;
  return { kind: "task", task, offset: Number(address - task.address) };
};

const taskStackHolding: Finder = (kernel, address) => {
  const task = taskOfStack(kernel, address);
  return task && { kind: "task stack", task, offset: Number(address & BigInt(threadSize(kernel) - 1)) };
};

const cpuStackHolding: Finder = (kernel, address) => {
  const stack = cpuStacks(kernel).find(({ start, end }) => address >= start && address < end);
  return stack && { kind: "CPU stack", stack, offset: Number(address - stack.start) };
};

const vmallocAreaAt: Finder = (kernel, address) => {
  const area = vmapAreaAt(kernel, address);
  return area && { kind: "vmalloc area", area, offset: Number(address - area.start) };
};

const freeBlockAt: Finder = (kernel, address) => {
  const pfn = pfnOfMapped(kernel, address);
  const block = pfn === undefined ? undefined : freeBlockOf(kernel, pfn);
  return block && { kind: "free block", block };
};

const pageStructAt: Finder = (kernel, address) => {
  const pfn = pageToPfn(kernel, address);
  return pfn === undefined ? undefined : { kind: "page struct", page: pageStruct(kernel, pfn) };
};

const pageAt: Finder = (kernel, physical) => {
  const pfn = Number(physical >> BigInt(pageShift(kernel)));
  return pfnToPage(kernel, pfn) === undefined ? undefined : { kind: "page", page: pageStruct(kernel, pfn), physical };
};

/** Maximum number of resources; devices reserve thousands of ranges. */
const MAX_RESOURCES = 100_000;

const iomemRanges = derived("iomem resources", (kernel) => {
  const list: { resource: Obj<"struct resource">; start: bigint; end: bigint; depth: number }[] = [];
  for (const { resource, depth } of resourceTree(kernel.variable("iomem_resource"))) {
    list.push({ resource, depth, start: resource.at("start").value(), end: resource.at("end").value() });
    if (list.length === MAX_RESOURCES) break;
  }
  return list;
});

const resourcesAt: Finder = (kernel, physical) => {
  const ranges = iomemRanges(kernel);
  const holding = ranges.filter(({ start, end, depth }) => depth > 0 && start <= physical && physical <= end);
  if (holding.length === 0) return undefined;
  return { kind: "physical address space", resources: holding.map(({ resource }) => resource), physical };
};

const captureAreaAt: Finder = (kernel, physical) => {
  const range = sharedWithCapture(kernel).find(({ start, size }) => physical >= start && physical - start < size);
  return range && { kind: "capture area", range, offset: Number(physical - range.start) };
};

/** Returns a finder for virtual addresses that uses a finder for physical ones. */
const mapped =
  (find: Finder): Finder =>
  (kernel, address) => {
    const found = kernel.memory.translate(address);
    return found instanceof Fault ? undefined : find(kernel, found.physical);
  };

function pfnOfMapped(kernel: Kernel, address: bigint): number | undefined {
  const found = kernel.memory.translate(address);
  return found instanceof Fault ? undefined : Number(found.physical >> BigInt(pageShift(kernel)));
}

const KERNEL: readonly Finder[] = [
  symbolAt,
  perCpuVariableAt,
  moduleSectionAt,
  slabObjectHolding,
  taskHolding,
  taskStackHolding,
  cpuStackHolding,
  freeBlockAt,
  vmallocAreaAt,
  pageStructAt,
  mapped(pageAt),
  mapped(resourcesAt),
  mapped(captureAreaAt),
];

const PHYSICAL: readonly Finder[] = [pageAt, resourcesAt, captureAreaAt];

function userArea(task: Obj<"struct task_struct">, address: bigint): Container | undefined {
  const mm = task.at("mm");
  const vma = mm.value() === 0n ? undefined : findVma(mm.deref(), address);
  return vma && { kind: "user area", task, vma, offset: Number(address - vma.at("vm_start").value()) };
}
