import type { ByteOrder } from "../base/bytes.ts";
import type { Fault } from "../base/fault.ts";
import type { ElfMachine } from "./elfMachine.ts";
import type { PteFormat } from "./pte.ts";

/** Register values by this architecture's own lower-case names ("rip", "x29", "pc"); unknown ones are absent. */
export type Registers = ReadonlyMap<string, bigint>;

/** What the dump says of where the kernel lies: VMCOREINFO, else what was found by search. */
export interface LayoutFacts {
  /** A line of VMCOREINFO, such as `NUMBER(phys_base)`; undefined where there is none. Numbers as written. */
  text(key: string): string | undefined;
  /** The same as a number: decimal, signed, or hexadecimal by the key's own habit. */
  number(key: string): bigint | undefined;
  /** `SYMBOL(name)`: a runtime virtual address. */
  symbol(name: string): bigint | undefined;
  readonly pageSize: number;
  /** Physical base from the dump's own header, or found by search. */
  readonly physBase: bigint | undefined;
  /** Physical address of a kernel root table found by other means (a CPU's CR3, a search); it goes before what symbols tell. */
  readonly pageTableRoot: bigint | undefined;
  /** Control registers of a CPU ("cr4"), where its note has them; empty elsewhere. */
  readonly controlRegisters: Registers;
}

/** A straight piece of kernel address space: no page table needed. */
export interface LinearRange {
  readonly name: string;
  readonly start: bigint;
  /** Exclusive. */
  readonly end: bigint;
  /** physical = virtual - start + physical; negative where the range starts below what is mapped. */
  readonly physical: bigint;
}

/** Reads one page-table entry of 4 or 8 bytes. */
export type EntryReader = (physical: bigint, bytes: 4 | 8) => bigint | Fault;

/** One level of a page-table walk, as `vtop` prints it. */
export interface WalkStep {
  /** "PGD", "P4D", "PUD", "PMD" or "PTE"; levels that this kernel folds do not appear. */
  readonly level: string;
  /** Physical address of the entry read. */
  readonly entryAddress: bigint;
  readonly entry: bigint;
  /** Bytes that one entry of this level maps. */
  readonly span: bigint;
}

export interface Translation {
  readonly physical: bigint;
  /** Bytes of the page, 4 KiB to 1 GiB and more; of the whole range for an address that needed no table. */
  readonly pageBytes: bigint;
  /** Empty for an address that needed no table. */
  readonly steps: readonly WalkStep[];
}

/** How this kernel translates, once the dump told: built by `Arch.paging`. */
export interface Paging {
  /** Physical address of the kernel's root page table, when the facts tell. */
  readonly kernelRoot: bigint | undefined;
  /** Virtual address of the same table: it must translate to `kernelRoot`, which tells a right guess from a wrong one. */
  readonly rootAddress: bigint | undefined;
  /** Bytes of the smallest page. */
  readonly pageSize: number;
  /** Pieces known without tables: consulted only where a table's page is not in the dump. */
  readonly linear: readonly LinearRange[];
  /** Where the kernel image must lie, and its alignment: for a search through the page tables. */
  readonly imageWindow: { readonly start: bigint; readonly end: bigint; readonly step: bigint } | undefined;
  /** Removes tag and pointer-authentication bits; sign-extends. */
  canonical(address: bigint): bigint;
  isKernelAddress(address: bigint): boolean;
  /** Not the opposite of `isKernelAddress` where both have address spaces of their own. */
  isUserAddress(address: bigint): boolean;
  /**
   * Walks from `root`.
   * @param trail takes every step as it is made, also those before a fault
   * @returns Fault `unmapped` with the level in the message, or what `entry` returned
   */
  walk(root: bigint, address: bigint, entry: EntryReader, trail?: WalkStep[]): Translation | Fault;
  /** Named facts for `mach` and for people: VA bits, levels, page_offset, vmalloc start... */
  readonly facts: ReadonlyMap<string, bigint>;
}

/** What a CPU's own note tells. */
export interface CpuState {
  /** `pr_pid`; QEMU writes the CPU number plus one there. */
  readonly pid: number | undefined;
  /** General registers, and control registers where the note has them. */
  readonly registers: Registers;
  /** Physical address of the root table in use (CR3, CR13), where the note has it. */
  readonly pageTableRoot?: bigint;
}

/** A way to step from a frame to its caller; `unwind/` implements each. */
export type UnwindRule =
  | "trampoline"
  | "called nothing"
  | "ORC"
  | "call frame information"
  | "detour"
  | "push prologue"
  | "frame pointer"
  | "entry record"
  | "frame record"
  | "entry code"
  | "back chain";

/** Where `switch_to` keeps the registers of a task that does not run. */
export type SwitchFrame =
  /** A struct that the task's saved stack pointer, at `sp`, points at; its return address follows in memory. */
  | {
      readonly kind: "on stack";
      readonly sp: string;
      readonly type: string;
      readonly returnAddress: string;
      /** Register to member. */
      readonly registers: ReadonlyMap<string, string>;
    }
  /** A member of `task_struct` whose members are registers; `aliases` maps those with other names. */
  | { readonly kind: "in task"; readonly path: string; readonly aliases: ReadonlyMap<string, string> }
  /** The stack pointer in `task_struct`, at a frame whose own save area has the return address. */
  | { readonly kind: "back chain"; readonly sp: string };

