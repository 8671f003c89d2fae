/** What an ELF file needs to know of its machine. */

/** What a relocation writes: symbol + addend, less the place itself when `relative`, in `size` bytes; 0 writes nothing. */
export interface ElfRelocation {
  readonly size: 0 | 1 | 2 | 4 | 8;
  readonly relative: boolean;
}

export interface ElfMachine {
  /** `e_machine`. */
  readonly machine: number;
  /** Bytes of the machine's `long`; QEMU and LPAE kernels write 64-bit ELF for 32-bit machines. */
  readonly wordSize: 4 | 8;
  /** The relocations that debug sections have, by type; undefined where they are not known here. */
  readonly relocations?: Readonly<Record<number, ElfRelocation>>;
  /** Symbols such as `$a` and `$d` mark where instructions and data alternate. */
  readonly mappingSymbols?: true;
  /** The lowest bit of a function's symbol value is no part of its address. */
  readonly thumbBit?: true;
}

export const absolute = (size: ElfRelocation["size"]): ElfRelocation => ({ size, relative: false });
export const relative = (size: ElfRelocation["size"]): ElfRelocation => ({ size, relative: true });
