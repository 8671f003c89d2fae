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
  /** Exclusive. */
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

/** Limit for vmap nodes; nr_vmap_nodes is at most 128 (mm/vmalloc.c: vmap_init_nodes). */
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
  const nodes = globalWord(kernel, "vmap_nodes");
  if (nodes === undefined) throw Fault.of("unknown", "neither vmap_area_list nor vmap_nodes is among the symbols");
  const count = Math.min(globalU32(kernel, "nr_vmap_nodes") ?? 1, MAX_VMAP_NODES);
  const type = kernel.types.named("struct vmap_node");
  for (let i = 0; i < count; i++) yield kernel.object(type, nodes + BigInt(i * sizeOf(type))).at("busy.head");
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
