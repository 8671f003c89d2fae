/** Memory in words, for the page that shows it. */

/** A piece of memory in words of `wordSize` bytes. */
export interface MemoryWords {
  /** Address of the first word: a multiple of the word size. */
  readonly address: string;
  /** 4 or 8. */
  readonly wordSize: number;
  readonly byteOrder: "little" | "big";
  readonly words: readonly MemoryWord[];
  /** What the requested address is part of, on one line. */
  readonly what?: string;
}

export interface MemoryWord {
  /** Two hexadecimal digits per byte, in the order of memory; "" if the word cannot be read. */
  readonly bytes: string;
  /** Why the word cannot be read: "page excluded from dump". */
  readonly fault?: string;
  /** The symbol that the word is part of: `init_task+0x10`. */
  readonly symbol?: string;
  /** What the value points at; undefined if it is not the address of anything known. */
  readonly target?: string;
}
