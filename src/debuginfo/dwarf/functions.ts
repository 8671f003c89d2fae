/** Functions of a unit by address. */
import { DW_AT_low_pc, DW_AT_ranges, DW_TAG_module, DW_TAG_namespace, DW_TAG_subprogram } from "./constants.ts";
import type { Die, DieWalk } from "./die.ts";
import { dieRanges } from "./ranges.ts";
import { RangeTable } from "./rangeTable.ts";
import type { Unit } from "./unit.ts";

/** Maximum depth of nested namespaces; more means damage. */
const MAX_NESTING = 16;

/** The functions of a unit that have code, sorted by address. */
export class FunctionTable {
  private readonly unit: Unit;
  /** Functions by offset of their DIE in the unit. */
  private readonly ranges = new RangeTable();

  /** Reads the unit's functions. @throws Fault */
  constructor(unit: Unit) {
    this.unit = unit;
    collect(unit.rootDie.children(), this.ranges, 0);
  }

  /**
   * Returns the DW_TAG_subprogram whose code contains `pc`, a distance; undefined if none does. Ranges overlap where
   * the linker folded identical code.
   */
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
