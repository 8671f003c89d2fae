/** Finds the unit of an address. */
import { Fault, attempt } from "../../base/fault.ts";
import type { Image } from "./image.ts";
import { unitRanges } from "./ranges.ts";
import { RangeTable } from "./rangeTable.ts";
import type { Unit } from "./unit.ts";

/** Units by code address: from .debug_aranges, and from the own ranges of units that it lacks. */
export class UnitIndex {
  private readonly image: Image;
  private byArange: UnitRanges | undefined;
  private byRange: UnitRanges | undefined;

  constructor(image: Image) {
    this.image = image;
  }

  /** Returns the unit whose code contains `pc`, a distance from the base of the image (see Addressing); undefined if none does. @throws Fault */
  at(pc: number): Unit | undefined {
    this.byArange ??= readAranges(this.image);
    let found = this.byArange.ranges.at(pc);
    if (!found) {
      this.byRange ??= readUnitRanges(this.image, this.byArange);
      found = this.byRange.ranges.at(pc);
    }
    return found && this.image.unitAt(found.value);
  }
}

/** Offsets of units by address range, and the set of these offsets. */
interface UnitRanges {
  readonly ranges: RangeTable;
  readonly units: Set<number>;
}

const noRanges = (): UnitRanges => ({ ranges: new RangeTable(1024), units: new Set() });

function addRange({ ranges, units }: UnitRanges, start: number, end: number, unit: number): void {
  ranges.add(start, end, unit);
  units.add(unit);
}

/** Reads .debug_aranges (DWARF 5, section 6.1.2). A unit whose set is damaged counts as lacking. */
function readAranges(image: Image): UnitRanges {
  const found = noRanges();
  const cursor = image.aranges.cursor(0);
  let unit = -1;
  const read = attempt(() => {
    while (cursor.offset < image.aranges.size) {
      const set = cursor.offset;
      const { offsetSize, length } = cursor.initialLength();
      const end = cursor.offset + length;
      const version = cursor.u16();
      unit = cursor.unsigned(offsetSize);
      const addressSize = cursor.u8();
      const segmentSize = cursor.u8();
      if (version !== 2) throw Fault.of("corrupt", `${cursor.name} has the unknown version ${version}`);
      if (segmentSize !== 0) throw Fault.of("corrupt", `${cursor.name} has segments, which are not supported`);
      // Tuples are aligned to their own size, counted from the start of the set.
      const tuple = 2 * addressSize;
      cursor.skip((tuple - ((cursor.offset - set) % tuple)) % tuple);
      while (cursor.offset + tuple <= end) {
        const start = cursor.address(addressSize);
        const size = cursor.unsigned(addressSize);
        if (size === 0) continue;
        addRange(found, start, start + size, unit);
      }
      cursor.skip(end - cursor.offset);
    }
  });
  if (read instanceof Fault) found.units.delete(unit);
  return found;
}

/**
 * Reads the ranges of units that `known` lacks. A unit whose ranges cannot be read is skipped. A header that cannot be
 * read ends the list.
 */
function readUnitRanges(image: Image, known: UnitRanges): UnitRanges {
  const found = noRanges();
  attempt(() => {
    for (const unit of image.units()) {
      if (known.units.has(unit.offset)) continue;
      attempt(() => {
        for (const { start, end } of unitRanges(unit)) addRange(found, start, end, unit.offset);
      });
    }
  });
  return found;
}
