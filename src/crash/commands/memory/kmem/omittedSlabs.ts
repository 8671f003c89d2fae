/** Reports the slabs of a cache that `kmem -S` does not show. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { cacheName } from "../../../../linux/slab/slab.ts";
import { countedByNodes, type SlabCount } from "../../../../linux/slab/slabUsage.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Pieces } from "../../../../say/piece.ts";

/** Number of objects of each slab that was shown, by slab. */
export type Shown = Map<bigint, number>;

/**
 * Reports the slabs that were not shown.
 * @param counted what a scan of all pages counted, if the cache does not count its slabs
 * @param isEveryCpu whether the lists of all CPUs were walked
 */
export function* omittedSlabs(cache: Obj, shown: Shown, counted: SlabCount | undefined, isEveryCpu: boolean): Pieces {
  const all = attempt(() => counted ?? countedByNodes(cache));
  const name = attempt(() => cacheName(cache));
  if (all instanceof Fault || name instanceof Fault || all.slabs <= shown.size) return;
  const slabs = all.slabs - shown.size;
  const objects = [...shown.values()].reduce((sum, one) => sum + one, 0);
  const what = slabs === 1 ? "1 slab is" : `${slabs} slabs are`;
  const why = isEveryCpu
    ? "probably because full slabs are not on a list"
    : "because they are on lists of other CPUs, or full and not on a list";
  yield {
    kind: "omission",
    sentence: `${objects} of ${all.total} objects: ${what} on none of the lists that are walked, ${why}.`,
    all: { title: "All objects", line: `kmem -S -a ${name}` },
    lines: [],
  };
}
