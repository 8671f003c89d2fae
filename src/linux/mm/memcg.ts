/** Memory cgroups (mm/memcontrol.c). */
import { Fault } from "../../base/fault.ts";
import { listEntries } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** Maximum depth of nested cgroups; cgroups have none by default, but our recursion needs one. */
const MAX_DEPTH = 64;
/** Maximum number of names of a path. */
const MAX_NAMES = 256;

/** Yields the memory cgroups, parents before children; none without CONFIG_MEMCG. @throws Fault where a list breaks */
export function* memoryCgroups(kernel: Kernel): Generator<Obj<"struct mem_cgroup">> {
  if (!kernel.hasVariable("root_mem_cgroup")) return;
  const root = kernel.variable("root_mem_cgroup");
  if (root.value() !== 0n) yield* below(root.deref(), 0);
}

function* below(group: Obj<"struct mem_cgroup">, depth: number): Generator<Obj<"struct mem_cgroup">> {
  if (depth > MAX_DEPTH) throw Fault.at("corrupt", group.address, `cgroups are nested deeper than ${MAX_DEPTH} levels`);
  yield group;
  const children = group.at("css.children");
  for (const css of listEntries(group.kernel, children, "struct cgroup_subsys_state", "sibling"))
    yield* below(css.containerOf("struct mem_cgroup", "css"), depth + 1);
}

/** Returns the path of a memory cgroup below its hierarchy: `/` for the root. @throws Fault */
export function cgroupPath(group: Obj<"struct mem_cgroup">): string {
  const names: string[] = [];
  let node = group.at("css.cgroup.kn");
  while (node.value() !== 0n && names.length < MAX_NAMES) {
    names.unshift(node.at("name").text());
    // Since Linux kernel commit 633488947ef6 ("kernfs: Use RCU to access kernfs_node::parent") (in v6.15) the member
    // has two underscores.
    node = node.at(node.has("__parent") ? "__parent" : "parent");
  }
  // The root's own name is empty.
  return names.join("/") || "/";
}

/** What a memory cgroup uses, and how much it may use, in pages. */
export interface CgroupMemory {
  readonly usage: number;
  readonly limit: number;
}

/**
 * Returns the usage and the limit of a memory cgroup. The limit is in `max` since Linux kernel commit bbec2e15170a
 * ("mm: rename page_counter's count/limit into usage/max") (in v4.18). @throws Fault
 */
export function cgroupMemory(group: Obj<"struct mem_cgroup">): CgroupMemory {
  const counter = group.at("memory");
  const word = (names: readonly string[]): number => {
    const name = names.find((one) => counter.has(one)) ?? names[0] ?? "";
    const member = counter.at(name);
    return Number(member.has("counter") ? member.at("counter").value() : member.value());
  };
  return { usage: word(["usage", "count"]), limit: word(["max", "limit"]) };
}

/** What happened to a memory cgroup for lack of memory. */
export interface CgroupEvents {
  /** How often memory could not be reclaimed below the cgroup's own limit. */
  readonly outOfMemory: number;
  /** How many processes of it and of the cgroups below it the OOM killer killed. */
  readonly killed: number;
}

/**
 * Returns the events of a memory cgroup (`enum memcg_memory_event`); undefined for kernels that do not count them.
 * `memory_events` has also the events of the cgroups below it. Those of the cgroup alone are in `memory_events_local`
 * since the commit "mm, memcg: introduce memory.events.local" (in v5.3). @throws Fault
 */
export function cgroupEvents(group: Obj<"struct mem_cgroup">): CgroupEvents | undefined {
  if (!group.has("memory_events")) return undefined;
  const count = (member: string, name: string): number => {
    const constant = group.kernel.types.enumerator(name);
    return constant ? Number(group.at(member).index(Number(constant.value)).at("counter").value()) : 0;
  };
  const own = group.has("memory_events_local") ? "memory_events_local" : "memory_events";
  return { outOfMemory: count(own, "MEMCG_OOM"), killed: count("memory_events", "MEMCG_OOM_KILL") };
}
