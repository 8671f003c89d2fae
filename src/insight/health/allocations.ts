/** Checks whether one source line or function of the kernel allocated a large part of the memory. */
import { Fault } from "../../base/fault.ts";
import { totalramPages } from "../../linux/mm/mm.ts";
import { pageSize } from "../../linux/mm/page.ts";
import type { Sentence } from "../finding.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { type MemoryOwner, memoryOwners } from "../memoryOwners.ts";
import { percentWords, sizeWords } from "./amounts.ts";

/** Share of the memory above which a line is reported. */
const LIMIT = 0.25;

/**
 * Files and functions that allocate the memory of processes and the page cache, which may take all memory, and the
 * pages of slabs, for whose caches there is another check.
 */
const USUAL_FILES = /(?:^|\/)mm\/(?:filemap|memory|readahead|shmem|huge_memory|swap_state|mempolicy|migrate|slub)\.c$/;
const USUAL_FUNCTIONS =
  /^(?:filemap_|page_cache_|__page_cache|ra_alloc_folio|read_pages|do_anonymous_page|alloc_anon_folio|wp_page_copy|do_cow|folio_prealloc|vma_alloc_|shmem_|do_huge_pmd|read_swap_cache|__read_swap|kmem_cache_|__?kmalloc|___slab_alloc|__slab_alloc)/;

const isUsual = ({ file, function: name }: MemoryOwner): boolean =>
  (typeof file === "string" && USUAL_FILES.test(file)) || (typeof name === "string" && USUAL_FUNCTIONS.test(name));

/** Reports lines that allocated more than a quarter of the memory, where the kernel counts by line or by stack. */
export const allocations: HealthCheck = {
  id: "allocations",
  title: "memory by who allocated it",
  shows: "kmem -A",
  *run(kernel) {
    const all = Number(totalramPages(kernel)) * pageSize(kernel);
    const { owners } = yield* memoryOwners(kernel);
    const [largest] = owners;
    if (!largest) throw Fault.of("unknown", "no owner of memory can be read");
    for (const owner of owners) {
      if (owner.bytes <= all * LIMIT) break;
      const isCounted = owner.kind === "allocation tag" || owner.kind === "page_owner";
      if (!isCounted || isUsual(owner)) continue;
      const { bytes } = owner;
      const name = typeof owner.function === "string" ? owner.function : "";
      yield observed(
        "allocations",
        "note",
        { bytes, function: name, by: owner.kind },
        [...ownerWords(owner), ` allocated ${sizeWords(bytes)}, ${percentWords(bytes, all)} of the memory.`],
        { kind: "output", command: "kmem -A", text: `${bytes} bytes in ${owner.count} by ${owner.kind}` },
      );
    }
    return `The largest is ${plainOwner(largest)} with ${sizeWords(largest.bytes)}, ${percentWords(largest.bytes, all)} of the memory, counted by ${largest.kind}.`;
  },
};

function ownerWords(owner: MemoryOwner): Sentence {
  const { file, line } = owner;
  if (typeof file !== "string" || line === undefined) return [plainOwner(owner)];
  const name = typeof owner.function === "string" ? [`${owner.function} at `] : [];
  const module = typeof owner.module === "string" ? [` of module ${owner.module}`] : [];
  return [...name, { kind: "source", file, line }, ...module];
}

const plainOwner = ({ name, function: caller, file, line }: MemoryOwner): string =>
  name ??
  (typeof caller === "string" ? caller : typeof file === "string" ? `${file}:${line ?? "?"}` : "an unnamed line");
