/** Implements `kmem -S`: lists slabs and their objects. */
import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { nodeOfPfn } from "../../../../linux/mm/mmzone.ts";
import { pageToPfn } from "../../../../linux/mm/memoryModel.ts";
import { cacheNodes, hasSlabFlag, isSlabAllocator } from "../../../../linux/slab/slab.ts";
import { slabAllocatorSlabs } from "../../../../linux/slab/slabAllocator.ts";
import { isFreeForAllocator, slabState, type SlabObject, type SlabState } from "../../../../linux/slab/slabObject.ts";
import { damageOf } from "../../../../linux/slab/slabPoison.ts";
import { slabsOfPages } from "../../../../linux/slab/slabScan.ts";
import { objectAt } from "../../../../linux/slab/slubFreelist.ts";
import { cpuPartialSlabs, cpuSlab, nodeCounter, nodeSlabs, readSlab, type Slab } from "../../../../linux/slab/slub.ts";
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import {
  addressJson,
  faultJson,
  faultPiece,
  faultSpan,
  progress,
  text,
  type Line,
  type Piece,
  type Pieces,
} from "../../../../say/piece.ts";
import type { Fields, Table } from "../../../../say/table.ts";
import { omittedSlabs, type Shown } from "./omittedSlabs.ts";
import { cacheHeading, cacheRow, countedSlabs } from "./slabs.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";

/**
 * Shows a cache with every slab that is on a list, and all their objects, for `kmem -S`. @param cpus the CPUs whose
 * slabs are listed
 */
export function* cacheObjects(cache: Obj, cpus: readonly number[]): Pieces {
  yield cacheHeading(cache.kernel);
  const counted = yield* countedSlabs(cache);
  yield cacheRow(cache, counted);
  if (isSlabAllocator(cache)) yield* slabList(slabAllocatorSlabs(cache), { list: "slabs" });
  else {
    const current = new Set<bigint>();
    const shown: Shown = new Map();
    for (const cpu of cpus) yield* cpuSlabs(cache, cpu, current, shown);
    yield* nodeLists(cache, current, shown);
    const isEveryCpu = possibleCpus(cache.kernel).every((cpu) => cpus.includes(cpu));
    yield* omittedSlabs(cache, shown, counted, isEveryCpu);
  }
  yield text("");
}

/** Shows a cache with all its slabs, found by a scan of all page structs, and all their objects, for `kmem -S -a`. */
export function* allCacheObjects(cache: Obj): Pieces {
  yield cacheHeading(cache.kernel);
  yield cacheRow(cache, yield* countedSlabs(cache));
  let unread: Fault | undefined;
  let count = 0;
  for (const step of slabsOfPages(cache.kernel, cache)) {
    if (step instanceof Fault) [unread, count] = [unread ?? step, count + 1];
    else if ("done" in step) yield progress("pages", step.done, step.total);
    else yield* slabList([step], { list: "all" });
  }
  if (unread)
    yield faultPiece(
      unread,
      `slabs may be missing: ${count} of the pages that describe them cannot be read; the first fault: `,
    );
  yield text("");
}

/** Lists the slabs of one CPU. @param current receives the slab that the CPU allocates from */
function* cpuSlabs(cache: Obj, cpu: number, current: Set<bigint>, shown: Shown): Pieces {
  const own = attempt(() => cpuSlab(cache, cpu));
  if (own === undefined) return;
  if (own instanceof Fault) return yield faultPiece(own, `CPU ${cpu}: `);
  yield text(`CPU ${cpu} KMEM_CACHE_CPU:`, ["  ", shortAddressSpan(own.address)]);
  yield text(`CPU ${cpu} SLAB:`);
  yield* slabList(
    (function* () {
      if (own.slab !== 0n) yield readSlab(cache, own.slab);
    })(),
    { cpu, list: "current" },
    shown,
  );
  if (own.slab !== 0n) current.add(own.slab);
  yield text(`CPU ${cpu} PARTIAL:`);
  yield* slabList(cpuPartialSlabs(cache, own), { cpu, list: "partial" }, shown);
}

