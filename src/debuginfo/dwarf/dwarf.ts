import { once } from "../../base/once.ts";
import type { ElfFile } from "../../elf/elf.ts";
import { elfSymbols } from "../symbols/elfSymbols.ts";
import type { Placement } from "../../elf/placement.ts";
import type { CodeSource, TypeSource } from "../source.ts";
import { DwarfCode } from "./code.ts";
import { Image } from "./image.ts";
import { KnownFunctions } from "./knownFunctions.ts";
import { splitInto } from "./splitDwarf.ts";
import { DwarfTypes } from "./typeSource.ts";

export interface DwarfOptions {
  /** Where a relocatable file's sections were loaded. */
  readonly placement?: Placement;
  /** The file that `dwz` moved common parts to (.gnu_debugaltlink, DWARF 5's .debug_sup). */
  readonly alternate?: ElfFile;
  /** The index of names that another session saved of this very file; a damaged one changes nothing. */
  readonly names?: () => Uint8Array | undefined;
  /** The same for the places of functions; only for a file that is not placed. */
  readonly functions?: () => Uint8Array | undefined;
}

/** What the DWARF of one image tells; its sections are read piecemeal, as questions are asked. */
export interface Dwarf {
  readonly code: CodeSource;
  readonly types: TypeSource;
  /** A .dwo file that has what this image's units leave out; undefined for one that was not split. @throws Fault */
  splitInto(): string | undefined;
  /** Structs that a unit only declares are looked up there from now on, and not in this image alone. */
  completeFrom(find: TypeSource["find"]): void;
  /** The index of names as far as it was made; undefined when there is little that is new in it. */
  saveNames(): Uint8Array<ArrayBuffer> | undefined;
  /** The places of functions that were come to; undefined when there is nothing new. */
  saveFunctions(): Uint8Array<ArrayBuffer> | undefined;
}

/**
 * The debug information of a vmlinux or module: DWARF 2 to 5, of either width and byte order.
 * @throws Fault when a section's compression is not understood
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
