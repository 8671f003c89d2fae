/** Split DWARF (-gsplit-dwarf). */
import type { Image } from "./image.ts";

// DWARF 5, section 7.5.4; earlier a GNU extension.
const DW_AT_dwo_name = 0x76;
const DW_AT_GNU_dwo_name = 0x2130;

/** Limit for units without a split part at the start: units of assembly are complete. */
const MAX_LOOKED_AT = 64;

/**
 * Returns the name of the .dwo file that contains types, functions and locals of the first split unit; undefined if the
 * image is not split. @throws Fault
 */
export function splitInto(image: Image): string | undefined {
  let looked = 0;
  for (const unit of image.units()) {
    const name = unit.root.get(DW_AT_dwo_name) ?? unit.root.get(DW_AT_GNU_dwo_name);
    if (name) return unit.text(name);
    if (++looked === MAX_LOOKED_AT) break;
  }
  return undefined;
}
