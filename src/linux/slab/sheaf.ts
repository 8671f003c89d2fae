/** Sheaves of SLUB. */
import { Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Obj } from "../../model/object.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { listEntries } from "../../kernel/list.ts";
import { perCpuPointee } from "../../kernel/percpu.ts";
import { nodeHolders } from "./slab.ts";

/**
 * A sheaf: an array of free objects. A CPU allocates from and frees to its sheaves before it uses slabs (mm/slub.c,
 * since v6.18). Objects in a sheaf count as in use in their slab.
 */
export interface Sheaf {
  /** `struct slab_sheaf`. */
  readonly sheaf: Obj<"struct slab_sheaf">;
  /** What the sheaf belongs to: "cpu 3 sheaf", "node 0 barn". */
  readonly holder: string;
}

/**
 * Yields every sheaf of a cache that can contain objects; none if the cache or the kernel has no sheaves. @throws Fault
 */
export function* sheaves(cache: Obj<"struct kmem_cache">): Generator<Sheaf> {
  if (!cache.has("cpu_sheaves") || cache.at("cpu_sheaves").value() === 0n) return;
  for (const cpu of possibleCpus(cache.kernel)) {
    const own = perCpuPointee(cache.kernel, cache.at("cpu_sheaves"), cpu);
    for (const name of ["main", "spare", "rcu_free"]) {
      const sheaf = own.has(name) ? own.at(name) : undefined;
      if (sheaf && sheaf.value() !== 0n) yield { sheaf: sheaf.deref(), holder: `cpu ${cpu} sheaf` };
    }
  }
  for (const { id, barn } of barns(cache)) {
    for (const sheaf of listEntries(cache.kernel, barn.at("sheaves_full"), "struct slab_sheaf", "barn_list"))
      yield { sheaf, holder: `node ${id} barn` };
  }
}

/**
 * Yields each node's store of sheaves, `struct node_barn`. It is an element of `per_node[]` since v7.1; before, a
 * member of `struct kmem_cache_node`.
 */
function* barns(
  cache: Obj<"struct kmem_cache">,
): Generator<{ readonly id: number; readonly barn: Obj<"struct node_barn"> }> {
  for (const { id, holder } of nodeHolders(cache)) {
    const isPair = bare(holder.type).kind !== "pointer";
    if (!isPair && holder.value() === 0n) continue;
    if (!holder.has("barn")) continue;
    const barn = holder.at("barn");
    if (barn.value() !== 0n) yield { id, barn: barn.deref() };
  }
}

/** Maximum number of objects in a sheaf; sheaf_capacity is at most a few hundred. */
const MAX_CAPACITY = 1 << 16;

/** Returns the number of free objects in a sheaf. @throws Fault */
export function sheafSize({ sheaf }: Sheaf): number {
  const size = sheaf.at("size").number();
  if (size > MAX_CAPACITY)
    throw Fault.at("corrupt", sheaf.address, `sheaf size of ${size} objects exceeds the limit of ${MAX_CAPACITY}`);
  return size;
}

/** Yields the addresses of the free objects in a sheaf. @throws Fault */
export function* sheafObjects(one: Sheaf): Generator<bigint> {
  const size = sheafSize(one);
  for (let i = 0; i < size; i++) yield one.sheaf.at("objects").index(i).value();
}
