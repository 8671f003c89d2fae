import { attempt, Fault } from "../../base/fault.ts";
import { itemAtOrBelow } from "../../base/search.ts";
import { sizeOf } from "../../debuginfo/ctype.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { listEntries } from "../../kernel/list.ts";
import { globalU32, globalWord } from "../vmcoreinfo.ts";

/** A piece of address space that vmalloc() and its kin have given out. */
export interface VmapArea {
  /** `struct vmap_area`. */
  readonly area: Obj<"struct vmap_area">;
  /** `struct vm_struct`; undefined for what vm_map_ram() maps. */
  readonly vm: Obj<"struct vm_struct"> | undefined;
  readonly start: bigint;
  /** Exclusive. */
  readonly end: bigint;
}

/** Every area by address, and why there may be more. */
export interface VmapAreas {
  readonly areas: readonly VmapArea[];
  readonly fault: Fault | undefined;
}

/** Areas in use, worked out once. Never throws: what was found before a list breaks stands. */
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

/** nr_vmap_nodes is at most 128 (mm/vmalloc.c: vmap_init_nodes). */
const MAX_VMAP_NODES = 4096;

/**
 * Heads of the lists of areas. Since Linux kernel commit d093602919ad ("mm: vmalloc: remove global vmap_area_root
 * rb-tree") (in v6.9) there is one for each of several `struct vmap_node`.
 */
function* areaLists(kernel: Kernel): Generator<Obj<"struct list_head">> {
  if (kernel.symbols.find("vmap_area_list")) {
    yield kernel.variable("vmap_area_list");
    return;
  }
  const nodes = globalWord(kernel, "vmap_nodes");
  if (nodes === undefined) throw Fault.of("unknown", "neither vmap_area_list nor vmap_nodes is known");
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

/** The area that holds `address`. */
export function vmapAreaAt(kernel: Kernel, address: bigint): VmapArea | undefined {
  const { areas } = vmapAreas(kernel);
  const found = itemAtOrBelow(areas, ({ start }) => start, address);
  return found && address < found.end ? found : undefined;
}

/** Where the function that asked for an area is; undefined when it is not known. @throws Fault */
export function vmapCaller({ vm }: VmapArea): bigint | undefined {
  if (!vm?.has("caller")) return undefined;
  const caller = vm.at("caller").value();
  return caller === 0n ? undefined : caller;
}

/** Lowest address of the vmalloc space, where the kernel has a variable of it. @throws Fault */
export const vmallocStart = (kernel: Kernel): bigint | undefined =>
  globalWord(kernel, "vmalloc_base") ?? notedNumber(kernel, "VMALLOC_START");

function notedNumber(kernel: Kernel, key: string): bigint | undefined {
  const text = kernel.vmcoreinfo(`NUMBER(${key})`);
  return text !== undefined && /^0x[0-9a-f]{1,16}$/i.test(text) ? BigInt(text) : undefined;
}
