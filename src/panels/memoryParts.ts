import type { Grid, GridCell, GridTable } from "../protocol/grid.ts";

/** Where physical memory went, from what `kmem` says: no DOM. */

/** A share of memory; all shares together are the total. */
export interface Part {
  readonly name: string;
  readonly bytes: number;
  /** The counters that it was worked out from. */
  readonly from: string;
  /** A colour of the theme's charts. */
  readonly color: string;
}

/** The rows of a table as records. */
export const recordsOf = ({ columns, rows }: GridTable): ReadonlyMap<string, GridCell>[] =>
  rows.map((row) => new Map(columns.map(({ name }, i) => [name, row[i] ?? null])));

/** Numbers by name, of every table that has columns `name` and `column`. */
export function numbers({ tables }: Grid, column: string): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const record of tables.flatMap(recordsOf)) {
    const [name, value] = [record.get("name"), record.get(column)];
    if (typeof name === "string" && typeof value === "number" && !found.has(name)) found.set(name, value);
  }
  return found;
}

interface Share {
  readonly name: string;
  readonly color: string;
  /** Pages of these counters are added; names in `less` are taken away. Of alternatives the first that is kept. */
  readonly of: readonly (readonly string[])[];
  readonly less?: readonly string[];
}

/** Counters of include/linux/mmzone.h that do not overlap. Slab counters have the suffix _B since v5.9. */
const SHARES: readonly Share[] = [
  { name: "Free", color: "green", of: [["NR_FREE_PAGES"]] },
  { name: "Anonymous", color: "blue", of: [["NR_ANON_MAPPED", "NR_ANON_PAGES"]] },
  { name: "Page cache", color: "purple", of: [["NR_FILE_PAGES"]], less: ["NR_SHMEM", "NR_SWAPCACHE"] },
  { name: "Shared memory, tmpfs", color: "teal", of: [["NR_SHMEM"]] },
  { name: "Slab, reclaimable", color: "yellow", of: [["NR_SLAB_RECLAIMABLE_B", "NR_SLAB_RECLAIMABLE"]] },
  { name: "Slab, unreclaimable", color: "orange", of: [["NR_SLAB_UNRECLAIMABLE_B", "NR_SLAB_UNRECLAIMABLE"]] },
  { name: "Page tables", color: "red", of: [["NR_PAGETABLE"], ["NR_SECONDARY_PAGETABLE"]] },
];

/**
 * Shares of the total.
 * @param usage `kmem -i`, for the total and huge pages
 * @param counters `kmem -V`
 * @returns shares that are not empty, largest kernel counters as they stand, the rest last; empty without a total
 */
export function partsOf(usage: Grid, counters: Grid): Part[] {
  const [bytes, pages, counts] = [numbers(usage, "bytes"), numbers(usage, "pages"), numbers(counters, "value")];
  const total = bytes.get("TOTAL MEM");
  const totalPages = pages.get("TOTAL MEM");
  if (total === undefined || !totalPages) return [];
  const pageSize = total / totalPages;
  const parts = SHARES.map((share) => partOf(share, counts, pageSize));
  const stacks = counts.get("NR_KERNEL_STACK_KB");
  if (stacks)
    parts.push({ name: "Kernel stacks", bytes: stacks * 1024, from: "NR_KERNEL_STACK_KB", color: "foreground" });
  const huge = bytes.get("TOTAL HUGE") ?? 0;
  parts.push({ name: "Huge pages", bytes: huge, from: "hstates[].nr_huge_pages", color: "lines" });
  const rest = total - parts.reduce((sum, part) => sum + part.bytes, 0);
  const from = "totalram_pages less all of these: vmalloc, per-CPU memory, drivers' own pages";
  parts.push({ name: "Other", bytes: Math.max(0, rest), from, color: "rest" });
  return parts.filter((part) => part.bytes > 0);
}

function partOf({ name, color, of, less = [] }: Share, counts: ReadonlyMap<string, number>, pageSize: number): Part {
  const added = of.flatMap((names) => names.filter((one) => counts.has(one)).slice(0, 1));
  const taken = less.filter((one) => counts.has(one));
  const sum = (names: readonly string[]): number => names.reduce((all, one) => all + (counts.get(one) ?? 0), 0);
  const from = [added.join(" + "), ...taken].join(" - ");
  return { name, color, from, bytes: Math.max(0, sum(added) - sum(taken)) * pageSize };
}

export interface Cache {
  readonly name: string;
  readonly address: string;
  readonly bytes: number;
  readonly allocated: number;
  readonly total: number;
  /** Bytes in its slabs that hold no allocated object. */
  readonly waste: number;
}

/** The slab caches that take most memory, largest first; what cannot be read is left to the table of all. */
export function largestCaches({ tables }: Grid, count: number): Cache[] {
  const caches = tables.flatMap(recordsOf).flatMap((record): Cache[] => {
    const number = (name: string): number => Number(record.get(name) ?? Number.NaN);
    const bytes = number("slabs") * number("slabBytes");
    const [allocated, total] = [number("allocated"), number("total")];
    const [name, address] = [record.get("name"), record.get("cache")];
    if (typeof name !== "string" || typeof address !== "string" || !(bytes > 0)) return [];
    return [{ name, address, bytes, allocated, total, waste: bytes - allocated * number("objectSize") }];
  });
  return caches.sort((a, b) => b.bytes - a.bytes).slice(0, count);
}

/** Free pages by the order of their blocks, over all zones. */
export function freeByOrder({
  tables,
}: Grid): { readonly order: number; readonly blocks: number; readonly pages: number }[] {
  const orders: { order: number; blocks: number; pages: number }[] = [];
  for (const record of tables.flatMap(recordsOf)) {
    const [order, blocks, pages] = ["order", "blocks", "pages"].map((name) => record.get(name));
    if (typeof order !== "number" || typeof blocks !== "number" || typeof pages !== "number") continue;
    const known = orders.find((one) => one.order === order);
    if (!known) orders.push({ order, blocks, pages });
    else {
      known.blocks += blocks;
      known.pages += pages;
    }
  }
  return orders.sort((a, b) => a.order - b.order);
}

const UNITS = ["bytes", "KiB", "MiB", "GiB", "TiB"];

/** `17.2 MiB`. */
export function bytesText(bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1024 && unit < UNITS.length - 1) [value, unit] = [value / 1024, unit + 1];
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}
