/** The code that a report prints behind `Code:`, as a question and as its answer. */

/** What stands behind `Code:`, and the place in code that the mark in it stands for. */
export interface Opcodes {
  /** `8b 43 20 <89> 28`, `b9400c00 (b9000020)`. */
  readonly text: string;
  /** `lab_apply+0x2f/0x43 [lab_nullderef]`, an address; undefined where the report names none. */
  readonly at: string | undefined;
}

export interface Opcode {
  readonly address: string;
  /** `lab_apply+0x2f`. */
  readonly symbol: string | undefined;
  /** `89 28`. */
  readonly bytes: string;
  readonly text: string;
  /** The instruction that faulted. */
  readonly faulting: boolean;
}
