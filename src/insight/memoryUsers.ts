/** Users of a machine's memory, for a verdict: processes, slab caches, callers of vmalloc(), and what counters count. */
import { attempt, Fault } from "../base/fault.ts";
import { fileSystemName, mountNamespace, mountPath, mounts, mountSuper } from "../linux/fs/mount.ts";
import { cachedPages, freePages, hugePages, pageTablePages, perCpuPages, slabPages, vmallocPages } from "../linux/mm/meminfo.ts"; // prettier-ignore
import { percpuCounterSum, residentPageCount, totalramPages } from "../linux/mm/mm.ts";
import { pageSize } from "../linux/mm/page.ts";
import { globalCounter } from "../linux/mm/vmstat.ts";
import { taskComm, taskPid, taskTable, taskTgid, findTask } from "../linux/sched/task.ts";
import { cacheName, slabBytes, slabCaches } from "../linux/slab/slab.ts";
import { countedByNodes } from "../linux/slab/slabUsage.ts";
import type { Kernel } from "../model/kernel.ts";
import { threadSize } from "../unwind/stacks.ts";
import { pause, type Step } from "./check.ts";
import type { Evidence } from "./evidence.ts";
import type { Reference } from "./finding.ts";
import { vmallocConsumers } from "./memoryConsumers.ts";

/** A user of memory. */
export interface MemoryUser {
  /** Stable name: "slab cache dentry", "vmalloc by load_module", "shmem". */
  readonly what: string;
  readonly bytes: number;
  readonly evidence: Evidence;
  readonly subject: Reference | string;
  /** Words before and after the size. */
  readonly words: readonly [string, string];
}

/** Returns the memory of each slab cache, of each caller of vmalloc(), and what the kernel counts as a whole. */
export function* kernelUsers(kernel: Kernel): Generator<Step, MemoryUser[], void> {
  return [...(yield* caches(kernel)), ...vmallocUsers(kernel), ...countedMemory(kernel)];
}

/** Returns the resident memory of each thread group, in bytes. */
export function* processUsers(kernel: Kernel): Generator<Step, MemoryUser[], void> {
  const all: MemoryUser[] = [];
  for (const [i, task] of taskTable(kernel).tasks.entries()) {
    if (i % 256 === 0) yield pause("resident memory");
    const found = attempt(() => {
      const pid = taskPid(task);
      if (pid !== taskTgid(task)) return undefined;
      const bytes = residentPageCount(task) * pageSize(kernel);
      return bytes === 0 ? undefined : { pid, bytes, comm: taskComm(task) };
    });
    if (!found || found instanceof Fault) continue;
    all.push({
      what: `${found.comm} [${found.pid}]`,
      bytes: found.bytes,
      evidence: {
        kind: "task",
        address: task.address,
        text: `${found.comm} [${found.pid}]: ${found.bytes} bytes resident`,
      },
      subject: { kind: "task", address: task.address, pid: found.pid, comm: found.comm },
      words: ["has", " resident, with the pages that it shares with others"],
    });
  }
  return all;
}

/** Returns the memory of the slabs of each cache, in bytes. */
function* caches(kernel: Kernel): Generator<Step, MemoryUser[], void> {
  const all: MemoryUser[] = [];
  const list = attempt(() => [...slabCaches(kernel)]);
  for (const [i, cache] of (list instanceof Fault ? [] : list).entries()) {
    if (i % 32 === 0) yield pause("slab caches");
    const found = attempt(() => ({ name: cacheName(cache), bytes: countedByNodes(cache).slabs * slabBytes(cache) }));
    if (found instanceof Fault || found.bytes === 0) continue;
    all.push({
      what: `slab cache ${found.name}`,
      bytes: found.bytes,
      evidence: { kind: "cache", name: found.name, address: cache.address, text: `${found.bytes} bytes of slabs` },
      subject: `The slab cache ${found.name}`,
      words: ["holds", ""],
    });
  }
  return all;
}

/** Returns the pages that vmalloc() allocated, by its caller. */
const vmallocUsers = (kernel: Kernel): MemoryUser[] =>
  vmallocConsumers(kernel).map(({ function: caller, module, bytes, count }) => {
    const name = typeof caller === "string" ? caller : "unknown code";
    const where = typeof module === "string" ? ` of module ${module}` : "";
    return {
      what: `vmalloc by ${name}`,
      bytes,
      evidence: { kind: "output", command: "kmem -v", text: `${count} areas allocated by ${name}` },
      subject: `${name}${where}`,
      words: ["has", ` of vmalloc() memory in ${count} area${count === 1 ? "" : "s"}`],
    };
  });

interface CountedMemory {
  readonly what: string;
  readonly subject: string;
  readonly command: string;
  /** @throws Fault */
  readonly pages: (kernel: Kernel) => number;
  readonly more?: (kernel: Kernel) => string;
  /** The verb after the subject. */
  readonly verb: "take" | "takes" | "are";
}

