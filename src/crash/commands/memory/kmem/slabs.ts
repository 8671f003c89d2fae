import { attempt, Fault } from "../../../../base/fault.ts";
import { hex, padHex } from "../../../../base/hex.ts";
import { cacheName, objectSize, slabBytes, slabCaches } from "../../../../linux/slab/slab.ts";
import { countSlabs } from "../../../../linux/slab/slabScan.ts";
import { countsSlabs, slabUsage, type SlabCount } from "../../../../linux/slab/slabUsage.ts";
import { derivedByWork } from "../../../../model/derived.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { cell } from "../../../../say/cell.ts";
import { right } from "../../../../render/pad.ts";
import {
  faultPiece,
  progress,
  record,
  text,
  type Line,
  type Piece,
  type Pieces,
  addressJson,
} from "../../../../say/piece.ts";

/** Which caches a command is about. */
export interface CacheChoice {
  /** A name; every cache when not given. */
  readonly name: string | undefined;
  readonly ignored: readonly string[];
}

/** The caches of a choice, and what becomes of the rest when the list breaks; those to be ignored among them. */
export function* chosenCaches(kernel: Kernel, { name }: CacheChoice): Generator<Obj> {
  for (const cache of slabCaches(kernel)) {
    if (name === undefined || attempt(() => cacheName(cache)) === name) yield cache;
  }
}

/** What stands for a cache that is to be ignored; undefined for any other. */
export function ignoredRow(cache: Obj, { ignored }: CacheChoice): Piece | undefined {
  const name = attempt(() => cacheName(cache));
  if (name instanceof Fault || !ignored.includes(name)) return undefined;
  const width = cache.kernel.arch.wordSize * 2;
  return record({ cache: addressJson(cache.address), name, ignored: true }, [
    { as: "address", text: padHex(cache.address, width), address: cache.address },
    `${" [IGNORED]".padEnd(COUNTS_WIDTH)}${name}`,
  ]);
}

/** Characters from a cache's address to its name. */
const COUNTS_WIDTH = 46;

export const cacheTitle = (kernel: Kernel): Line => [
  {
    as: "title",
    text: `${"CACHE".padEnd(kernel.arch.wordSize * 2)}  OBJSIZE  ALLOCATED     TOTAL  SLABS  SSIZE  NAME`,
  },
];

/** `kmem -s`: usage of each cache. @returns how many caches there were */
export function* cacheTable(kernel: Kernel, choice: CacheChoice): Generator<Piece, number, void> {
  yield text(cacheTitle(kernel));
  let count = 0;
  for (const cache of chosenCaches(kernel, choice)) {
    count++;
    const ignored = ignoredRow(cache, choice);
    if (ignored) yield ignored;
    else yield cacheRow(cache, yield* countedSlabs(cache));
  }
  return count;
}

/** Slabs by cache, found by a scan of all pages. */
const slabCounts = derivedByWork("slabs", function* (kernel) {
  const scan = countSlabs(kernel);
  for (;;) {
    const step = attempt(() => scan.next());
    if (step instanceof Fault) return step;
    if (step.done) return step.value;
    yield progress("pages", step.value.done, step.value.total);
  }
});

/** What a scan of all pages found of the cache, for kernels whose caches do not count; undefined for the others. */
export function* countedSlabs(cache: Obj): Generator<Piece, SlabCount | undefined, void> {
  if (attempt(() => countsSlabs(cache)) === true) return undefined;
  const counts = yield* slabCounts(cache.kernel);
  return counts instanceof Fault ? undefined : (counts.get(cache.address) ?? { slabs: 0, total: 0 });
}

/** One cache's row. @param used how its usage is found */
export function cacheRow(cache: Obj, counted?: SlabCount, used = () => slabUsage(cache, counted)): Piece {
  const usage = attempt(used);
  const of = (key: "allocated" | "total" | "slabs") =>
    cell(() => {
      if (usage instanceof Fault) throw usage;
      return usage[key];
    });
  const size = cell(() => objectSize(cache));
  const bytes = cell(
    () => slabBytes(cache),
    (value) => `${value / 1024}k`,
  );
  const name = cell(() => cacheName(cache));
  const [allocated, total, slabs] = [of("allocated"), of("total"), of("slabs")];
  const data = {
    cache: addressJson(cache.address),
    name: name.json,
    objectSize: size.json,
    allocated: allocated.json,
    total: total.json,
    slabs: slabs.json,
    slabBytes: bytes.json,
  };
  const counts: Line =
    usage instanceof Fault
      ? ["  ", allocated.span]
      : [...right(allocated.span, 11), ...right(total.span, 10), ...right(slabs.span, 7)];
  return record(data, [
    { as: "address", text: padHex(cache.address, cache.kernel.arch.wordSize * 2), address: cache.address },
    ...right(size.span, 9),
    ...counts,
    ...right(bytes.span, 7),
    "  ",
    name.span,
  ]);
}

/** `kmem -s list`: names and addresses. */
export function* cacheList(kernel: Kernel): Pieces {
  for (const cache of slabCaches(kernel)) {
    const name = cell(() => cacheName(cache));
    yield record({ cache: addressJson(cache.address), name: name.json }, [
      { as: "address", text: hex(cache.address), address: cache.address },
      " ",
      name.span,
    ]);
  }
}

/** A list that breaks is said after what it gave. */
export function* untilBroken(pieces: Pieces): Pieces {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    yield faultPiece(error, "kmem: ");
  }
}
