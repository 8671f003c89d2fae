/** Types for what the instructions of a function do with its frame. */

/** What a function's instructions, up to some point, have done to its frame record. */
export interface FramePrologue {
  /** Whether the frame pointer points to the function's own record: it has been made and not yet restored. */
  readonly hasRecord: boolean;
  /** Bytes from the record to the canonical frame address; undefined before the record is made. */
  readonly cfaOffset: number | undefined;
  /** Bytes from the stack pointer in the function's body to the record; undefined before the record is made. */
  readonly recordOffset: number | undefined;
  /** Bytes of stack that were allocated before the record was made. */
  readonly allocatedBytes: number;
}

/** What a function with a frame record does with the callee-saved registers. */
export interface CalleeSaves {
  /** Registers that it saves where it makes its record, each with the bytes from the record to its slot. */
  readonly saved: ReadonlyMap<string, number>;
  /** Registers that some instruction of the function writes. */
  readonly changed: ReadonlySet<string>;
}

/** What the first instructions of a function that pushes registers do to the stack. */
export interface PushPrologue {
  /** Bytes between sp and the return address after these instructions. */
  readonly bytes: number;
  /** Pushed registers, each with the bytes from its slot to the canonical frame address. */
  readonly saved: ReadonlyMap<string, number>;
}

/** What the instructions of a function that lowers the stack pointer and stores registers have done to the stack. */
export interface StoringPrologue {
  /** The register from which the frame is found. */
  readonly base: "sp" | "fp";
  /** Bytes from this register to the canonical frame address. */
  readonly bytes: number;
  /** Stored registers, each with the bytes from its slot to the canonical frame address. */
  readonly saved: ReadonlyMap<string, number>;
}

/**
 * What a function has done with the frame pointer: `set` to its frame, `restored` to the caller's or used for something
 * else, or nothing.
 */
export type FramePointerState = "unchanged" | "set" | "restored";
