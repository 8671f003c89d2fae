/** Facts about a machine that are needed to read ELF files. */

/**
 * The value that a relocation writes in `size` bytes: symbol + addend, and if `relative` minus its own position. With
 * size 0 it writes nothing.
 */
export interface ElfRelocation {
  readonly size: 0 | 1 | 2 | 4 | 8;
  readonly relative: boolean;
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