interface NodeRow {
  readonly id: number;
  /** The node, `struct kmem_cache_node`. */
  readonly node: Obj;
  /** Number of its slabs from which CPUs allocate. */
  readonly perCpu: number;
  /** Whether the node keeps a list of full slabs. */
  readonly isTracked: boolean;
}

export const cacheNodesTable: Table<NodeRow> = {
  gap: "",
  columns: {
    cacheNode: { kind: "address", title: "KMEM_CACHE_NODE", titleAlign: "left", value: ({ node }) => node.address },
    node: { kind: "number", title: "NODE", width: 6, value: ({ id }) => id },
    slabs: {
      kind: "number",
      title: "SLABS",
      width: 7,
      about: "null if the kernel does not count them",
      value: ({ node }) => nodeCounter(node, "nr_slabs"),
      absent: "-",
    },
    partial: { kind: "number", title: "PARTIAL", width: 9, value: ({ node }) => nodeCounter(node, "nr_partial") ?? 0 },
    perCpu: {
      kind: "number",
      title: "PER-CPU",
      width: 9,
      about: "slabs from which CPUs allocate",
      value: ({ perCpu }) => perCpu,
    },
    fullTracked: { kind: "flag", about: "full slabs are on a list", value: ({ isTracked }) => isTracked },
  },
};

function* nodeLists(cache: Obj, current: ReadonlySet<bigint>, shown: Shown): Pieces {
  const layout = new TableLayout(cache.kernel, cacheNodesTable);
  for (const { id, node } of cacheNodes(cache)) {
    const perCpu = [...current].filter((slab) => nodeOfSlab(cache, slab) === id).length;
    const isTracked = node.has("full") && hasSlabFlag(cache, "SLAB_STORE_USER");
    yield layout.headed({ id, node, perCpu, isTracked });
    yield text(`NODE ${id} PARTIAL:`);
    yield* slabList(nodeSlabs(cache, node, "partial"), { list: "partial" }, shown);
    yield text(`NODE ${id} FULL:`);
    if (!isTracked) yield text("  (not tracked)");
    else yield* slabList(nodeSlabs(cache, node, "full"), { list: "full" }, shown);
  }
}

function nodeOfSlab(cache: Obj, slab: bigint): number | undefined {
  const node = attempt(() => {
    const pfn = pageToPfn(cache.kernel, slab);
    return pfn === undefined ? undefined : nodeOfPfn(cache.kernel, pfn);
  });
  return node instanceof Fault ? undefined : node;
}

/** Lists slabs with all their objects. @param place the list they are on, shown with each slab */
function* slabList(slabs: Iterable<Slab>, place: ListPosition, shown?: Shown): Pieces {
  let fault: Fault | undefined;
  let isEmpty = true;
  for (const slab of untilFault(slabs, (why) => (fault = why))) {
    isEmpty = false;
    const state = attempt(() => slabState(slab));
    if (!(state instanceof Fault)) shown?.set(slab.address, slab.objects);
    yield state instanceof Fault ? faultPiece(state, "  ") : slabPiece(state, undefined, place);
  }
  if (fault) yield faultPiece(fault, "  ");
  else if (isEmpty) yield text("  (empty)");
}

/** Shows an address's cache, slab and object, for `kmem -s ADDRESS`; with `-S` all objects of the slab. */
export function* objectPieces({ cache, slab, index }: SlabObject, withAll: boolean): Pieces {
  yield cacheHeading(cache.kernel);
  yield cacheRow(cache, yield* countedSlabs(cache));
  yield slabPiece(slabState(slab), withAll ? undefined : index, {});
}

/** The list that a slab is on. */
interface ListPosition {
  readonly cpu?: number;
  readonly list?: "current" | "partial" | "full" | "slabs" | "all";
}

