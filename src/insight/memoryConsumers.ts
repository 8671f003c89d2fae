/** Who uses the memory: by source line if the kernel counts that, otherwise by the finest unit that the dump has. */
import { attempt, attempting, Fault } from "../base/fault.ts";
import { allocTags, type AllocTag, isInaccurate } from "../linux/mm/allocTag.ts";
import { residentPageCount } from "../linux/mm/mm.ts";
import { pageSize } from "../linux/mm/page.ts";
import { pagesByStack } from "../linux/mm/pagesByStack.ts";
import { vmapAreas, vmapCaller } from "../linux/mm/vmalloc.ts";
import { commAndPid, taskPid, taskTable, taskTgid } from "../linux/sched/task.ts";
import { cacheName, slabBytes, slabCaches } from "../linux/slab/slab.ts";
import { countSlabs } from "../linux/slab/slabScan.ts";
import { countedByNodes, countsSlabs } from "../linux/slab/slabUsage.ts";
import { plainName } from "../log/place.ts";
import { derivedByWork } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";
import type { Obj } from "../model/object.ts";
import type { Step } from "./check.ts";
import { pageCallers } from "./pageCallers.ts";
import { sourceOf } from "./source.ts";

/** What an amount of memory was counted by. */
export type ConsumerKind = "allocation tag" | "page_owner" | "slab cache" | "vmalloc" | "process";

/** A consumer of memory. */
export interface MemoryConsumer {
  readonly kind: ConsumerKind;
  readonly bytes: number;
  /** Allocations of a tag, pages of page_owner, slabs of a cache, areas of vmalloc, pages of a process. */
  readonly count: number;
  /** Name of a cache, name and PID of a process. */
  readonly name?: string;
  /** Source file as the kernel names it; a fault if it is no longer in memory. */
  readonly file?: string | Fault;
  readonly line?: number;
  readonly function?: string | Fault;
  readonly module?: string | Fault | undefined;
  /** Something that a reader of the numbers has to know. */
  readonly note?: string;
}

export interface MemoryConsumers {
  /** The largest first. */
  readonly consumers: readonly MemoryConsumer[];
  /** Why a source is used that is coarser than source lines, one sentence for each that is missing. */
  readonly missing: readonly string[];
  /** Tags whose counters cannot be read. */
  readonly unread: number;
}

/**
 * Counts memory by consumer: by allocation tags; without them by page_owner; without both by slab cache, caller of
 * vmalloc() and process, which together are not all of the memory.
 */
export const memoryConsumers: (kernel: Kernel) => Generator<Step, MemoryConsumers, void> = derivedByWork(
  "consumers of memory",
  function* (kernel): Generator<Step, MemoryConsumers, void> {
    const tagged = yield* attempting(allocated(kernel));
    if (!(tagged instanceof Fault)) return { ...tagged, missing: [] };
    const paged = yield* attempting(byPageOwner(kernel));
    if (!(paged instanceof Fault)) return { consumers: paged, missing: [tagged.message], unread: 0 };
    const consumers = [...(yield* slabConsumers(kernel)), ...vmallocConsumers(kernel), ...processConsumers(kernel)];
    return { consumers: largestFirst(consumers), missing: [tagged.message, paged.message], unread: 0 };
  },
);

const largestFirst = (consumers: MemoryConsumer[]): MemoryConsumer[] => consumers.sort((a, b) => b.bytes - a.bytes);

/** Passes the progress of a job on. */
function* stepping<T>(
  what: string,
  job: Generator<{ readonly done: number; readonly total: number }, T, void>,
): Generator<Step, T, void> {
  for (;;) {
    const step = job.next();
    if (step.done) return step.value;
    yield { kind: "progress", what, ...step.value };
  }
}

function* allocated(kernel: Kernel): Generator<Step, Pick<MemoryConsumers, "consumers" | "unread">, void> {
  const { tags, unread } = yield* stepping("allocation tags", allocTags(kernel));
  const used = tags.filter(({ bytes, calls }) => bytes !== 0 || calls !== 0);
  return { consumers: largestFirst(used.map(tagConsumer)), unread };
}

