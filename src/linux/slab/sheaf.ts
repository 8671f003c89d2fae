import { Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { listEntries } from "../../kernel/list.ts";
import { perCpuPointee } from "../../kernel/percpu.ts";
import { nodeHolders } from "./slab.ts";

/**
 * Sheaves: arrays of free objects that a CPU takes from and gives to before it goes to slabs (mm/slub.c, since v6.18).
 * Their objects count as in use in their slabs.
 */
export interface Sheaf {
  /** `struct slab_sheaf`. */
  readonly sheaf: Obj<"struct slab_sheaf">;
  /** Whose it is: "cpu 3 sheaf", "node 0 barn". */
  readonly owner: string;
}

/** Every sheaf of a cache that may hold objects; none for a cache or kernel without. @throws Fault */
export function* sheaves(cache: Obj<"struct kmem_cache">): Generator<Sheaf> {
  if (!cache.has("cpu_sheaves") || cache.at("cpu_sheaves").value() === 0n) return;
  for (const cpu of possibleCpus(cache.kernel)) {
    const own = perCpuPointee(cache.kernel, cache.at("cpu_sheaves"), cpu);
    for (const name of ["main", "spare", "rcu_free"]) {
      const sheaf = own.has(name) ? own.at(name) : undefined;
      if (sheaf && sheaf.value() !== 0n) yield { sheaf: sheaf.deref(), owner: `cpu ${cpu} sheaf` };
    }
  }
  for (const { id, barn } of barns(cache)) {
    for (const sheaf of listEntries(cache.kernel, barn.at("sheaves_full"), "struct slab_sheaf", "barn_list"))
      yield { sheaf, owner: `node ${id} barn` };
  }
}

/** A node's store of sheaves, `struct node_barn`: beside its lists in v7.1's `per_node[]`, until then among them. */
function* barns(
  cache: Obj<"struct kmem_cache">,
): Generator<{ readonly id: number; readonly barn: Obj<"struct node_barn"> }> {
  for (const { id, holder } of nodeHolders(cache)) {
    const isApart = bare(holder.type).kind !== "pointer";
    if (!isApart && holder.value() === 0n) continue;
    if (!holder.has("barn")) continue;
    const barn = holder.at("barn");
    if (barn.value() !== 0n) yield { id, barn: barn.deref() };
  }
}

/** sheaf_capacity is at most a few hundred. */
const MAX_CAPACITY = 1 << 16;

/** Free objects in a sheaf. @throws Fault */
export function sheafSize({ sheaf }: Sheaf): number {
  const size = sheaf.at("size").number();
  if (size > MAX_CAPACITY) throw Fault.at("corrupt", sheaf.address, `sheaf of ${size} objects`);
  return size;
}

/** Addresses of the free objects in a sheaf. @throws Fault */
export function* sheafObjects(one: Sheaf): Generator<bigint> {
  const size = sheafSize(one);
  for (let i = 0; i < size; i++) yield one.sheaf.at("objects").index(i).value();
}
