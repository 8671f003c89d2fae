/** What the instructions of a function do with its frame. */

/** Effect of a function's instructions, up to some point, on its frame record. */
export interface FramePrologue {
  /** The frame pointer points to the function's own record: it is made and not yet restored. */
  readonly hasRecord: boolean;
  /** Bytes from the record to the canonical frame address, once it is made. */
  readonly cfaOffset: number | undefined;
  /** Bytes from the stack pointer of the function's body to the record, once it is made. */
  readonly recordOffset: number | undefined;
  /** Bytes of stack allocated before a record is made. */
  readonly taken: number;
}

/** What a function with a frame record does with the callee-saved registers. */
export interface CalleeSaves {
  /** Registers that it saves where it makes its record, each with the bytes from the record to its slot. */
  readonly saved: ReadonlyMap<string, number>;
  /** Registers that some instruction of the function writes. */
  readonly changed: ReadonlySet<string>;
}

/** Effect on the stack of the first instructions of a function that pushes registers. */
export interface PushPrologue {
  /** Bytes between sp and the return address after these instructions. */
  readonly bytes: number;
  /** Pushed registers, each with the bytes from its slot to the canonical frame address. */
  readonly saved: ReadonlyMap<string, number>;
}
