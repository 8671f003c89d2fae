/** How the code of a machine is decoded. */

/** How Capstone decodes a machine's code. */
export interface CapstoneMachine {
  /** Names of Capstone's constants. The modes are combined. */
  readonly arch: `ARCH_${string}`;
  readonly modes: readonly `MODE_${string}`[];
  /** Bytes to skip where there is no instruction. */
  readonly step: number;
  /** Bytes of the longest instruction. */
  readonly longest: number;
}

/** Iced-x86 decodes code of this word size in bits. */
export interface IcedMachine {
  readonly bits: 32 | 64;
}

export type Decoder = IcedMachine | CapstoneMachine;
