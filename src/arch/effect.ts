/** Effects of instructions on registers and memory. */

/** The address of a memory operand: segment base + base + index * scale + displacement. */
export interface MemoryOperand {
  readonly base: string | undefined;
  readonly index: string | undefined;
  readonly scale: number;
  /** Signed; the whole address if there is neither base nor index. */
  readonly displacement: bigint;
  /** x86: "gs", whose base is the CPU's per-CPU area in the kernel. */
  readonly segment?: "gs" | "fs" | undefined;
}

export interface MemoryAccess {
  readonly place: MemoryOperand;
  /** Size in bytes. */
  readonly size: number;
  readonly reads: boolean;
  readonly writes: boolean;
}

export type Operator = "+" | "-" | "&" | "|" | "^" | "<<" | ">>";

/** The value of a register after an instruction, expressed with the values before it. */
export type Value =
  | { readonly kind: "constant"; readonly value: bigint }
  /** The low `bits` of a register, zero- or sign-extended. */
  | { readonly kind: "register"; readonly name: string; readonly bits: number; readonly signed: boolean }
  | { readonly kind: "load"; readonly place: MemoryOperand; readonly size: number; readonly signed: boolean }
  | { readonly kind: "address"; readonly place: MemoryOperand }
  | {
      readonly kind: "operation";
      readonly operator: Operator;
      readonly left: Value;
      readonly right: Value;
      readonly bits: number;
      /** The result of these bits is sign-extended. Default: zero-extended. */
      readonly signed?: boolean;
    };

/**
 * The comparison that sets the flags which a branch tests. "difference": of `left` and `right`; "conjunction": `left &
 * right` with 0.
 */
export interface Comparison {
  readonly left: Value;
  readonly right: Value;
  readonly by: "difference" | "conjunction";
}

/**
 * The relation between the sides of a comparison for which a branch is taken. After a conjunction or another result,
 * the right side is 0.
 */
export type Relation = "==" | "!=" | "<" | "<=" | ">" | ">=";

export interface Effect {
  readonly address: bigint;
  /** Size in bytes. */
  readonly length: number;
  /** The explicit memory operand, if the instruction accesses one. */
  readonly access: MemoryAccess | undefined;
  /**
   * Registers that the instruction itself writes, without those that a called function changes; undefined for a value
   * that is not followed.
   */
  readonly writes: ReadonlyMap<string, Value | undefined>;
  /** "trap" is a breakpoint instruction, which also fills the space between functions. */
  readonly flow: "next" | "jump" | "branch" | "call" | "return" | "trap";
  /** Target of a jump, branch or call; undefined if a register or memory has it. */
  readonly target: bigint | undefined;
  /** The register of an indirect jump or call. */
  readonly through?: string | undefined;
  /** The value that a plain store writes to the memory operand; undefined for other instructions. */
  readonly stores?: Value | undefined;
  /** Operands of a comparison, or of an instruction that traps if `relation` holds. */
  readonly compares?: Comparison | undefined;
  /** Condition of a branch; undefined for branches that test other flags. */
  readonly relation?: Relation | undefined;
  /**
   * Whether a branch, a trap or a comparison is about signed numbers; undefined if the instruction leaves that open. On
   * most machines the branch decides it, on ppc64le the comparison.
   */
  readonly isSigned?: boolean | undefined;
  /** Whether the instruction may change the flags. */
  readonly setsFlags?: boolean;
  /** The flags that it sets or tests, on machines with several sets of them: "cr0". */
  readonly flags?: string | undefined;
  /** The divisor of a division. */
  readonly divisor?: Value | undefined;
}

/** Decodes code into the effects of its instructions, up to the first invalid one. */
export type EffectDecoder = (bytes: Uint8Array, address: bigint) => Effect[];

/**
 * Zero-extends the low 32 bits of a value. An instruction that writes the lower half of a register clears the upper one,
 * also where it sign-extends a byte to 32 bits.
 */
export const lowerHalf = (value: Value): Value => ({
  kind: "operation",
  operator: "&",
  left: value,
  right: { kind: "constant", value: 0xffffffffn },
  bits: 32,
});

/** Reduces a sum to 64 bits, at which addresses wrap. */
export const wrap64 = (value: bigint): bigint => BigInt.asUintN(64, value);