interface SlabRow {
  readonly state: SlabState;
  readonly place: ListPosition;
  readonly objects: () => readonly ShownObject[];
}

interface ShownObject {
  readonly address: bigint;
  /** What holds a free object, as in `SlabState.free`; undefined for an allocated object. */
  readonly holder: string | undefined;
  readonly damage: Fault | undefined;
}

const objectFields: Fields = {
  address: { kind: "address" },
  free: { kind: "flag" },
  holder: { kind: "text", about: "CPU, sheaf, barn or KASAN that holds it; null for the slab's freelist" },
  damage: { kind: "text", about: "null, or a fault with the damage found in the object" },
};

export const slabsTable: Table<SlabRow> = {
  gap: "",
  columns: {
    slab: {
      kind: "address",
      title: "SLAB",
      titleAlign: "left",
      gap: "  ",
      about: "of the struct slab or page",
      value: ({ state }) => state.slab.address,
    },
    memory: {
      kind: "address",
      title: "MEMORY",
      titleAlign: "left",
      gap: "  ",
      value: ({ state }) => state.slab.memory,
    },
    node: {
      kind: "number",
      title: "NODE",
      width: 6,
      value: ({ state: { slab } }) => nodeOfSlab(slab.cache, slab.address),
      absent: "-",
    },
    total: { kind: "number", title: "TOTAL", width: 7, about: "all objects", value: ({ state }) => state.slab.objects },
    allocated: {
      kind: "number",
      title: "ALLOCATED",
      width: 11,
      value: ({ state }) => state.slab.objects - state.free.size,
    },
    freeObjects: { kind: "number", title: "FREE", width: 6, value: ({ state }) => state.free.size },
    cache: { kind: "address", about: "of the struct kmem_cache", value: ({ state }) => state.slab.cache.address },
    cpu: {
      kind: "number",
      about: "CPU whose list contains the slab; null for other lists",
      value: ({ place }) => place.cpu,
    },
    list: {
      kind: "text",
      about: "current, partial or full; slabs or all if the kernel does not separate them",
      value: ({ place }) => place.list,
    },
    unread: {
      kind: "text",
      about: "null, or the fault because of which free objects can be missing",
      value: ({ state }) => state.fault,
    },
    objects: {
      kind: "data",
      fields: objectFields,
      value: ({ objects }) =>
        objects().map(({ address, holder, damage }) => ({
          address: addressJson(address),
          free: holder !== undefined,
          holder: holder === undefined || holder === "" ? null : holder,
          damage: damage ? faultJson(damage) : null,
        })),
    },
  },
};

/** Makes the piece of one slab. @param only number of the single object to show; undefined for all */
function slabPiece(state: SlabState, only: number | undefined, place: ListPosition): Piece {
  const { slab, layout, free, fault } = state;
  const { cache } = slab;
  const shown = only === undefined ? Array.from({ length: layout.count }, (_, i) => i) : [only];
  const objects = (): ShownObject[] =>
    shown.map((index) => ({
      address: objectAt(layout, index),
      holder: free.get(index),
      damage: attempt(() => damageOf(cache, objectAt(layout, index), isFreeForAllocator(state, index))),
    }));
  return new TableLayout(cache.kernel, slabsTable).headed({ state, place, objects }, () => [
    ["  FREE / [ALLOCATED]"],
    ...objects().map(objectLine),
    ...(fault ? [["  ", faultSpan(fault)]] : []),
  ]);
}

function objectLine({ address, holder, damage }: ShownObject): Line {
  const span = shortAddressSpan(address);
  const more: Line = damage && damage.kind === "corrupt" ? ["  ", faultSpan(damage)] : [];
  if (holder === undefined) return ["  [", span, "]", ...more];
  return ["   ", span, "  ", holder === "" ? "" : `(${holder})`, ...more];
}
