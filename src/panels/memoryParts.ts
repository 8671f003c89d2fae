/** The shares of physical memory, computed from the output of `kmem`. It does not use the DOM. */
import type { Grid, GridCell, GridTable } from "../protocol/grid.ts";
import type { PageKeys } from "../protocol/records.ts";

/** A share of memory. All shares together are the total. */
export interface Part {
  readonly name: string;
  readonly bytes: number;
  /** How the share is computed: counters and variables, or a sentence. */
  readonly from: string;
  /** A color of the theme's charts. */
  readonly color: string;
}

/** The rows of a table as records. `Key` names what the command's records have (`PageKeys`): the compiler checks it. */
export const recordsOf = <Key extends string = string>({ columns, rows }: GridTable): ReadonlyMap<Key, GridCell>[] =>
  rows.map((row) => new Map(columns.map(({ name }, i) => [name as Key, row[i] ?? null])));

/** Returns numbers by name, from every table with the columns `name` and `column`. */
export function numbers<Key extends string>({ tables }: Grid, column: Key): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const record of tables.flatMap(recordsOf<Key | "name">)) {
    const [name, value] = [record.get("name"), record.get(column)];
    if (typeof name === "string" && typeof value === "number" && !found.has(name)) found.set(name, value);
  }
  return found;
}