function tagConsumer(tag: AllocTag): MemoryConsumer {
  const { place, bytes, calls, isUnloaded } = tag;
  const line = attempt(() => place.at("lineno").number());
  const notes = [
    ...(isUnloaded ? ["its module was unloaded"] : []),
    ...(attempt(() => isInaccurate(tag)) === true ? ["not accurate"] : []),
  ];
  return {
    kind: "allocation tag",
    bytes,
    count: calls,
    file: attempt(() => place.at("filename").text()),
    ...(line instanceof Fault ? {} : { line }),
    function: attempt(() => place.at("function").text()),
    module: attempt(() => (place.at("modname").value() === 0n ? undefined : place.at("modname").text())),
    ...(notes.length > 0 ? { note: notes.join(", ") } : {}),
  };
}

function* byPageOwner(kernel: Kernel): Generator<Step, MemoryConsumer[], void> {
  const stacks = yield* stepping("consumers of pages", pagesByStack(kernel));
  const bytes = pageSize(kernel);
  return pageCallers(kernel, stacks).map(({ name, module, address, through, pages }): MemoryConsumer => {
    const source = sourceOf(kernel, address - 1n);
    return {
      kind: "page_owner",
      bytes: pages * bytes,
      count: pages,
      ...(source && { file: source.file, line: source.line }),
      function: name,
      module,
      ...(through.length > 0 ? { note: `called through ${through.slice(0, 3).join(", ")}` } : {}),
    };
  });
}

function* slabConsumers(kernel: Kernel): Generator<Step, MemoryConsumer[], void> {
  const caches = attempt(() => [...slabCaches(kernel)]);
  if (caches instanceof Fault) return [];
  const isCounted = caches.every((cache) => attempt(() => countsSlabs(cache)) === true);
  const counted = isCounted ? new Map<bigint, never>() : yield* attempting(stepping("slabs", countSlabs(kernel)));
  return caches.flatMap((cache): MemoryConsumer[] => {
    const slabs = attempt(() => {
      if (isCounted) return countedByNodes(cache).slabs;
      return counted instanceof Fault ? 0 : (counted.get(cache.address)?.slabs ?? 0);
    });
    const size = attempt(() => slabBytes(cache));
    if (slabs instanceof Fault || size instanceof Fault || slabs === 0) return [];
    return [{ kind: "slab cache", bytes: slabs * size, count: slabs, name: nameOf(cache) }];
  });
}

const nameOf = (cache: Obj<"struct kmem_cache">): string => {
  const name = attempt(() => cacheName(cache));
  return name instanceof Fault ? "a cache whose name cannot be read" : name;
};

/** Returns the pages that vmalloc() allocated, by the function that called it. */
export function vmallocConsumers(kernel: Kernel): MemoryConsumer[] {
  const callers = new Map<string, { bytes: number; count: number; module: string | undefined }>();
  for (const area of vmapAreas(kernel).areas) {
    const bytes = attempt(() => (area.vm ? area.vm.at("nr_pages").number() * pageSize(kernel) : 0));
    const caller = attempt(() => vmapCaller(area));
    if (bytes instanceof Fault || bytes === 0 || typeof caller !== "bigint") continue;
    const symbol = kernel.symbols.at(caller);
    const name = symbol ? plainName(symbol.name) : `0x${caller.toString(16)}`;
    const known = callers.get(name) ?? { bytes: 0, count: 0, module: symbol?.module };
    callers.set(name, { ...known, bytes: known.bytes + bytes, count: known.count + 1 });
  }
  return [...callers].map(([name, { module, ...amount }]) => ({ kind: "vmalloc", function: name, module, ...amount }));
}

/** Returns the resident memory of each process. Pages that processes share are counted in each. */
function processConsumers(kernel: Kernel): MemoryConsumer[] {
  const table = attempt(() => taskTable(kernel));
  if (table instanceof Fault) return [];
  return table.tasks.flatMap((task): MemoryConsumer[] => {
    const consumer = attempt((): MemoryConsumer | undefined => {
      const pages = taskPid(task) === taskTgid(task) ? residentPageCount(task) : 0;
      if (pages === 0) return undefined;
      const name = commAndPid(task);
      return { kind: "process", bytes: pages * pageSize(kernel), count: pages, name };
    });
    return consumer === undefined || consumer instanceof Fault ? [] : [consumer];
  });
}
