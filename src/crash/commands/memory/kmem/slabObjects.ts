import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { hex, padHex } from "../../../../base/hex.ts";
import { nodeOfPfn } from "../../../../linux/mm/mmzone.ts";
import { pageToPfn } from "../../../../linux/mm/memoryModel.ts";
import { cacheName, cacheNodes, hasSlabFlag, isSlabAllocator } from "../../../../linux/slab/slab.ts";
import { slabAllocatorSlabs } from "../../../../linux/slab/slabAllocator.ts";
import { slabState, type SlabObject, type SlabState } from "../../../../linux/slab/slabObject.ts";
import { damageOf } from "../../../../linux/slab/slabPoison.ts";
import { slabsOfPages } from "../../../../linux/slab/slabScan.ts";
import { countedByNodes, type SlabCount } from "../../../../linux/slab/slabUsage.ts";
import { objectAt } from "../../../../linux/slab/slubFreelist.ts";
import { cpuPartialSlabs, cpuSlab, nodeCounter, nodeSlabs, readSlab, type Slab } from "../../../../linux/slab/slub.ts";
import type { Obj } from "../../../../model/object.ts";
import { cell } from "../../../../say/cell.ts";
import { right } from "../../../../render/pad.ts";
import {
  faultPiece,
  faultSpan,
  faultJson,
  progress,
  record,
  text,
  type Json,
  type Line,
  type Piece,
  type Pieces,
  addressJson,
} from "../../../../say/piece.ts";
import { cacheRow, cacheTitle, countedSlabs } from "./slabs.ts";

/** `kmem -S`: a cache with every slab that is on a list, and every object of them. @param cpus whose slabs */
export function* cacheObjects(cache: Obj, cpus: readonly number[]): Pieces {
  yield text(cacheTitle(cache.kernel));
  const counted = yield* countedSlabs(cache);
  yield cacheRow(cache, counted);
  if (isSlabAllocator(cache)) yield* slabList(slabAllocatorSlabs(cache), { list: "slabs" });
  else {
    const current = new Map<bigint, number>();
    const shown = yield* countingObjects(
      (function* () {
        for (const cpu of cpus) yield* cpuSlabs(cache, cpu, current);
        yield* nodeLists(cache, current);
      })(),
    );
    yield* omittedSlabs(cache, shown, counted);
  }
  yield text("");
}

/** `kmem -S -a`: a cache with all its slabs, which the structs of all pages tell, and every object of them. */
export function* allCacheObjects(cache: Obj): Pieces {
  yield text(cacheTitle(cache.kernel));
  yield cacheRow(cache, yield* countedSlabs(cache));
  let unread: Fault | undefined;
  let count = 0;
  for (const step of slabsOfPages(cache.kernel, cache)) {
    if (step instanceof Fault) [unread, count] = [unread ?? step, count + 1];
    else if ("done" in step) yield progress("pages", step.done, step.total);
    else yield* slabList([step], { list: "all" });
  }
  if (unread)
    yield faultPiece(unread, `slabs may be missing: ${count} of the pages that tell them cannot be read, the first: `);
  yield text("");
}

/** Passes slabs on. @returns how many there were, each once, and how many objects they have */
function* countingObjects(pieces: Pieces): Generator<Piece, SlabCount, void> {
  const totals = new Map<string, number>();
  for (const piece of pieces) {
    if (piece.kind === "record") {
      const { slab, total } = piece.data as { readonly slab?: string; readonly total?: number };
      if (slab !== undefined) totals.set(slab, total ?? 0);
    }
    yield piece;
  }
  return { slabs: totals.size, total: [...totals.values()].reduce((sum, one) => sum + one, 0) };
}

/** Full slabs are on no list. */
function* omittedSlabs(cache: Obj, shown: SlabCount, counted: SlabCount | undefined): Pieces {
  const all = attempt(() => counted ?? countedByNodes(cache));
  const name = attempt(() => cacheName(cache));
  if (all instanceof Fault || name instanceof Fault || all.slabs <= shown.slabs) return;
  const slabs = all.slabs - shown.slabs;
  const what = slabs === 1 ? "1 slab is" : `${slabs} slabs are`;
  yield {
    kind: "omission",
    said: `${shown.total} of ${all.total} objects: ${what} on none of the lists that are walked, as full slabs are.`,
    all: { title: "All objects", line: `kmem -S -a ${name}` },
    lines: [],
  };
}

/** @param current takes the slab that the CPU allocates from */
function* cpuSlabs(cache: Obj, cpu: number, current: Map<bigint, number>): Pieces {
  const own = attempt(() => cpuSlab(cache, cpu));
  if (own === undefined) return;
  if (own instanceof Fault) return yield faultPiece(own, `CPU ${cpu}: `);
  yield text(`CPU ${cpu} KMEM_CACHE_CPU:`, ["  ", { as: "address", text: hex(own.address), address: own.address }]);
  yield text(`CPU ${cpu} SLAB:`);
  yield* slabList(
    (function* () {
      if (own.slab !== 0n) yield readSlab(cache, own.slab);
    })(),
    { cpu, list: "current" },
  );
  if (own.slab !== 0n) current.set(own.slab, cpu);
  yield text(`CPU ${cpu} PARTIAL:`);
  yield* slabList(cpuPartialSlabs(cache, own), { cpu, list: "partial" });
}

