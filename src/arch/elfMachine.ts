/** Facts about a machine that are needed to read ELF files. */

/**
 * The value that a relocation writes in `size` bytes: symbol + addend, and if `relative` minus its own position. With
 * size 0 it writes nothing.
 */
export interface ElfRelocation {
  readonly size: 0 | 1 | 2 | 4 | 8;
  readonly relative: boolean;
  /** Adds the value to the stored one, or subtracts it. A pair of both writes the difference of two symbols. */
  readonly combine?: "add" | "subtract";
  /** Writes only the lower six bits of the byte, or a ULEB128 number in as many bytes as are there. */
  readonly form?: "six bits" | "ULEB128";
}

export interface ElfMachine {
  /** `e_machine`. */
  readonly machine: number;
  /** Size of the machine's `long` in bytes. QEMU and LPAE kernels write 64-bit ELF for 32-bit machines. */
  readonly wordSize: 4 | 8;
  /** Relocations that occur in debug sections, by type; undefined if not known for this machine. */
  readonly relocations?: Readonly<Record<number, ElfRelocation>>;
  /** Set if symbols such as `$a` and `$d` mark boundaries of instructions and data. */
  readonly mappingSymbols?: true;
  /** Set if the lowest bit of a function symbol's value is not part of its address. */
  readonly thumbBit?: true;
}

export const absolute = (size: ElfRelocation["size"]): ElfRelocation => ({ size, relative: false });
export const relative = (size: ElfRelocation["size"]): ElfRelocation => ({ size, relative: true });
export const added = (size: ElfRelocation["size"]): ElfRelocation => ({ size, relative: false, combine: "add" });
export const subtracted = (size: ElfRelocation["size"]): ElfRelocation => ({ ...added(size), combine: "subtract" });