/** What the instructions of a function up to some point did to its frame record. */
export interface FramePrologue {
  /** The frame pointer points at the function's own record: made, and not given back on the way out. */
  readonly hasRecord: boolean;
  /** Bytes from the record up to the canonical frame address, once it is made. */
  readonly cfaOffset: number | undefined;
  /** Bytes from the stack pointer of the function's body up to the record, once it is made. */
  readonly recordOffset: number | undefined;
  /** Bytes of stack taken before a record was made. */
  readonly taken: number;
}

/** What the first instructions of a function that pushes registers do to the stack. */
export interface PushPrologue {
  /** Bytes between sp and the return address after them. */
  readonly bytes: number;
  /** Registers pushed, each with the bytes from its place up to the canonical frame address. */
  readonly saved: ReadonlyMap<string, number>;
}

/** An architecture: one file, one object, one line in architectures.ts. */
export interface Arch {
  /** As drgn and the corpus name it: "x86_64", "arm64", "arm", "s390x". */
  readonly name: string;
  readonly elf: ElfMachine;
  /** `uname -m` values. */
  readonly machines: readonly string[];
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /** A VMCOREINFO line that no other architecture writes. */
  readonly vmcoreinfoKey?: string;
  /** makedumpfile numbers this architecture's pages from its physical base, not from 0 (its ARCH_PFN_OFFSET). */
  readonly countsFramesFromPhysBase?: true;
  /** General registers in display order. */
  readonly registers: readonly string[];
  /**
   * Rows of registers as crash prints them, labels two blanks apart; a label with `/8` is so many digits wide, one with
   * `=x30` prints that register. Absent where crash prints all there are, four in a row.
   */
  readonly registerRows?: readonly string[];
  readonly pc: string;
  readonly sp: string;
  readonly framePointer: string;
  /** Return-address register of frame records and CFI ("x30"), where there is one. */
  readonly linkRegister?: string;
  /** DWARF register number to name. */
  readonly dwarfRegisters: readonly (string | undefined)[];
  /** Register name to its place in `struct pt_regs` ("rip": "ip"; "x29": "regs[29]"). */
  readonly ptRegs: ReadonlyMap<string, string>;
  /** Whether plain `char` is signed. */
  readonly signedChar: boolean;
  /** SECTION_SIZE_BITS of asm/sparsemem.h, for kernels before v5.13, which do not tell it. */
  readonly sectionSizeBits: number;
  /** The kernel's and the user's address spaces overlap: the same number may be an address in both. */
  readonly overlappingSpaces?: true;
  /** The direct map begins at the first page frame that there is, not at physical address 0. */
  readonly mapsFromFirstFrame?: true;
  /** __START_KERNEL_map: where the image is mapped, modules behind it; absent where neither is so. */
  readonly startKernelMap?: bigint;
  /** `vtop` shows the first entry of a walk as the page directory that it names, under "PGD DIRECTORY". */
  readonly firstEntryIsDirectory?: true;
  /** What a traceable function begins with once ftrace made it a no-operation. */
  readonly ftraceNop?: Uint8Array;
  /** Registers that a function must give back as it found them, by the psABI. */
  readonly calleeSaved: readonly string[];
  /** Whether the processor accepts a virtual address at all. @param text a line of VMCOREINFO. Absent: it takes any */
  isCanonical?(address: bigint, text: (key: string) => string | undefined): boolean;
  /** Registers that pass the first integer arguments of a C function, in order. Absent: not known here. */
  readonly argumentRegisters?: readonly string[];
  /** The register that a C function returns its result in. */
  readonly resultRegister?: string;
  /** The ways to unwind, the most exact first. */
  readonly unwindRules: readonly UnwindRule[];
  /** Those that need nothing but the chain of frame records, for a walk that other rules led astray. */
  readonly recordRules?: readonly UnwindRule[];
  readonly switchFrame: SwitchFrame;
  /** Which end of a CPU's stack for interrupts `irq_stack_ptr` points at, or near. */
  readonly irqStackPointer: "top" | "bottom";
  /** Entry code whose first instruction system calls and new tasks return to, although it never called anything. */
  readonly entryReturns?: RegExp;
  /** What an exception, interrupt or system call was, by a function that handled it. */
  trapName(entry: string): string | undefined;
  /** What the hardware's error code (x86) or syndrome (arm64) says. @param type as `trapName` gives it */
  errorText?(type: string, code: bigint): string | undefined;
  /** Whether an exception with this code set the fault address register. */
  hasFaultAddress?(code: bigint): boolean;
  framePrologue?(code: Uint8Array): FramePrologue;
  /** The call that the instruction before a return address is, with its target where that is part of it. */
  callBefore?(code: Uint8Array, returnAddress: bigint): { readonly target: bigint | undefined } | undefined;
  pushPrologue?(code: Uint8Array, limit: number): PushPrologue | undefined;
  /** Whether the processor ran user code with these registers; undefined when they do not tell. */
  isUserMode(registers: Registers): boolean | undefined;
  /** Whether registers found on a stack can be an exception frame's, by what its flags and selectors always hold. */
  exceptionMode?(registers: Registers): "kernel" | "user" | undefined;
  /** Bytes of `long`-aligned THREAD_SIZE when nothing in the dump tells. */
  readonly threadSize: number;
  /** NT_PRSTATUS payload; undefined when it is too short. */
  prstatus(desc: Uint8Array): CpuState | undefined;
  /** What a further per-CPU note adds (QEMU's own state on x86_64, control registers on s390x); undefined for notes without. */
  cpuNote?(name: string, type: number, desc: Uint8Array): CpuState | undefined;
  /** The bits of page-table entries, for `pte` and `vtop`. */
  readonly pte?: PteFormat;
  /** @throws Fault unknown when the facts do not suffice */
  paging(facts: LayoutFacts): Paging;
}
