/** Interfaces of debuginfo: types, symbols and code of an image. */
import type { ByteOrder } from "../base/bytes.ts";
import type { CType, EnumType, TypeKind } from "./ctype.ts";

/** Types by name: from BTF of the kernel or a module, or from DWARF of a vmlinux. */
export interface TypeSource {
  /** Name that users see: "BTF", "DWARF". */
  readonly name: string;
  /** Set if it knows only per-CPU variables, as BTF does. */
  readonly perCpuOnly?: true;
  /** Returns a type by kind and name; undefined if there is none. A complete type is preferred over a declaration. */
  find(kind: TypeKind, name: string): CType | undefined;
  /** Returns the declared type of a global variable; undefined if it is not known: BTF knows only per-CPU variables. */
  variable(name: string): CType | undefined;
  /**
   * Returns where a global variable (the default), a function or a type is declared; undefined if it is not known. Only
   * DWARF knows it.
   */
  declaredAt?(name: string, kind?: TypeKind | "variable" | "function"): SourceLine | undefined;
  /** Returns the type of a function; undefined if it is not known. */
  function(name: string): CType | undefined;
  /** Returns the enum, possibly anonymous, that declares a constant of that name; undefined if none does. */
  enumerator?(name: string): EnumType | undefined;
  /** Yields all named types, for completion and `whatis`. */
  names(): Iterable<{ readonly kind: TypeKind; readonly name: string }>;
}

/** A symbol at its runtime address. Inside a source: at its link address. */
export interface KSymbol {
  readonly name: string;
  readonly address: bigint;
  /** Size in bytes: of the ELF symbol, otherwise the distance to the next symbol. */
  readonly size: number;
  /** Type letter of nm: "T", "t", "D", "A"... */
  readonly type: string;
  /** Name of the module; undefined for the kernel itself. */
  readonly module?: string;
  /** Name of the object at the same address, if this is a second name without a size; debuggers print the object's. */
  readonly object?: string;
}

/** Sorted symbols of one image. */
export interface SymbolSource {
  readonly name: string;
  /** Returns all symbols of that name, because static functions can share names. */
  named(name: string): readonly KSymbol[];
  /**
   * Returns the symbol that contains `address`: the nearest at or below it; of equal ones preferably a global function.
   */
  at(address: bigint): KSymbol | undefined;
  /** Returns all symbols in address order. */
  all(): Iterable<KSymbol>;
}

/** A line of a source file. `file` is the compiler's path with its directory. */
export interface SourceLine {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** MD5 of the file at compile time, in hexadecimal, if the compiler recorded it. */
  readonly md5?: string;
}

/** Code of one source line, as debuggers step: from `start` to before `end`. */
export interface Statement {
  readonly source: SourceLine;
  readonly start: bigint;
  readonly end: bigint;
}

/** A function, or a function inlined into the next, that contains a pc. Addresses are link addresses. */
export interface CodeScope {
  readonly function: string;
  readonly inlined: boolean;
  /** Current line in this function; in the caller of an inlined function the line of the call. */
  readonly source: SourceLine | undefined;
  /** Entry address of the function; of an inlined one the start of its first range. */
  readonly entry: bigint;
  /** Parameters and locals visible at the pc, innermost block first, without hidden outer ones. */
  variables(): readonly VariableDeclaration[];
}

export interface VariableDeclaration {
  readonly name: string;
  readonly parameter: boolean;
  readonly type: CType;
  /** Location expression or constant valid at the pc; undefined if optimized out there. */
  readonly location: VariableLocation | undefined;
  /** The code in which the variable has a location, if that differs from instruction to instruction. @throws Fault */
  readonly ranges: readonly LocationRange[];
  readonly declared: SourceLine | undefined;
}

/** Code in which one DWARF expression gives the location of a variable. */
export interface LocationRange {
  /** Distances in bytes from the pc of the scope; negative before it. */
  readonly start: number;
  readonly end: number;
  readonly expression: Uint8Array;
}

