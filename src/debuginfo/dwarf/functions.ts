import { ascending, lastAtOrBelow, permuted } from "../order.ts";
import { DW_AT_low_pc, DW_AT_ranges, DW_TAG_module, DW_TAG_namespace, DW_TAG_subprogram } from "./constants.ts";
import type { Die, DieWalk } from "./die.ts";
import { dieRanges } from "./ranges.ts";
import type { Unit } from "./unit.ts";

/** Namespaces nest a few levels deep; what nests deeper is a lie. */
const MAX_NESTING = 16;

/** The functions of a unit that have code, by address. */
export class FunctionTable {
  private readonly unit: Unit;
  private readonly starts: Float64Array;
  private readonly ends: Float64Array;
  /** Offset in the unit of each range's DIE. */
  private readonly dies: Float64Array;

  /** @throws Fault */
  constructor(unit: Unit) {
    this.unit = unit;
    const found: Found = { starts: [], ends: [], dies: [] };
    collect(unit.rootDie.children(), found, 0);
    const starts = Float64Array.from(found.starts);
    const order = ascending(starts);
    this.starts = permuted(starts, order);
    this.ends = permuted(Float64Array.from(found.ends), order);
    this.dies = permuted(Float64Array.from(found.dies), order);
  }

  /** The DW_TAG_subprogram whose code holds `pc`, a distance. */
  at(pc: number): Die | undefined {
    // Identical code folded into one place overlaps: then the nearest start is not the only one to try.
    for (let i = lastAtOrBelow(this.starts, pc); i >= 0; i--) {
      if (pc < (this.ends[i] ?? 0)) return this.unit.die(this.dies[i] ?? 0);
    }
    return undefined;
  }
}

interface Found {
  readonly starts: number[];
  readonly ends: number[];
  readonly dies: number[];
}

function collect(walk: DieWalk, found: Found, depth: number): void {
  while (walk.next()) {
    const { tag, names } = walk.abbrev;
    if (tag === DW_TAG_subprogram) {
      if (!names.includes(DW_AT_low_pc) && !names.includes(DW_AT_ranges)) continue;
      for (const { start, end } of dieRanges(walk.die())) {
        found.starts.push(start);
        found.ends.push(end);
        found.dies.push(walk.offset);
      }
    } else if ((tag === DW_TAG_namespace || tag === DW_TAG_module) && depth < MAX_NESTING) {
      collect(walk.die().children(), found, depth + 1);
    }
  }
}
