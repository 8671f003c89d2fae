/** Checks whether memory cgroups reached their limits. */
import { attempt, Fault } from "../../base/fault.ts";
import { cgroupMemory, cgroupEvents, cgroupPath, memoryCgroups as allCgroups } from "../../linux/mm/memcg.ts";
import { pageSize } from "../../linux/mm/page.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { pause } from "../check.ts";
import { type HealthCheck, observed } from "../healthCheck.ts";
import { countWords, sizeWords } from "./amounts.ts";

/**
 * Minimum share of its limit that a reported cgroup uses. It is below 1 because each CPU keeps up to 64 pages that it
 * has charged in advance.
 */
const AT_LIMIT = 0.98;
/** The same for a cgroup that ran out of memory. It is lower because the killed processes freed memory. */
const NEAR_LIMIT = 0.9;
/** Maximum number of cgroups that are reported. */
const MAX_CGROUPS = 16;

/** Reports memory cgroups that use nearly all that their limit allows. */
export const memoryCgroups: HealthCheck = {
  id: "memory-cgroups",
  title: "memory cgroups at their limit",
  shows: "kmem -i",
  *run(kernel) {
    let [all, limited, reported] = [0, 0, 0];
    const noLimit = pagesWithoutLimit(kernel);
    let last: Obj | undefined;
    for (const group of allCgroups(kernel)) {
      if (++all % 64 === 0) yield pause("memory cgroups");
      const memory = cgroupMemory(group);
      if (memory.limit >= noLimit) continue;
      limited++;
      const events = attempt(() => cgroupEvents(group));
      const counts = events instanceof Fault ? undefined : events;
      const outOfMemory = counts?.outOfMemory ?? 0;
      const share = outOfMemory > 0 ? NEAR_LIMIT : AT_LIMIT;
      if (memory.usage < memory.limit * share) continue;
      last = group;
      if (++reported > MAX_CGROUPS) continue;
      const path = cgroupPath(group);
      const size = pageSize(kernel);
      yield observed(
        "memory-cgroups",
        outOfMemory > 0 ? "suspect" : "note",
        { path, usage: memory.usage, limit: memory.limit, outOfMemory: counts?.outOfMemory, killed: counts?.killed },
        [
          `The memory cgroup ${path} uses ${sizeWords(memory.usage * size)} of at most ${sizeWords(memory.limit * size)}`,
          outOfMemory > 0
            ? `; it ran out of memory ${countWords(outOfMemory, "time")}, and ${counts?.killed ?? 0} of its processes were killed.`
            : `${counts ? "; it did not run out of memory: " : "; "}a part of what it uses can be page cache, which can be freed.`,
        ],
        {
          kind: "field",
          type: "struct mem_cgroup",
          address: group.address,
          path: "memory",
          value: `${memory.usage} pages`,
        },
      );
    }
    if (last && reported > MAX_CGROUPS)
      yield observed(
        "memory-cgroups",
        "note",
        { more: reported - MAX_CGROUPS },
        [
          `${countWords(reported - MAX_CGROUPS, "more memory cgroup")} ${reported === MAX_CGROUPS + 1 ? "is at or near its" : "are at or near their"} limit.`,
        ],
        { kind: "field", type: "struct mem_cgroup", address: last.address, path: "memory", value: "the last of them" },
      );
    return all === 0
      ? "The kernel has no memory cgroups."
      : `${countWords(all, "memory cgroup")}, ${limited} with a limit; none is at or near its limit.`;
  },
};

/**
 * Returns the number of pages from which a limit is taken for none. The kernel's number for no limit is PAGE_COUNTER_MAX
 * (include/linux/page_counter.h): LONG_MAX with 32-bit words; with 64-bit words 2^63 bytes. There 2^53 bytes
 * are taken for none, because no machine has more memory than that.
 */
const pagesWithoutLimit = (kernel: Kernel): number =>
  kernel.arch.wordSize === 4 ? 2 ** 31 - 1 : Number.MAX_SAFE_INTEGER / pageSize(kernel);
