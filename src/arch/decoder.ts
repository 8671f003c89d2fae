/** How the code of a machine is decoded. */

/**
 * Maximum length of an instruction of any machine, in bytes: that of x86, where a longer one causes a general protection
 * fault (Intel SDM 2A, 2.3.11).
 */
export const MAX_INSTRUCTION_BYTES = 15;

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