function* nodeLists(cache: Obj, current: ReadonlyMap<bigint, number>): Pieces {
  const width = cache.kernel.arch.wordSize * 2;
  for (const { id, node } of cacheNodes(cache)) {
    const own = [...current.keys()].filter((slab) => nodeOfSlab(cache, slab) === id).length;
    const slabs = cell(() => nodeCounter(node, "nr_slabs") ?? "-");
    const partial = cell(() => nodeCounter(node, "nr_partial") ?? 0);
    const title = `${"KMEM_CACHE_NODE".padEnd(width)}  NODE  SLABS  PARTIAL  PER-CPU`;
    const isTracked = node.has("full") && hasSlabFlag(cache, "SLAB_STORE_USER");
    const data = {
      node: id,
      cacheNode: addressJson(node.address),
      slabs: slabs.json,
      partial: partial.json,
      perCpu: own,
      full: isTracked ? "listed" : "not tracked",
    };
    yield record(
      data,
      [{ as: "title", text: title }],
      [
        { as: "address", text: padHex(node.address, width), address: node.address },
        ...right(String(id), 6),
        ...right(slabs.span, 7),
        ...right(partial.span, 9),
        ...right(String(own), 9),
      ],
    );
    yield text(`NODE ${id} PARTIAL:`);
    yield* slabList(nodeSlabs(cache, node, "partial"), { node: id, list: "partial" });
    yield text(`NODE ${id} FULL:`);
    if (!isTracked) yield text("  (not tracked)");
    else yield* slabList(nodeSlabs(cache, node, "full"), { node: id, list: "full" });
  }
}

function nodeOfSlab(cache: Obj, slab: bigint): number | undefined {
  const node = attempt(() => {
    const pfn = pageToPfn(cache.kernel, slab);
    return pfn === undefined ? undefined : nodeOfPfn(cache.kernel, pfn);
  });
  return node instanceof Fault ? undefined : node;
}

/** Slabs with all their objects. @param place said with each: whose list it is on */
function* slabList(slabs: Iterable<Slab>, place: Record<string, Json>): Pieces {
  let fault: Fault | undefined;
  let isEmpty = true;
  for (const slab of untilFault(slabs, (why) => (fault = why))) {
    isEmpty = false;
    const state = attempt(() => slabState(slab));
    yield state instanceof Fault ? faultPiece(state, "  ") : slabPiece(state, undefined, place);
  }
  if (fault) yield faultPiece(fault, "  ");
  else if (isEmpty) yield text("  (empty)");
}

/** An address's cache, slab and object, as `kmem -s ADDRESS` shows it; with `-S` all objects of the slab. */
export function* objectPieces({ cache, slab, index }: SlabObject, withAll: boolean): Pieces {
  yield text(cacheTitle(cache.kernel));
  yield cacheRow(cache, yield* countedSlabs(cache));
  yield slabPiece(slabState(slab), withAll ? undefined : index, {});
}

/** @param only the number of the one object to show; all of them when not given */
function slabPiece(state: SlabState, only: number | undefined, place: Record<string, Json>): Piece {
  const { slab, layout, free, fault } = state;
  const { cache } = slab;
  const width = cache.kernel.arch.wordSize * 2;
  const node = nodeOfSlab(cache, slab.address);
  const shown = only === undefined ? Array.from({ length: layout.count }, (_, i) => i) : [only];
  const objects = shown.map((index) => ({
    address: objectAt(layout, index),
    holder: free.get(index),
    damage: attempt(() => damageOf(cache, objectAt(layout, index), free.has(index))),
  }));
  const title = `  ${"SLAB".padEnd(width)}  ${"MEMORY".padEnd(width)}  NODE  TOTAL  ALLOCATED  FREE`;
  const lines: Line[] = [
    [{ as: "title", text: title }],
    [
      "  ",
      { as: "address", text: padHex(slab.address, width), address: slab.address },
      "  ",
      { as: "address", text: padHex(slab.memory, width), address: slab.memory },
      ...right(String(node ?? "-"), 6),
      ...right(String(slab.objects), 7),
      ...right(String(slab.objects - free.size), 11),
      ...right(String(free.size), 6),
    ],
    ["  FREE / [ALLOCATED]"],
    ...objects.map((object) => objectLine(object)),
    ...(fault ? [["  ", faultSpan(fault)]] : []),
  ];
  const data: Json = {
    ...place,
    slab: addressJson(slab.address),
    cache: addressJson(cache.address),
    memory: addressJson(slab.memory),
    node: node ?? null,
    total: slab.objects,
    allocated: slab.objects - free.size,
    unread: fault ? faultJson(fault) : null,
    objects: objects.map(({ address, holder, damage }) => ({
      address: addressJson(address),
      free: holder !== undefined,
      holder: holder === undefined || holder === "" ? null : holder,
      damage: damage ? faultJson(damage) : null,
    })),
  };
  return record(data, ...lines);
}

interface ShownObject {
  readonly address: bigint;
  /** Who has it as free; undefined for an allocated one. */
  readonly holder: string | undefined;
  readonly damage: Fault | undefined;
}

function objectLine({ address, holder, damage }: ShownObject): Line {
  const span = { as: "address", text: hex(address), address } as const;
  const more: Line = damage && damage.kind === "corrupt" ? ["  ", faultSpan(damage)] : [];
  if (holder === undefined) return ["  [", span, "]", ...more];
  return ["   ", span, "  ", holder === "" ? "" : `(${holder})`, ...more];
}
