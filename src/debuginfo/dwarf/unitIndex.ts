import { Fault, attempt } from "../../base/fault.ts";
import { ascending, lastAtOrBelow, permuted } from "../order.ts";
import type { Image } from "./image.ts";
import { unitRanges } from "./ranges.ts";
import type { Unit } from "./unit.ts";

/** Which unit has the code at an address: by .debug_aranges, and by the units' own ranges where that has a gap. */
export class UnitIndex {
  private readonly image: Image;
  private byArange: RangeTable | undefined;
  private byRange: RangeTable | undefined;

  constructor(image: Image) {
    this.image = image;
  }

  /** The unit whose code holds `pc`, a distance. @throws Fault */
  at(pc: number): Unit | undefined {
    this.byArange ??= readAranges(this.image);
    let offset = this.byArange.at(pc);
    if (offset === undefined) {
      this.byRange ??= readUnitRanges(this.image, this.byArange);
      offset = this.byRange.at(pc);
    }
    return offset === undefined ? undefined : this.image.unitAt(offset);
  }
}

/** Ranges and the offsets of their units. */
class RangeTable {
  private readonly starts: Float64Array;
  private readonly ends: Float64Array;
  private readonly offsets: Float64Array;
  readonly units: ReadonlySet<number>;

  constructor(starts: readonly number[], ends: readonly number[], offsets: readonly number[]) {
    const keys = Float64Array.from(starts);
    const order = ascending(keys);
    this.starts = permuted(keys, order);
    this.ends = permuted(Float64Array.from(ends), order);
    this.offsets = permuted(Float64Array.from(offsets), order);
    this.units = new Set(offsets);
  }

  at(pc: number): number | undefined {
    const i = lastAtOrBelow(this.starts, pc);
    return pc < (this.ends[i] ?? -Infinity) ? this.offsets[i] : undefined;
  }
}

/** .debug_aranges: DWARF 5, section 6.1.2. A table that breaks off ends there: the units' own ranges fill the gap. */
function readAranges(image: Image): RangeTable {
  const starts: number[] = [];
  const ends: number[] = [];
  const offsets: number[] = [];
  const cursor = image.aranges.cursor(0);
  attempt(() => {
    while (cursor.offset < image.aranges.size) {
      const set = cursor.offset;
      const { offsetSize, length } = cursor.initialLength();
      const end = cursor.offset + length;
      const version = cursor.u16();
      const unit = cursor.unsigned(offsetSize);
      const addressSize = cursor.u8();
      const segmentSize = cursor.u8();
      if (version !== 2 || segmentSize !== 0) throw Fault.of("corrupt", `${cursor.name} has version ${version}`);
      // Tuples are aligned to their own size, counted from the start of the set.
      const tuple = 2 * addressSize;
      cursor.skip((tuple - ((cursor.offset - set) % tuple)) % tuple);
      while (cursor.offset + tuple <= end) {
        const start = cursor.address(addressSize);
        const size = cursor.unsigned(addressSize);
        if (size === 0) continue;
        starts.push(start);
        ends.push(start + size);
        offsets.push(unit);
      }
      cursor.skip(end - cursor.offset);
    }
  });
  return new RangeTable(starts, ends, offsets);
}

/** The ranges of the units that `known` does not have. A unit that cannot be read hides only itself and what follows. */
function readUnitRanges(image: Image, known: RangeTable): RangeTable {
  const starts: number[] = [];
  const ends: number[] = [];
  const offsets: number[] = [];
  attempt(() => {
    for (const unit of image.units()) {
      if (known.units.has(unit.offset)) continue;
      attempt(() => {
        for (const { start, end } of unitRanges(unit)) {
          starts.push(start);
          ends.push(end);
          offsets.push(unit.offset);
        }
      });
    }
  });
  return new RangeTable(starts, ends, offsets);
}
