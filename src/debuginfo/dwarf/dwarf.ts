/** Opens the DWARF debug information of an image. */
import { once } from "../../base/once.ts";
import type { ElfFile } from "../../elf/elf.ts";
import { elfSymbols } from "../symbols/elfSymbols.ts";
import type { Placement } from "../../elf/placement.ts";
import type { CodeSource, TypeSource } from "../source.ts";
import { DwarfCode } from "./code.ts";
import { Image } from "./image.ts";
import { KnownFunctions } from "./knownFunctions.ts";
import { DwarfTypes } from "./typeSource.ts";

export interface DwarfOptions {
  /** Runtime addresses of a relocatable file's sections. */
  readonly placement?: Placement;
  /** The file to which `dwz` moved common parts (.gnu_debugaltlink, DWARF 5's .debug_sup). */
  readonly alternate?: ElfFile;
  /** The index of names that an earlier session saved for this file. A damaged index is ignored. */
  readonly names?: () => Uint8Array | undefined;
  /** The positions of functions that an earlier session saved; only for a file that is not relocatable. */
  readonly functions?: () => Uint8Array | undefined;
}

/** The debug information of one image. Its sections are read in parts when needed. */
export interface Dwarf {
  readonly code: CodeSource;
  readonly types: TypeSource;
  /**
   * Returns the name of a .dwo file with what this image's units leave out; undefined if the image is not split.
   * @throws Fault
   */
  splitInto(): string | undefined;
  /** Sets where the structs that a unit only declares are looked up. Without this call: in this image. */
  completeFrom(find: TypeSource["find"]): void;
  /** Returns the index of names built so far; undefined if it has little new content. */
  saveNames(): Uint8Array<ArrayBuffer> | undefined;
  /** Returns the positions of functions found so far; undefined if there is nothing new. */
  saveFunctions(): Uint8Array<ArrayBuffer> | undefined;
}

/**
 * Opens the debug information of a vmlinux or module: DWARF 2 to 5, of either offset size and byte order. @throws Fault
 * when the compression of a section is unknown
 */
export function openDwarf(elf: ElfFile, options: DwarfOptions = {}): Dwarf {
  const { placement, alternate } = options;
  const image = new Image(elf, placement, alternate && new Image(alternate, undefined, undefined));
  const symbols = once(() => elfSymbols(elf, placement));
  const functions = options.functions && new KnownFunctions(image, options.functions);
  const code = new DwarfCode(image, elf, placement, symbols, functions);
  const types = new DwarfTypes(image, (pc) => code.functionAt(pc), symbols, options.names);
  image.definition = (kind, name) => types.find(kind, name);
  return {
    code,
    types,
    splitInto: () => splitInto(image),
    completeFrom(find) {
      image.definition = find;
    },
    saveNames: () => types.saveNames(),
    saveFunctions: () => functions?.save(),
  };
}

// DWARF 5, section 7.5.4; earlier a GNU extension.
const DW_AT_dwo_name = 0x76;
const DW_AT_GNU_dwo_name = 0x2130;

/**
 * Number of units that are searched for the name of a .dwo file: the first ones can be assembly, which is never split.
 */
const MAX_LOOKED_AT = 64;

/**
 * Returns the name of the .dwo file that contains types, functions and locals of the first split unit; undefined if the
 * image is not split. @throws Fault
 */
function splitInto(image: Image): string | undefined {
  let looked = 0;
  for (const unit of image.units()) {
    const name = unit.root.get(DW_AT_dwo_name) ?? unit.root.get(DW_AT_GNU_dwo_name);
    if (name) return unit.text(name);
    if (++looked === MAX_LOOKED_AT) break;
  }
  return undefined;
}