export type VariableLocation =
  /** A DWARF expression, with that of the function's frame base. `dwarf/expressions/` evaluates it. */
  | {
      readonly kind: "expression";
      readonly bytes: Uint8Array;
      readonly frameBase: Uint8Array | undefined;
      readonly unit: ExpressionUnit;
    }
  | { readonly kind: "constant"; readonly bytes: Uint8Array };

/** Access of a DWARF expression to its unit. Offsets are the operands of the operations. */
export interface ExpressionUnit {
  readonly byteOrder: ByteOrder;
  readonly addressSize: 4 | 8;
  /** Size of offsets: 4 in 32-bit DWARF, 8 in 64-bit DWARF. */
  readonly offsetSize: 4 | 8;
  /** Returns an entry of .debug_addr: a link address. @throws Fault */
  indexedAddress?(index: number): bigint;
  /**
   * Returns the location of another DIE: in the same unit (`local`), or by offset in .debug_info; undefined if it has
   * none. @throws Fault
   */
  expression?(offset: number, local: boolean): Uint8Array | undefined;
  /** Returns the variable that an implicit pointer points to, by offset in .debug_info. @throws Fault */
  variable?(offset: number): { readonly type: CType; readonly location: VariableLocation | undefined };
  /** Returns the base type at an offset in the unit. @throws Fault */
  baseType?(offset: number): CType;
}

/** Where the caller's registers are at one pc. */
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
  /** By DWARF register number. A register without a rule keeps its value. */
  readonly rules: ReadonlyMap<number, CfiRule>;
  readonly returnAddressRegister: number;
  readonly signalFrame: boolean;
}

/**
 * Facts about the code of one image, by link address. Each lookup decodes only the units it needs. All methods, and the
 * getters of their results, throw Fault when the debug information is damaged.
 */
export interface CodeSource {
  readonly name: string;
  /**
   * Returns the functions at `pc`: inlined ones, innermost first, then the one that contains them; empty if none is
   * known.
   */
  scopes(pc: bigint): readonly CodeScope[];
  cfi(pc: bigint): CfiRow | undefined;
  /** Returns the line of `pc` without inlined callers, also for assembly; undefined if it has none. */
  lines?(pc: bigint): SourceLine | undefined;
  /**
   * Returns the address range of the line table's row around `pc`, whose end is exclusive; undefined if there is none.
   */
  lineRange?(pc: bigint): { readonly start: bigint; readonly end: bigint } | undefined;
  /** Returns the statement that contains `pc`, of the innermost inlined function; undefined if there is none. */
  statement?(pc: bigint): Statement | undefined;
  /** Returns the call that returns to `returnPc`, if debug information describes it. */
  callSite?(returnPc: bigint): CallSite | undefined;
}

/** An expression for a value that a call passed. */
export type PassedValue = VariableLocation & { readonly kind: "expression" };

/**
 * A call according to the caller's debug information. It gives values that the callee no longer has
 * (DW_OP_entry_value).
 */
export interface CallSite {
  /**
   * The called function; undefined for an indirect call. If another function is on the stack, a tail call reached it.
   */
  readonly callee: string | undefined;
  /**
   * Entry of the function that an indirect call reaches (DW_AT_call_target), as an expression of the caller's frame.
   */
  readonly target: PassedValue | undefined;
  /**
   * Returns the value passed in a DWARF register (DW_AT_call_value), as an expression of the caller's frame; undefined
   * if it is not known.
   */
  argument(register: number): PassedValue | undefined;
}

/** Registers of ORC entries by name (asm/orc_types.h), because their numbers changed. */
export type OrcRegister =
  "undefined" | "prevSp" | "dx" | "di" | "bp" | "sp" | "r10" | "r13" | "bpIndirect" | "spIndirect" | "ax";

/** One ORC row, independent of its layout. */
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
