/** Areas of the vmalloc address space. */
import { attempt, Fault } from "../../base/fault.ts";
import { itemAtOrBelow } from "../../base/search.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";
import { globalU32, globalWord } from "../vmcoreinfo.ts";

/** An area that vmalloc() or a related function allocated. */
export interface VmapArea {
  /** `struct vmap_area`. */
  readonly area: Obj<"struct vmap_area">;
  /** `struct vm_struct`; undefined for areas of vm_map_ram(). */
  readonly vm: Obj<"struct vm_struct"> | undefined;
  readonly start: bigint;
  /** The end, exclusive. */
  readonly end: bigint;
}

/** The areas by ascending address, and the fault because of which some can be missing. */
export interface VmapAreas {
  readonly areas: readonly VmapArea[];
  readonly fault: Fault | undefined;
}

/** The areas in use, computed once. Never throws: areas found before a list breaks are kept. */
export const vmapAreas = derived("vmap areas", (kernel): VmapAreas => {
  const areas: VmapArea[] = [];
  let fault: Fault | undefined;
  const collect = (list: () => Iterable<Obj<"struct vmap_area">>): void => {
    const done = attempt(() => {
      for (const area of list()) areas.push(vmapArea(area));
    });
    if (done instanceof Fault) fault ??= done;
  };
  const lists = attempt(() => [...areaLists(kernel)]);
  if (lists instanceof Fault) fault = lists;
  else for (const head of lists) collect(() => listEntries(kernel, head, "struct vmap_area", "list"));
  areas.sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  return { areas, fault };
});

/** Maximum number of vmap nodes; nr_vmap_nodes is at most 128 (mm/vmalloc.c: vmap_init_nodes). */
const MAX_VMAP_NODES = 4096;

/**
 * Yields the heads of the lists of areas. Since Linux kernel commit d093602919ad ("mm: vmalloc: remove global
 * vmap_area_root rb-tree") (in v6.9) each `struct vmap_node` has one; before, there is one list.
 */
function* areaLists(kernel: Kernel): Generator<Obj<"struct list_head">> {
  if (kernel.symbols.find("vmap_area_list")) {
    yield kernel.variable("vmap_area_list");
    return;
  }
  for (const node of vmapNodes(kernel)) yield node.at("busy.head");
}

/** Yields the nodes of `vmap_nodes`. @throws Fault "unknown" if there is no such variable */
function* vmapNodes(kernel: Kernel): Generator<Obj<"struct vmap_node">> {
  const type = kernel.types.named("struct vmap_node");
  const nodes = globalWord(kernel, "vmap_nodes") ?? singleNode(kernel, sizeOf(type));
  if (nodes === undefined) throw Fault.of("unknown", "neither vmap_area_list nor vmap_nodes is among the symbols");
  const count = Math.min(globalU32(kernel, "nr_vmap_nodes") ?? 1, MAX_VMAP_NODES);
  for (let i = 0; i < count; i++) yield kernel.object(type, nodes + BigInt(i * sizeOf(type))).as("struct vmap_node");
}

/**
 * Returns the address of the one node of a 32-bit kernel, `single`; undefined for other kernels. The compiler removes
 * the pointer to it.
 */
function singleNode(kernel: Kernel, bytes: number): bigint | undefined {
  const symbol = kernel.symbols.find("single");
  return symbol?.size === bytes ? symbol.address : undefined;
}

function vmapArea(area: Obj<"struct vmap_area">): VmapArea {
  const vm = area.at("vm");
  return {
    area,
    vm: vm.value() === 0n ? undefined : vm.deref(),
    start: area.at("va_start").value(),
    end: area.at("va_end").value(),
  };
}

/** Returns the area that contains `address`; undefined if none does. */
export function vmapAreaAt(kernel: Kernel, address: bigint): VmapArea | undefined {
  const { areas } = vmapAreas(kernel);
  const found = itemAtOrBelow(areas, ({ start }) => start, address);
  return found && address < found.end ? found : undefined;
}

/**
 * Returns the freed area that contains `address`, while the kernel keeps its addresses to flush TLBs for many areas at
 * once (mm/vmalloc.c, free_vmap_area_noflush). Adjacent areas are merged there. Undefined if none contains it.
 */
export function freedAreaAt(kernel: Kernel, address: bigint): Pick<VmapArea, "start" | "end"> | undefined {
  const found = attempt(() => {
    for (const head of freedLists(kernel))
      for (const area of listEntries(kernel, head, "struct vmap_area", "list")) {
        const [start, end] = [area.at("va_start").value(), area.at("va_end").value()];
        if (address >= start && address < end) return { start, end };
      }
    return undefined;
  });
  return found instanceof Fault ? undefined : found;
}

/** Yields the heads of the lists of freed areas: one, or one for each `struct vmap_node` (see areaLists). */
function* freedLists(kernel: Kernel): Generator<Obj<"struct list_head">> {
  if (kernel.symbols.find("purge_vmap_area_list")) yield kernel.variable("purge_vmap_area_list");
  else for (const node of vmapNodes(kernel)) if (node.has("lazy.head")) yield node.at("lazy.head");
}

/** Returns the return address of the call that allocated an area; undefined if unknown. @throws Fault */
export function vmapCaller({ vm }: VmapArea): bigint | undefined {
  if (!vm?.has("caller")) return undefined;
  const caller = vm.at("caller").value();
  return caller === 0n ? undefined : caller;
}

/**
 * Returns the lowest address of the vmalloc space; undefined if neither a variable nor VMCOREINFO has it. @throws Fault
 */
export const vmallocStart = (kernel: Kernel): bigint | undefined =>
  globalWord(kernel, "vmalloc_base") ?? notedNumber(kernel, "VMALLOC_START");

function notedNumber(kernel: Kernel, key: string): bigint | undefined {
  const text = kernel.vmcoreinfo(`NUMBER(${key})`);
  return text !== undefined && /^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt(text) : undefined;
}
