/** Address spaces of processes and sizes of memory. */
import { attempt, Fault } from "../../base/fault.ts";
import type { AddressSpace } from "../../memory/memory.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { taskPid, threads } from "../sched/task.ts";
import { globalAddress, globalU32, globalWord, noteOffset, noteSymbol } from "../vmcoreinfo.ts";

/**
 * Counters of resident pages that make up a task's RSS: file, anonymous and shared memory pages
 * (include/linux/mm_types_task.h).
 */
const RESIDENT = ["MM_FILEPAGES", "MM_ANONPAGES", "MM_SHMEMPAGES"] as const;
const COUNTERS: Record<(typeof RESIDENT)[number], number> = { MM_FILEPAGES: 0, MM_ANONPAGES: 1, MM_SHMEMPAGES: 3 };

/** Returns the number of pages of virtual memory that the task's `mm_struct` maps; 0 without one. @throws Fault */
export function virtualPageCount(task: Obj<"struct task_struct">): number {
  const mm = task.at("mm");
  return mm.value() === 0n ? 0 : mm.at("total_vm").number();
}

/**
 * Returns the number of resident pages of the task's `mm_struct`; 0 without one. Since Linux kernel commit f1a7941243c1
 * ("mm: convert mm's rss stats into percpu_counter") (in v6.2) the counts are per-CPU counters. Before, each is one
 * atomic, plus the counts that each thread has not yet added to it. @throws Fault
 */
export function residentPageCount(task: Obj<"struct task_struct">): number {
  const mm = task.at("mm");
  return mm.value() === 0n ? 0 : residentPageCountOf(task, mm.deref());
}

/** Returns the number of resident pages of a `struct mm_struct` that the task uses or used. @throws Fault */
export function residentPageCountOf(task: Obj<"struct task_struct">, mm: Obj<"struct mm_struct">): number {
  const counts = mm.has("rss_stat.count") ? mm.at("rss_stat.count") : mm.at("rss_stat");
  // A count is not always up to date and can be negative, which means 0 (include/linux/mm.h: get_mm_counter).
  const pages = RESIDENT.reduce((sum, name) => sum + Math.max(0, counterValue(counts.index(COUNTERS[name]))), 0);
  return Math.max(0, pages + pagesCountedByThreads(task));
}

function counterValue(counter: Obj): number {
  if (!counter.has("counters")) return counter.at("counter").number();
  return percpuCounterSum(counter);
}

/**
 * Returns the value of a `struct percpu_counter`: the common count plus the part of each CPU that is not yet added to
 * it. @throws Fault
 */
export function percpuCounterSum(counter: Obj<"struct percpu_counter">): number {
  const { kernel } = counter;
  let sum = Number(counter.at("count").value());
  const base = counter.at("counters").value();
  if (base === 0n) return sum;
  for (const cpu of possibleCpus(kernel)) sum += kernel.memory.u32(perCpuAddress(kernel, base, cpu)) | 0;
  return sum;
}

const threadSums = derived("pages counted by threads", () => new Map<bigint, number>());

/**
 * Returns the number of pages that threads have counted and not yet added to the mm (SPLIT_RSS_COUNTING, until v6.2).
 * It is computed once for each process, because all its threads have the same sum.
 */
function pagesCountedByThreads(task: Obj<"struct task_struct">): number {
  if (!task.has("rss_stat.count")) return 0;
  const { kernel } = task;
  const sums = threadSums(kernel);
  const leader = attempt(() => task.at("group_leader").value());
  if (leader instanceof Fault) return 0;
  let pages = sums.get(leader);
  if (pages === undefined) sums.set(leader, (pages = pagesOfThreads(kernel.object(task.type, leader))));
  return pages;
}

function pagesOfThreads(leader: Obj<"struct task_struct">): number {
  let pages = 0;
  const sum = attempt(() => {
    for (const thread of threads(leader)) {
      const counts = thread.at("rss_stat.count");
      for (const name of RESIDENT) pages += counts.index(COUNTERS[name]).number();
    }
  });
  // The counts of other threads only refine the result: without them the common count is used.
  return sum instanceof Fault ? 0 : pages;
}

/** Maximum number of memory nodes; MAX_NUMNODES is at most 1024. */
const MAX_NODES = 1024;

/** Yields the address of every `struct pglist_data`: one, or the non-NULL entries of `node_data[]`. @throws Fault */
export function* memoryNodes(kernel: Kernel): Generator<bigint, void, void> {
  const nodes = globalAddress(kernel, "node_data");
  if (nodes === undefined) return yield noteSymbol(kernel, "contig_page_data");
  // If there is only one node, nr_node_ids is a constant and not a variable.
  const count = Math.min(globalU32(kernel, "nr_node_ids") ?? 1, MAX_NODES);
  for (let i = 0; i < count; i++) {
    const node = kernel.memory.word(nodes + BigInt(i * kernel.arch.wordSize));
    if (node !== 0n) yield node;
  }
}

/** Returns the sum of one word over every node's `struct pglist_data`. @throws Fault */
function sumOverNodes(kernel: Kernel, offset: number): number {
  let sum = 0n;
  for (const node of memoryNodes(kernel)) sum += kernel.memory.word(node + BigInt(offset));
  return Number(sum);
}

/**
 * Number of existing pages of RAM: the sum of `node_present_pages`. In all kernels the member is between
 * `node_start_pfn` and `node_spanned_pages`, whose offsets VMCOREINFO has. @throws Fault
 */
export const presentPages = derived("present pages", (kernel): number => {
  const word = kernel.arch.wordSize;
  const start = noteOffset(kernel, "pglist_data", "node_start_pfn");
  const isBetween = noteOffset(kernel, "pglist_data", "node_spanned_pages") === start + 2 * word;
  return sumOverNodes(kernel, isBetween ? start + word : noteOffset(kernel, "pglist_data", "node_present_pages"));
});

/**
 * Number of page frames from the first to the last of each node, including holes. crash reports it as the size of
 * memory. @throws Fault
 */
export const spannedPages = derived("spanned pages", (kernel): number =>
  sumOverNodes(kernel, noteOffset(kernel, "pglist_data", "node_spanned_pages")),
);

/**
 * Returns the number of pages that the page allocator manages: `_totalram_pages`, an atomic since Linux kernel commit
 * ca79b0c211af (in v5.0); before, the plain word `totalram_pages`. @throws Fault
 */
export function totalramPages(kernel: Kernel): bigint {
  const pages = globalWord(kernel, "_totalram_pages") ?? globalWord(kernel, "totalram_pages");
  if (pages === undefined) throw Fault.of("unknown", "no symbol _totalram_pages or totalram_pages");
  return pages;
}

/** Returns the user address space of a task. @throws Fault "unmapped" if it has none */
export function taskMemory(task: Obj<"struct task_struct">): AddressSpace {
  const mm = task.at("mm");
  if (mm.value() === 0n) throw Fault.of("unmapped", "the task has no user address space");
  return task.kernel.memory.user(mm.at("pgd").value(), `user of pid ${taskPid(task)}`);
}
