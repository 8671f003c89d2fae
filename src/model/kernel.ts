import type { Arch, Registers } from "../arch/arch.ts";
import type { CType, EnumType, TypeKind } from "../debuginfo/ctype.ts";
import type { CallSite, CfiRow, CodeScope, KSymbol, OrcEntry, SourceLine } from "../debuginfo/source.ts";
import type { KernelMemory } from "../memory/memory.ts";
import type { Obj } from "./object.ts";
import type { TypeLookup } from "./parseType.ts";

/** Types of the kernel and of its loaded modules as one. */
export interface Types {
  /** Accepts a C type name: "struct task_struct", "unsigned long", "pid_t *", "char [16]". @throws Fault unknown */
  named(name: string): CType;
  /** @returns undefined when no source knows it */
  find(kind: TypeKind, name: string): CType | undefined;
  /** Declared type of a global. */
  variable(name: string): CType | undefined;
  /** The same as its file declares it, with the length of an array; may take half a second with DWARF. */
  exactVariable(name: string): CType | undefined;
  /** Where a global is defined; undefined without DWARF, with which it may take half a second. */
  declaredAt(name: string): SourceLine | undefined;
  function(name: string): CType | undefined;
  /** The enum that declares a constant, and its value there; undefined when no source knows it. */
  enumerator(name: string): { readonly type: EnumType; readonly value: bigint } | undefined;
  names(): Iterable<{ readonly kind: TypeKind; readonly name: string }>;
  /** For the parsers of type names and expressions. */
  readonly lookup: TypeLookup;
  /** Where types come from: "BTF", "DWARF", or nothing at all. */
  readonly sources: readonly string[];
}

/** Symbols of the kernel and of its modules at their runtime addresses. */
export interface Symbols {
  /** The first of that name, the kernel's own before a module's. */
  find(name: string): KSymbol | undefined;
  named(name: string): readonly KSymbol[];
  /** The symbol holding `address`; undefined outside kernel and modules. */
  at(address: bigint): KSymbol | undefined;
  all(): Iterable<KSymbol>;
  readonly sources: readonly string[];
  /** Why data of the kernel may have no names here, and what to do; undefined when all has. */
  readonly gap?: string | undefined;
}

/** A `CodeScope` at runtime addresses, with its module. */
export interface CodePlace extends CodeScope {
  readonly module: string | undefined;
}

/** Lines, inlines, locals and unwind rows at runtime addresses. */
export interface Code {
  /** Innermost first; empty without DWARF for that pc. */
  scopes(pc: bigint): readonly CodePlace[];
  /** The bytes around `pc` that come from one place of the source, end exclusive; undefined without DWARF. */
  lineRange(pc: bigint): { readonly start: bigint; readonly end: bigint } | undefined;
  cfi(pc: bigint): CfiRow | undefined;
  orc(pc: bigint): OrcEntry | undefined;
  /** The call that returns to `returnPc`, where DWARF describes it; its expressions are evaluated with `bias`. @throws Fault */
  callSite(returnPc: bigint): CallSite | undefined;
  /** Whether `pc` lies in kernel text, a module's text (init text too) or code that the kernel generated: BPF programs, trampolines. */
  isText(pc: bigint): boolean;
  /** What a runtime address of `pc`'s image minus this is its link address; for DWARF location expressions (DW_OP_addr). */
  bias(pc: bigint): bigint;
}

/** A CPU's own note, bound to its CPU number. */
export interface CpuNote {
  readonly cpu: number;
  readonly pid: number | undefined;
  readonly registers: Registers;
}

/** Something that follows from the dump; it is known by this object, so that two facts can never be taken for one. */
export interface Fact<T> {
  /** For people who debug. */
  readonly name: string;
  compute(kernel: Kernel): T;
}

/** Shows a value of one type in few words; undefined leaves it to the general rule. */
export type Printer = (object: Obj) => string | undefined;

/** What `summary` knows of a kernel's own types. */
export interface Summaries {
  /** By the name of a typedef or of a struct. */
  readonly printers: ReadonlyMap<string, Printer>;
  /** Members that people know a struct by: shown before its first members, and behind a pointer to it. */
  readonly identity: readonly string[];
}

/**
 * The crashed kernel: always the first argument, called `kernel`.
 * A dump never changes: whatever is derived is derived once (`derived.ts`).
 */
export interface Kernel {
  readonly arch: Arch;
  readonly memory: KernelMemory;
  readonly types: Types;
  readonly symbols: Symbols;
  readonly code: Code;
  readonly summaries: Summaries;
  /** A key of VMCOREINFO; undefined where absent. */
  vmcoreinfo(key: string): string | undefined;
  /** Notes of the CPUs that saved their registers, in the order of the file; the CPU number is resolved by `linux/sched/cpu.ts`. */
  readonly cpuNotes: readonly { readonly registers: Registers; readonly pid: number | undefined }[];
  /**
   * A global variable as a typed object; per-CPU ones lie at their offset (see `kernel/percpu.ts`).
   * @throws Fault unknown when symbol or type is not known
   */
  variable(name: string): Obj;
  /** Whether `variable` would answer. */
  hasVariable(name: string): boolean;
  /** An object of a type at an address. */
  object<T extends string>(type: T | CType, address: bigint): Obj<T>;
  /** An rvalue. */
  value(type: string | CType, value: bigint): Obj;
  /** Works a fact out once, for `derived`. Faults are kept and thrown again. */
  memo<T>(fact: Fact<T>): T;
}
