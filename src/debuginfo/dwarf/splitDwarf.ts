import type { Image } from "./image.ts";

// DWARF 5, section 7.5.4; before it an extension of GNU.
const DW_AT_dwo_name = 0x76;
const DW_AT_GNU_dwo_name = 0x2130;

/** Units of assembler stand in front, and have all in them. */
const MAX_LOOKED_AT = 64;

/**
 * The .dwo file that the first split unit of an image has its types, functions and locals in (-gsplit-dwarf); undefined
 * for an image that was not split. @throws Fault
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
