import { DW_AT_low_pc, DW_AT_ranges, DW_TAG_module, DW_TAG_namespace, DW_TAG_subprogram } from "./constants.ts";
import type { Die, DieWalk } from "./die.ts";
import { dieRanges } from "./ranges.ts";
import { RangeTable } from "./rangeTable.ts";
import type { Unit } from "./unit.ts";

/** Namespaces nest a few levels deep; what nests deeper is a lie. */
const MAX_NESTING = 16;

/** The functions of a unit that have code, by address. */
export class FunctionTable {
  private readonly unit: Unit;
  /** By the offsets of their DIEs in the unit. */
  private readonly ranges = new RangeTable();

  /** @throws Fault */
  constructor(unit: Unit) {
    this.unit = unit;
    collect(unit.rootDie.children(), this.ranges, 0);
  }

  /** The DW_TAG_subprogram whose code holds `pc`, a distance. Identical code folded into one place overlaps. */
  at(pc: number): Die | undefined {
    const found = this.ranges.at(pc);
    return found && this.unit.die(found.value);
  }
}

function collect(walk: DieWalk, found: RangeTable, depth: number): void {
  while (walk.next()) {
    const { tag, names } = walk.abbrev;
    if (tag === DW_TAG_subprogram) {
      if (!names.includes(DW_AT_low_pc) && !names.includes(DW_AT_ranges)) continue;
      for (const { start, end } of dieRanges(walk.die())) found.add(start, end, walk.offset);
    } else if ((tag === DW_TAG_namespace || tag === DW_TAG_module) && depth < MAX_NESTING) {
      collect(walk.die().children(), found, depth + 1);
    }
  }
}
