/** Effects of instructions on registers and memory. */

/** Where a memory operand lies: segment base + base + index * scale + displacement. */
export interface MemoryOperand {
  readonly base: string | undefined;
  readonly index: string | undefined;
  readonly scale: number;
  /** Signed; the address itself where neither base nor index is. */
  readonly displacement: bigint;
  /** x86: "gs", whose base is the CPU's per-CPU area in the kernel. */
  readonly segment?: "gs" | "fs" | undefined;
}

export interface MemoryAccess {
  readonly place: MemoryOperand;
  /** Bytes. */
  readonly size: number;
  readonly reads: boolean;
  readonly writes: boolean;
}

export type Operator = "+" | "-" | "&" | "|" | "^" | "<<" | ">>";

/** What a register holds after an instruction, in terms of what was before it. */
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
    };

/** What sets the flags that a branch tests: a difference or a conjunction, of so many bits. */
export interface Comparison {
  readonly left: Value;
  readonly right: Value;
  readonly by: "difference" | "conjunction";
}

/** What a branch is taken for; of a conjunction and of a result, the other side is 0. */
export type Relation = "==" | "!=" | "<" | "<=" | ">" | ">=";

export interface Effect {
  readonly address: bigint;
  /** Bytes. */
  readonly length: number;
  /** Its explicit memory operand, where it accesses one. */
  readonly access: MemoryAccess | undefined;
  /** Registers that it writes, calls apart; undefined for a value that is not followed. */
  readonly writes: ReadonlyMap<string, Value | undefined>;
  /** "trap": a breakpoint, as it also fills the space between functions. */
  readonly flow: "next" | "jump" | "branch" | "call" | "return" | "trap";
  /** Where a jump, branch or call goes; undefined where a register or memory tells. */
  readonly target: bigint | undefined;
  /** The register of an indirect jump or call. */
  readonly through?: string | undefined;
  /** Operands of a comparison. */
  readonly compares?: Comparison | undefined;
  /** Condition of a branch; undefined for branches that test other flags. */
  readonly relation?: Relation | undefined;
  /** It may change the flags. */
  readonly setsFlags?: boolean;
  /** What is divided by, of a division. */
  readonly divisor?: Value | undefined;
}

/** Decodes code into what it does. */
export type EffectDecoder = (bytes: Uint8Array, address: bigint) => Effect[];

/** Sums wrap at 64 bits. */
export const wrap64 = (value: bigint): bigint => BigInt.asUintN(64, value);