/** Returns the function that reads a counter by the first of its names that the kernel has. It throws a Fault without one. */
const counter =
  (...names: string[]) =>
  (kernel: Kernel): number => {
    const value = globalCounter(kernel, ...names);
    if (value === undefined) throw Fault.of("unknown", `this kernel has no counter ${names.join(" or ")}`);
    return value;
  };

/** Returns the pages of the stacks of tasks. Older kernels count stacks and not kilobytes. @throws Fault */
function kernelStacks(kernel: Kernel): number {
  const kilobytes = globalCounter(kernel, "NR_KERNEL_STACK_KB");
  const bytes = kilobytes === undefined ? counter("NR_KERNEL_STACK")(kernel) * threadSize(kernel) : kilobytes * 1024;
  return Math.ceil(bytes / pageSize(kernel));
}

/** Memory of no single owner, by the kernel's counters of pages. */
const COUNTED: readonly CountedMemory[] = [
  {
    what: "shmem",
    subject: "Files in tmpfs and shared memory (shmem)",
    command: "kmem -i",
    pages: counter("NR_SHMEM"),
    verb: "take",
    more: largestTmpfs,
  },
  {
    what: "page cache",
    subject: "The page cache of files",
    command: "kmem -i",
    pages: (kernel) => Math.max(0, cachedPages(kernel) - counter("NR_SHMEM")(kernel)),
    verb: "takes",
  },
  { what: "page tables", subject: "Page tables", command: "kmem -V", pages: pageTablePages, verb: "take" },
  { what: "kernel stacks", subject: "Stacks of tasks", command: "kmem -V", pages: kernelStacks, verb: "take" },
  { what: "per-CPU", subject: "Per-CPU allocations", command: "kmem -o", pages: perCpuPages, verb: "take" },
  {
    what: "huge pages",
    subject: "The pool of huge pages",
    command: "kmem -h",
    pages: (kernel) => hugePages(kernel).total,
    verb: "takes",
  },
  {
    what: "unaccounted",
    subject: "In no counter of the kernel (pages that code allocated for itself, for example a driver)",
    command: "kmem -i",
    pages: unaccountedPages,
    verb: "are",
  },
];

/** Returns the memory that the kernel counts as a whole, without parts that are 0 or cannot be read. */
const countedMemory = (kernel: Kernel): MemoryUser[] =>
  COUNTED.flatMap(({ what, subject, command, pages, more, verb }) => {
    const count = attempt(() => pages(kernel));
    if (count instanceof Fault || count <= 0) return [];
    return [
      {
        what,
        bytes: count * pageSize(kernel),
        evidence: { kind: "output", command, text: `${count} pages` },
        subject,
        words: [verb, more?.(kernel) ?? ""],
      },
    ];
  });

/** Returns `, of which the tmpfs on /dev/shm has 95.0 MiB`, for the tmpfs with the most pages; "" if none is known. */
function largestTmpfs(kernel: Kernel): string {
  const init = findTask(kernel, 1);
  const found = attempt(() => {
    let largest = { path: "", pages: 0 };
    for (const mount of init ? mounts(mountNamespace(init)) : []) {
      const pages = attempt(() => {
        const superBlock = mountSuper(mount);
        if (!/^(?:dev)?tmpfs$/.test(fileSystemName(superBlock))) return 0;
        // mm/shmem.c: counted for a file system with a limit.
        const info = kernel.object("struct shmem_sb_info", superBlock.at("s_fs_info").value());
        return percpuCounterSum(info.at("used_blocks").as("struct percpu_counter"));
      });
      if (typeof pages === "number" && pages > largest.pages) largest = { path: mountPath(mount), pages };
    }
    return largest;
  });
  // The root file system of an initramfs has no limit, and is not counted.
  if (found instanceof Fault || found.pages < (globalCounter(kernel, "NR_SHMEM") ?? 0) / 10) return "";
  return `, of which the tmpfs on ${found.path} has ${((found.pages * pageSize(kernel)) / 2 ** 20).toFixed(1)} MiB`;
}

/**
 * Returns the number of pages that are neither free nor in a counter. Stacks of tasks are also in the count of
 * vmalloc(), so that this may be too small. @throws Fault
 */
function unaccountedPages(kernel: Kernel): number {
  const counted =
    freePages(kernel) +
    counter("NR_ANON_MAPPED", "NR_ANON_PAGES")(kernel) +
    counter("NR_FILE_PAGES")(kernel) +
    slabPages(kernel) +
    pageTablePages(kernel) +
    kernelStacks(kernel) +
    vmallocPages(kernel) +
    perCpuPages(kernel) +
    hugePages(kernel).total;
  return Number(totalramPages(kernel)) - counted;
}