interface Share {
  readonly name: string;
  readonly color: string;
  /**
   * The pages of these counters are added, those of `less` subtracted. Of alternative names the first existing one
   * counts.
   */
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

/** Counters that `kmem -i` and `kmem -V` do not have, in pages. Undefined if they cannot be read. */
export interface MoreCounters {
  /** Present pages of all zones: those of the allocator and those that were reserved before it started. */
  readonly present?: number | undefined;
  /** Allocated per-CPU memory, and the part of it that was reserved at boot. */
  readonly perCpu?: { readonly populated: number; readonly atBoot: number } | undefined;
  readonly vmalloc?: number | undefined;
  /** Whether kernel stacks are in vmalloc areas, which would count them twice (CONFIG_VMAP_STACK). */
  readonly stacksInVmalloc?: boolean;
}

/**
 * Returns the shares of the total.
 *
 * @param usage `kmem -i`, for the total and huge pages
 * @param counters `kmem -V`
 * @returns shares that are not empty, in the order of `SHARES`, the rest last; empty without a total
 */
export function partsOf(usage: Grid, counters: Grid, more: MoreCounters = {}): Part[] {
  const ofUsage = (key: PageKeys["kmem -i"]) => numbers(usage, key);
  const [bytes, pages] = [ofUsage("bytes"), ofUsage("pages")];
  const counts = numbers<PageKeys["kmem -V"]>(counters, "value");
  const [managed, managedPages] = [bytes.get("TOTAL MEM"), pages.get("TOTAL MEM")];
  if (managed === undefined || !managedPages) return [];
  const pageSize = managed / managedPages;
  const total = Math.max(managedPages, more.present ?? 0) * pageSize;
  const parts = SHARES.map((share) => partOf(share, counts, pageSize));
  const add = (name: string, size: number, from: string, color: string): void => {
    parts.push({ name, bytes: size, from, color });
  };
  const stacks = (counts.get("NR_KERNEL_STACK_KB") ?? 0) * 1024;
  add("Kernel stacks", stacks, "NR_KERNEL_STACK_KB", "foreground");
  const vmalloc = (more.vmalloc ?? 0) * pageSize - (more.stacksInVmalloc ? stacks : 0);
  add("vmalloc", vmalloc, `nr_vmalloc_pages${more.stacksInVmalloc ? " - NR_KERNEL_STACK_KB" : ""}`, "pink");
  const { populated = 0, atBoot = 0 } = more.perCpu ?? {};
  add("Per-CPU", populated * pageSize, "pcpu_nr_populated × pcpu_nr_units", "lime");
  add("Huge pages", bytes.get("TOTAL HUGE") ?? 0, "hstates[].nr_huge_pages", "lines");
  const reserved = ((more.present ?? managedPages) - managedPages - atBoot) * pageSize;
  const reservedFrom = "zones' present_pages - totalram_pages - first per-CPU chunk: kernel image, struct pages";
  add("Reserved at boot", reserved, reservedFrom, "reserved");
  const shown = parts.filter((part) => part.bytes > 0);
  const rest = total - shown.reduce((sum, part) => sum + part.bytes, 0);
  const restFrom = "what is left: pages that drivers and the kernel took for themselves";
  return rest > 0 ? [...shown, { name: "Other", bytes: rest, from: restFrom, color: "rest" }] : shown;
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
  /** Bytes in the cache's slabs that hold no allocated object. */
  readonly waste: number;
}

/**
 * Returns the slab caches with most memory, largest first. Caches that cannot be read are only in the table of all
 * caches.
 */
export function largestCaches({ tables }: Grid, count: number): Cache[] {
  const caches = tables.flatMap(recordsOf<PageKeys["kmem -s"]>).flatMap((record): Cache[] => {
    const number = (name: PageKeys["kmem -s"]): number => Number(record.get(name) ?? Number.NaN);
    const bytes = number("bytes");
    const [allocated, total] = [number("allocated"), number("total")];
    const [name, address] = [record.get("name"), record.get("cache")];
    if (typeof name !== "string" || typeof address !== "string" || !(bytes > 0)) return [];
    return [{ name, address, bytes, allocated, total, waste: bytes - allocated * number("objectSize") }];
  });
  return caches.sort((a, b) => b.bytes - a.bytes).slice(0, count);
}

/** Returns the free pages of all zones by the order of their blocks. */
export function freeByOrder({
  tables,
}: Grid): { readonly order: number; readonly blocks: number; readonly pages: number }[] {
  const orders: { order: number; blocks: number; pages: number }[] = [];
  for (const record of tables.flatMap(recordsOf<PageKeys["kmem -f"]>)) {
    const [order, blocks, pages] = (["order", "blocks", "pages"] as const).map((name) => record.get(name));
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

export interface Zone {
  readonly node: GridCell;
  readonly name: GridCell;
  readonly address: GridCell;
  readonly present: number;
  readonly free: number | undefined;
  /** WMARK_MIN, WMARK_LOW and WMARK_HIGH, as far as they can be read. */
  readonly watermarks: readonly number[];
  readonly min: number | undefined;
}

export interface Node {
  readonly node: GridCell;
  readonly present: number;
  readonly free: number;
  readonly zones: readonly Zone[];
}

/** Groups zones by their node, in order. */
export function nodesOf(zones: readonly Zone[]): Node[] {
  const nodes = new Map<GridCell, Zone[]>();
  for (const zone of zones) nodes.set(zone.node, [...(nodes.get(zone.node) ?? []), zone]);
  const sum = (numbers: readonly number[]): number => numbers.reduce((all, one) => all + one, 0);
  return [...nodes].map(([node, own]) => ({
    node,
    present: sum(own.map(({ present }) => present)),
    free: sum(own.map(({ free }) => free ?? 0)),
    zones: own,
  }));
}

/** A zone's free pages and watermarks as fractions of the bar that shows them. */
export interface Gauge {
  readonly free: number;
  readonly marks: readonly number[];
}

/**
 * Returns the bar of a zone; undefined if its free pages or its watermarks are not known. The bar ends at three times the highest watermark,
 * because above it the zone does not lack memory.
 */
export function gaugeOf({ free, watermarks }: Zone): Gauge | undefined {
  const end = 3 * Math.max(0, ...watermarks);
  if (free === undefined || end === 0) return undefined;
  return { free: Math.min(1, free / end), marks: watermarks.map((mark) => mark / end) };
}

/** Returns the zones of `kmem -z` that have memory. */
export function zonesOf({ tables }: Grid): Zone[] {
  const records = tables.flatMap(recordsOf<PageKeys["kmem -z"] | "value">);
  const free = new Map<GridCell, number>();
  for (const record of records) {
    const value = record.get("value");
    if (record.get("name") === "NR_FREE_PAGES" && typeof value === "number")
      free.set(record.get("address") ?? null, value);
  }
  return records.flatMap((record): Zone[] => {
    const present = record.get("present");
    if (typeof present !== "number" || present === 0) return [];
    const [node, name, address] = (["node", "name", "address"] as const).map((key) => record.get(key) ?? null);
    const watermarks = (["min", "low", "high"] as const).map((key) => record.get(key));
    const [min] = watermarks;
    return [
      {
        node: node ?? null,
        name: name ?? null,
        address: address ?? null,
        present,
        free: free.get(address ?? null),
        watermarks: watermarks.filter((mark) => typeof mark === "number"),
        min: typeof min === "number" ? min : undefined,
      },
    ];
  });
}

export interface BigTask {
  readonly pid: number;
  readonly name: string;
  readonly task: string;
  readonly bytes: number;
}

/**
 * Returns the processes of `ps -G` with most resident memory. Its rows are thread groups, because threads share memory.
 */
export function largestTasks({ tables }: Grid, count: number): BigTask[] {
  const tasks = tables.flatMap(recordsOf<PageKeys["ps"]>).flatMap((record): BigTask[] => {
    const [pid, rss, comm, task] = (["pid", "rss", "comm", "task"] as const).map((name) => record.get(name));
    if (typeof pid !== "number" || typeof rss !== "number" || rss === 0 || typeof task !== "string") return [];
    return [{ pid, task, name: typeof comm === "string" ? comm : "", bytes: rss }];
  });
  return tasks.sort((a, b) => b.bytes - a.bytes).slice(0, count);
}

export interface Caller {
  readonly name: string;
  readonly areas: number;
  readonly bytes: number;
}

/** Returns the allocating functions of the vmalloc areas in `kmem -v`, the one with most address space first. */
export function vmallocCallers({ tables }: Grid): Caller[] {
  const callers = new Map<string, { areas: number; bytes: number }>();
  for (const record of tables.flatMap(recordsOf<PageKeys["kmem -v"]>)) {
    const [caller, size] = [record.get("caller"), record.get("size")];
    if (typeof size !== "number") continue;
    const name = typeof caller === "string" ? caller : "unknown";
    const known = callers.get(name) ?? { areas: 0, bytes: 0 };
    callers.set(name, { areas: known.areas + 1, bytes: known.bytes + size });
  }
  return [...callers].map(([name, sums]) => ({ name, ...sums })).sort((a, b) => b.bytes - a.bytes);
}

/** Whether the caller allocates stacks of tasks (kernel/fork.c). Its name depends on what the compiler inlined. */
export const isStackCaller = ({ name }: Caller): boolean =>
  /^(kernel_clone|copy_process|dup_task_struct|alloc_thread_stack_node|_do_fork)\b/.test(name);
