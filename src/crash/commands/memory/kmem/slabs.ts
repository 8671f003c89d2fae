/** Implements `kmem -s`: lists slab caches. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { once } from "../../../../base/once.ts";
import { cacheName, objectSize, slabBytes, slabCaches } from "../../../../linux/slab/slab.ts";
import { countSlabs } from "../../../../linux/slab/slabScan.ts";
import { countsSlabs, slabUsage, type SlabCount, type SlabUsage } from "../../../../linux/slab/slabUsage.ts";
import { derived, derivedByWork } from "../../../../model/derived.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import type { PageKeys } from "../../../../protocol/records.ts";
import { table, TableLayout } from "../../../../render/layout.ts";
import { faultPiece, progress, type Piece, type Pieces } from "../../../../say/piece.ts";
import type { Column, Table } from "../../../../say/table.ts";
import { kilobytesText } from "../sizes.ts";
import { shortAddressSpan } from "../../../say/addressCell.ts";

/** The caches that a command selects. */
export interface CacheChoice {
  /** Name of the cache; undefined for all caches. */
  readonly name: string | undefined;
  readonly ignored: readonly string[];
}

/** Yields the selected caches, ignored ones included. @throws Fault after them if the list is damaged */
export function* chosenCaches(kernel: Kernel, { name }: CacheChoice): Generator<Obj> {
  for (const cache of slabCaches(kernel)) {
    if (name === undefined || attempt(() => cacheName(cache)) === name) yield cache;
  }
}

/** Returns the row that replaces an ignored cache; undefined for other caches. */
export function ignoredRow(cache: Obj, { ignored }: CacheChoice): Piece | undefined {
  const name = attempt(() => cacheName(cache));
  if (name instanceof Fault || !ignored.includes(name)) return undefined;
  return new TableLayout(cache.kernel, ignoredTable).row(cache);
}

const cacheAddress: Column<Obj> = {
  kind: "address",
  title: "",
  about: "of the struct kmem_cache",
  value: ({ address }) => address,
};

/** The table of ignored caches. A row is a `struct kmem_cache`. */
export const ignoredTable: Table<Obj> = {
  columns: {
    cache: cacheAddress,
    ignored: { kind: "flag", title: "", width: 45, value: () => true, text: () => "[IGNORED]" },
    name: { kind: "text", title: "", gap: "", value: cacheName },
  },
};

/** A cache with its usage. */
interface CacheRow {
  /** The cache, `struct kmem_cache`. */
  readonly cache: Obj;
  readonly usage: () => SlabUsage | Fault;
}

const counted = (row: CacheRow, key: keyof SlabUsage): number | Fault => {
  const usage = row.usage();
  return usage instanceof Fault ? usage : usage[key];
};

/** Returns the memory of all slabs of a cache in bytes. */
function bytesOf(row: CacheRow): number | Fault {
  const slabs = counted(row, "slabs");
  return slabs instanceof Fault ? slabs : slabs * slabBytes(row.cache);
}

export const cachesTable: Table<CacheRow, PageKeys["kmem -s"]> = {
  gap: "",
  columns: {
    cache: {
      kind: "address",
      title: "CACHE",
      titleAlign: "left",
      about: "of the struct kmem_cache",
      value: ({ cache }) => cache.address,
    },
    objectSize: {
      kind: "number",
      title: "OBJSIZE",
      unit: "bytes",
      width: 9,
      value: ({ cache }) => objectSize(cache),
    },
    allocated: {
      kind: "number",
      title: "ALLOCATED",
      about: "objects that users have",
      width: 11,
      value: (row) => counted(row, "allocated"),
    },
    total: { kind: "number", title: "TOTAL", about: "objects", width: 10, value: (row) => counted(row, "total") },
    slabs: { kind: "number", title: "SLABS", width: 7, value: (row) => counted(row, "slabs") },
    slabBytes: {
      kind: "number",
      title: "SSIZE",
      unit: "bytes",
      width: 7,
      value: ({ cache }) => slabBytes(cache),
      text: kilobytesText,
    },
    bytes: { kind: "number", unit: "bytes", about: "of all slabs", value: bytesOf },
    name: { kind: "text", title: "NAME", gap: "  ", value: ({ cache }) => cacheName(cache) },
  },
};

const cacheLayout = derived("layout of slab caches", (kernel) => new TableLayout(kernel, cachesTable));

export const cacheHeading = (kernel: Kernel): Piece => cacheLayout(kernel).heading();

/** Lists the usage of each cache. @returns the number of caches */
export function* cacheTable(kernel: Kernel, choice: CacheChoice): Generator<Piece, number, void> {
  yield cacheHeading(kernel);
  let count = 0;
  for (const cache of chosenCaches(kernel, choice)) {
    count++;
    const ignored = ignoredRow(cache, choice);
    if (ignored) yield ignored;
    else yield cacheRow(cache, yield* countedSlabs(cache));
  }
  return count;
}

/** Counts of slabs by cache, found by a scan of all pages. */
const slabCounts = derivedByWork("slabs", function* (kernel) {
  const scan = countSlabs(kernel);
  for (;;) {
    const step = attempt(() => scan.next());
    if (step instanceof Fault) return step;
    if (step.done) return step.value;
    yield progress("pages", step.value.done, step.value.total);
  }
});

/**
 * Returns what a scan of all pages counted for the cache, on kernels whose caches do not count; undefined on others.
 */
export function* countedSlabs(cache: Obj): Generator<Piece, SlabCount | undefined, void> {
  if (attempt(() => countsSlabs(cache)) === true) return undefined;
  const counts = yield* slabCounts(cache.kernel);
  return counts instanceof Fault ? undefined : (counts.get(cache.address) ?? { slabs: 0, total: 0 });
}

/** Makes the row of one cache. @param used returns its usage */
export const cacheRow = (cache: Obj, counted?: SlabCount, used = () => slabUsage(cache, counted)): Piece =>
  cacheLayout(cache.kernel).row({ cache, usage: once(() => attempt(used)) });

/** The table of caches for `kmem -s list`. A row is a `struct kmem_cache`. */
export const cacheListTable: Table<Obj> = {
  columns: {
    cache: { ...cacheAddress, width: 0, text: shortAddressSpan },
    name: { kind: "text", title: "", value: cacheName },
  },
};

/** Lists names and addresses of all caches, for `kmem -s list`. */
export const cacheList = (kernel: Kernel): Pieces =>
  table(kernel, cacheListTable, slabCaches(kernel), { heading: false });

/** Reports the Fault that ends a list after the pieces before it. */
export function* untilBroken(pieces: Pieces): Pieces {
  try {
    yield* pieces;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    yield faultPiece(error, "kmem: ");
  }
}
