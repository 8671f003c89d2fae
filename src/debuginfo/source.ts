import type { ByteOrder } from "../base/bytes.ts";
import type { CType, EnumType, TypeKind } from "./ctype.ts";

/** Types by name: BTF of the kernel or a module, DWARF of a vmlinux. */
export interface TypeSource {
  /** For people: "BTF", "DWARF". */
  readonly name: string;
  /** Its variables are the per-CPU ones only, as BTF's are. */
  readonly perCpuOnly?: true;
  /** A complete type is preferred over a declaration. */
  find(kind: TypeKind, name: string): CType | undefined;
  /** Declared type of a global variable; BTF knows only per-CPU ones. */
  variable(name: string): CType | undefined;
  /** Where the file that defines a global variable does so; only DWARF knows. */
  declaredAt?(name: string): SourceLine | undefined;
  /** Type of a function. */
  function(name: string): CType | undefined;
  /** The enum, anonymous ones too, that declares a constant of that name. */
  enumerator?(name: string): EnumType | undefined;
  /** Every named type, for completion and `whatis`. */
  names(): Iterable<{ readonly kind: TypeKind; readonly name: string }>;
}

/** A symbol at its runtime address (or link address, inside a source; the index of `model/` has runtime ones). */
export interface KSymbol {
  readonly name: string;
  readonly address: bigint;
  /** Bytes; from the ELF symbol, else the gap to the next symbol. */
  readonly size: number;
  /** As nm prints it: "T", "t", "D", "A"... */
  readonly type: string;
  /** Name of the module it belongs to; undefined for the kernel itself. */
  readonly module?: string;
}

/** Sorted symbols of one image. */
export interface SymbolSource {
  readonly name: string;
  /** Every symbol of that name (static functions repeat). */
  named(name: string): readonly KSymbol[];
  /** The symbol that holds `address`: the nearest at or below; of equals, a global function first, then the first in order. */
  at(address: bigint): KSymbol | undefined;
  /** In address order. */
  all(): Iterable<KSymbol>;
}

/** A place in a source file. `file` is the compiler's path with its directory, as debuginfo spells it. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** MD5 of the file as it was compiled, in hexadecimal; where the compiler noted it. */
  readonly md5?: string;
}

/** A function, or a function inlined into the next, that covers one pc. Addresses are the image's link addresses. */
export interface CodeScope {
  readonly function: string;
  readonly inlined: boolean;
  /** Where execution stands in this function: for the caller of an inlined one, the call's place. */
  readonly source: SourceLine | undefined;
  /** Entry address of the function (of its first range when inlined). */
  readonly entry: bigint;
  /** Parameters and locals visible at the pc, innermost block first, outer ones it hides left out. */
  variables(): readonly VariableDeclaration[];
}

export interface VariableDeclaration {
  readonly name: string;
  readonly parameter: boolean;
  readonly type: CType;
  /** Location expression or constant valid at the pc; undefined when optimised out there. */
  readonly location: VariableLocation | undefined;
  readonly declared: SourceLine | undefined;
}

export type VariableLocation =
  /** A DWARF expression, with that of the function's frame base; `dwarf/expression.ts` evaluates it. */
  | {
      readonly kind: "expression";
      readonly bytes: Uint8Array;
      readonly frameBase: Uint8Array | undefined;
      readonly unit: ExpressionUnit;
    }
  | { readonly kind: "constant"; readonly bytes: Uint8Array };

/** What the operations of a DWARF expression take from the unit it stands in. Offsets are those of the operations. */
export interface ExpressionUnit {
  readonly byteOrder: ByteOrder;
  readonly addressSize: 4 | 8;
  /** 4 in 32-bit DWARF, 8 in 64-bit DWARF. */
  readonly offsetSize: 4 | 8;
  /** An entry of .debug_addr: a link address. @throws Fault */
  indexedAddress?(index: number): bigint;
  /** The location of another DIE: in the same unit (`local`), or by offset in .debug_info. @throws Fault */
  expression?(offset: number, local: boolean): Uint8Array | undefined;
  /** The variable that an implicit pointer points at, by offset in .debug_info. @throws Fault */
  variable?(offset: number): { readonly type: CType; readonly location: VariableLocation | undefined };
  /** The base type at an offset in the unit. @throws Fault */
  baseType?(offset: number): CType;
}

/** Where registers of the caller are, at one pc. */
export type CfiRule =
  | { readonly kind: "undefined" }
  | { readonly kind: "same" }
  | { readonly kind: "offset"; readonly offset: number } // saved at CFA + offset
  | { readonly kind: "valueOffset"; readonly offset: number } // is CFA + offset
  | { readonly kind: "register"; readonly register: number }
  | { readonly kind: "expression"; readonly bytes: Uint8Array } // saved at the result
  | { readonly kind: "valueExpression"; readonly bytes: Uint8Array }; // is the result

export interface CfiRow {
  readonly cfa:
    | { readonly kind: "register"; readonly register: number; readonly offset: number }
    | { readonly kind: "expression"; readonly bytes: Uint8Array };
  /** By DWARF register number; a register not named keeps its value. */
  readonly rules: ReadonlyMap<number, CfiRule>;
  readonly returnAddressRegister: number;
  readonly signalFrame: boolean;
}

/**
 * Code knowledge of one image, by link address. Each question decodes only the units it needs; all of them, and the
 * getters of what they give, throw Fault where the debug information is broken.
 */
export interface CodeSource {
  readonly name: string;
  /** Innermost first, the real function last; empty when no unit covers the pc. */
  scopes(pc: bigint): readonly CodeScope[];
  cfi(pc: bigint): CfiRow | undefined;
  /** The line that `pc` comes from, without inlined callers; for assembly too. */
  lines?(pc: bigint): SourceLine | undefined;
  /** The bytes around `pc` that one row of the line table is of, end exclusive. */
  lineRange?(pc: bigint): { readonly start: bigint; readonly end: bigint } | undefined;
  /** The call that returns to `returnPc`, when debug information describes it. */
  callSite?(returnPc: bigint): CallSite | undefined;
}

/** An expression whose value a call passed. */
export type PassedValue = VariableLocation & { readonly kind: "expression" };

/** A call, as the caller's debug information has it: it tells what the callee has forgotten (DW_OP_entry_value). */
export interface CallSite {
  /** The function called, undefined for an indirect call. Another one on the stack was reached by a tail call. */
  readonly callee: string | undefined;
  /** The entry of the function called, of an indirect call (DW_AT_call_target); an expression of the caller's frame. */
  readonly target: PassedValue | undefined;
  /** What the call passed in a DWARF register, as an expression (DW_AT_call_value) of the caller's frame. */
  argument(register: number): PassedValue | undefined;
}

/** The registers an ORC entry can name (asm/orc_types.h), by name: the numbers moved in v4. */
export type OrcRegister =
  "undefined" | "prevSp" | "dx" | "di" | "bp" | "sp" | "r10" | "r13" | "bpIndirect" | "spIndirect" | "ax";

/** One row of ORC, version folded away. */
export interface OrcEntry {
  readonly spRegister: OrcRegister;
  readonly spOffset: number;
  readonly bpRegister: OrcRegister;
  readonly bpOffset: number;
  readonly type: "undefined" | "end" | "call" | "regs" | "regsPartial";
  readonly signal: boolean;
}

/** ORC tables of the kernel or one module, by runtime address. */
export interface OrcSource {
  find(pc: bigint): OrcEntry | undefined;
}
