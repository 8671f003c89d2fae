/** The code after `Code:` in a report: request and answer. */

/** The text after `Code:`, and the address of the marked instruction. */
export interface Opcodes {
  /** `8b 43 20 <89> 28`, `b9400c00 (b9000020)`. */
  readonly text: string;
  /** `lab_apply+0x2f/0x43 [lab_nullderef]`, or an address; undefined if the report has none. */
  readonly at: string | undefined;
}

export interface Opcode {
  readonly address: string;
  /** `lab_apply+0x2f`. */
  readonly symbol: string | undefined;
  /** `89 28`. */
  readonly bytes: string;
  readonly text: string;
  /** Whether the instruction is the one that faulted. */
  readonly faulting: boolean;
}
