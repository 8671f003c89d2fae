/** Checks whether one source line or function of the kernel allocated a large part of the memory. */
import { Fault } from "../../base/fault.ts";
import { totalramPages } from "../../linux/mm/mm.ts";
import { pageSize } from "../../linux/mm/page.ts";
import type { Sentence } from "../finding.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { type MemoryConsumer, memoryConsumers } from "../memoryConsumers.ts";
import { countWords, percentWords, sizeWords } from "./amounts.ts";

/** Share of the memory above which a line or function is reported. */
const MIN_SHARE = 0.25;

/**
 * Files and functions that are not reported: they allocate the memory of processes and the page cache, which may take
 * all memory, and the pages of slabs, which the check `unreclaimable-slab` is about.
 */
const USUAL_FILES = /(?:^|\/)mm\/(?:filemap|memory|readahead|shmem|huge_memory|swap_state|mempolicy|migrate|slub)\.c$/;
const USUAL_FUNCTIONS =
  /^(?:filemap_|page_cache_|__page_cache|ra_alloc_folio|read_pages|do_anonymous_page|alloc_anon_folio|wp_page_copy|do_cow|folio_prealloc|vma_alloc_|shmem_|do_huge_pmd|read_swap_cache|__read_swap|kmem_cache_|__?kmalloc|___slab_alloc|__slab_alloc)/;

/** What `MemoryConsumer.count` counts. */
const UNITS = { "allocation tag": "allocation", page_owner: "page" } as const;

const isUsual = ({ file, function: name }: MemoryConsumer): boolean =>
  (typeof file === "string" && USUAL_FILES.test(file)) || (typeof name === "string" && USUAL_FUNCTIONS.test(name));

/**
 * Reports lines and functions that allocated more than a quarter of the memory, if the kernel counts by line (allocation
 * tags) or by stack (page_owner).
 */
export const allocations: HealthCheck = {
  id: "allocations",
  title: "memory by who allocated it",
  shows: "kmem -A",
  *run(kernel) {
    const all = Number(totalramPages(kernel)) * pageSize(kernel);
    const { consumers } = yield* memoryConsumers(kernel);
    const [largest] = consumers;
    if (!largest) throw Fault.of("unknown", "no consumer of memory can be read");
    for (const consumer of consumers) {
      if (consumer.bytes <= all * MIN_SHARE) break;
      const { bytes, kind } = consumer;
      if ((kind !== "allocation tag" && kind !== "page_owner") || isUsual(consumer)) continue;
      const name = typeof consumer.function === "string" ? consumer.function : "";
      yield observed(
        "allocations",
        "note",
        { bytes, function: name, by: kind },
        [...consumerWords(consumer), ` allocated ${sizeWords(bytes)}, ${percentWords(bytes, all)} of the memory.`],
        {
          kind: "output",
          command: "kmem -A",
          text: `${bytes} bytes in ${countWords(consumer.count, UNITS[kind])}, counted by ${kind}`,
        },
      );
    }
    return `The largest is ${plainConsumer(largest)} with ${sizeWords(largest.bytes)}, ${percentWords(largest.bytes, all)} of the memory, counted by ${largest.kind}.`;
  },
};

function consumerWords(consumer: MemoryConsumer): Sentence {
  const { file, line } = consumer;
  if (typeof file !== "string" || line === undefined) return [plainConsumer(consumer)];
  const name = typeof consumer.function === "string" ? [`${consumer.function} at `] : [];
  const module = typeof consumer.module === "string" ? [` of module ${consumer.module}`] : [];
  return [...name, { kind: "source", file, line }, ...module];
}

const plainConsumer = ({ name, function: caller, file, line }: MemoryConsumer): string =>
  name ??
  (typeof caller === "string" ? caller : typeof file === "string" ? `${file}:${line ?? "?"}` : "an unnamed line");
