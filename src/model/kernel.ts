/** The interface of a crashed kernel. */
import type { Arch, Registers } from "../arch/arch.ts";
import type { CType, EnumType, TypeKind } from "../debuginfo/ctype.ts";
import type { CallSite, CfiRow, CodeScope, KSymbol, OrcEntry, SourceLine, Statement } from "../debuginfo/source.ts";
import type { KernelMemory } from "../memory/memory.ts";
import type { Obj } from "./object.ts";
import type { TypeLookup } from "./parseType.ts";

/** Types of the kernel and of its loaded modules. */
export interface Types {
  /**
   * Returns a type by its C name: "struct task_struct", "unsigned long", "pid_t *", "char [16]". @throws Fault unknown
   */
  named(name: string): CType;
  /** Returns a type by kind and name; undefined if no source has it. */
  find(kind: TypeKind, name: string): CType | undefined;
  /** Returns the declared type of a global variable; undefined if it is not known. */
  variable(name: string): CType | undefined;
  /**
   * Returns the type that the debuginfo declares for a global variable, with the length of an array; else the same as
   * `variable`. With DWARF this can take half a second.
   */
  exactVariable(name: string): CType | undefined;
  /**
   * Returns where a global variable, a function or a type is declared; undefined without DWARF, with which it can take
   * half a second.
   */
  declaredAt(name: string, kind?: TypeKind | "variable" | "function"): SourceLine | undefined;
  function(name: string): CType | undefined;
  /** Returns the enum that declares a constant, and its value; undefined if no source has it. */
  enumerator(name: string): { readonly type: EnumType; readonly value: bigint } | undefined;
  names(): Iterable<{ readonly kind: TypeKind; readonly name: string }>;
  /** For the parsers of type names and expressions. */
  readonly lookup: TypeLookup;
  /** Sources of types: "BTF", "DWARF", or none. */
  readonly sources: readonly string[];
}

/** Symbols of the kernel and of its modules at their runtime addresses. */
export interface Symbols {
  /** Returns the first symbol of that name, the kernel's before a module's; undefined if there is none. */
  find(name: string): KSymbol | undefined;
  named(name: string): readonly KSymbol[];
  /** Returns the symbol that contains `address`; undefined outside kernel and modules. */
  at(address: bigint): KSymbol | undefined;
  all(): Iterable<KSymbol>;
  readonly sources: readonly string[];
  /** Why data symbols may be missing, and what to do; undefined if all are known. */
  readonly gap?: string | undefined;
}

/** A `CodeScope` at runtime addresses, with its module. */
export interface CodePlace extends CodeScope {
  readonly module: string | undefined;
}

/** Lines, inlined calls, locals and unwind rows at runtime addresses. */
export interface Code {
  /** Returns the functions at `pc`, inlined ones first, innermost first; empty if no DWARF describes the code. */
  scopes(pc: bigint): readonly CodePlace[];
  /**
   * Returns the address range around `pc` that comes from one source line, the end exclusive; undefined without DWARF.
   */
  lineRange(pc: bigint): { readonly start: bigint; readonly end: bigint } | undefined;
  /**
   * Returns the statement that contains `pc`: its line in the innermost inlined function, and its code; undefined without
   * DWARF.
   */
  statement(pc: bigint): Statement | undefined;
  cfi(pc: bigint): CfiRow | undefined;
  orc(pc: bigint): OrcEntry | undefined;
  /**
   * Returns the call that returns to `returnPc`, if DWARF describes it; its expressions are evaluated with `bias`.
   * @throws Fault
   */
  callSite(returnPc: bigint): CallSite | undefined;
  /**
   * Whether `pc` is in kernel text, in a module's text (including init text) or in generated code (BPF programs,
   * trampolines).
   */
  isText(pc: bigint): boolean;
  /**
   * Returns the runtime minus the link address of the image that contains `pc`, for DWARF location expressions
   * (DW_OP_addr).
   */
  bias(pc: bigint): bigint;
}

/** The registers that a CPU saved in an ELF note of kdump (NT_PRSTATUS), with the number of the CPU; `pid` is that of the note. */
export interface CpuNote {
  readonly cpu: number;
  readonly pid: number | undefined;
  readonly registers: Registers;
}

/** The key of a derived fact. Facts are identified by this object, so that two facts cannot be confused. */
export interface Fact<T> {
  /** Name for debugging. */
  readonly name: string;
  compute(kernel: Kernel): T;
}

/** Formats a value of one type briefly; undefined for the general format. */
export type Printer = (object: Obj) => string | undefined;

/** Formats that `summary` uses for a kernel's types. */
export interface Summaries {
  /** By name of a typedef or of a struct. */
  readonly printers: ReadonlyMap<string, Printer>;
  /** Members that identify an object for people; shown before its first members, and after a pointer to it. */
  readonly identity: readonly string[];
}

/**
 * The crashed kernel. A function that needs it, and takes no object of it, takes it as its first argument, named
 * `kernel`. A dump never changes: each derived fact is computed once (`derived.ts`).
 */
export interface Kernel {
  readonly arch: Arch;
  readonly memory: KernelMemory;
  readonly types: Types;
  readonly symbols: Symbols;
  readonly code: Code;
  readonly summaries: Summaries;
  /** Returns a VMCOREINFO value; undefined if absent. */
  vmcoreinfo(key: string): string | undefined;
  /** Notes of the CPUs that saved their registers, in file order; `linux/sched/cpu.ts` resolves the CPU numbers. */
  readonly cpuNotes: readonly { readonly registers: Registers; readonly pid: number | undefined }[];
  /**
   * Returns a global variable as a typed object; a per-CPU variable at its offset (see `kernel/percpu.ts`). @throws
   * Fault unknown when symbol or type is unknown
   */
  variable(name: string): Obj;
  /** Whether `variable` would succeed. */
  hasVariable(name: string): boolean;
  /** Returns an object of a type at an address. */
  object<T extends string>(type: T | CType, address: bigint): Obj<T>;
  /** Returns an rvalue. */
  value(type: string | CType, value: bigint): Obj;
  /** Computes a fact once, for `derived`. Faults are cached and thrown again. */
  memo<T>(fact: Fact<T>): T;
}
