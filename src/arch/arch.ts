/** The interface of a machine: registers, paging, traps, unwinding rules. */
import type { ByteOrder } from "../base/bytes.ts";
import type { Fault } from "../base/fault.ts";
import type { Decoder } from "./decoder.ts";
import type { EffectDecoder } from "./effect.ts";
import type { ElfMachine } from "./elfMachine.ts";
import type { CalleeSaves, FramePointerState, FramePrologue, PushPrologue, StoringPrologue } from "./functionFrame.ts";
import type { PteFormat } from "./pte.ts";
import type { SwitchFrame, UnwindRule } from "./unwindRule.ts";

/** Register values by the machine's lower-case names ("rip", "x29", "pc"). Unknown registers are absent. */
export type Registers = ReadonlyMap<string, bigint>;

/** Facts about where the kernel is, from VMCOREINFO or found by a search. */
export interface LayoutFacts {
  /** Returns the value of a VMCOREINFO line such as `NUMBER(phys_base)`, as written; undefined if it is absent. */
  text(key: string): string | undefined;
  /**
   * Returns the same value as a number, in the base in which the kernel prints that key; undefined if it is absent or
   * damaged.
   */
  number(key: string): bigint | undefined;
  /** Returns `SYMBOL(name)`, a runtime virtual address; undefined if it is absent or damaged. */
  symbol(name: string): bigint | undefined;
  readonly pageSize: number;
  /** Physical base from the dump's header, or found by a search. */
  readonly physBase: bigint | undefined;
  /**
   * Physical address of a kernel root table found by other means (a CPU's CR3, a search). It takes precedence over
   * symbols.
   */
  readonly pageTableRoot: bigint | undefined;
  /** Control registers of a CPU ("cr4") if its note has them; otherwise empty. */
  readonly controlRegisters: Registers;
}

/** A linear range of kernel addresses, which needs no page table. */
export interface LinearRange {
  readonly name: string;
  readonly start: bigint;
  /** First address after the range. */
  readonly end: bigint;
  /** physical = virtual - start + physical; negative if the range starts below the first mapped address. */
  readonly physical: bigint;
}

/** Reads a page-table entry of 4 or 8 bytes. */
export type EntryReader = (physical: bigint, bytes: 4 | 8) => bigint | Fault;

/** One level of a page-table walk, as `vtop` prints it. */
export interface WalkStep {
  /** "PGD", "P4D", "PUD", "PMD" or "PTE". Levels that this kernel folds do not appear. */
  readonly level: string;
  /** Physical address of the entry. */
  readonly entryAddress: bigint;
  readonly entry: bigint;
  /** Bytes mapped by one entry of this level. */
  readonly span: bigint;
}

export interface Translation {
  readonly physical: bigint;
  /** Size of the page in bytes (4 KiB to 1 GiB and more), or of the linear range for an address that needs no table. */
  readonly pageBytes: bigint;
  /** The levels walked; empty for an address that needs no table. */
  readonly steps: readonly WalkStep[];
}

/** Address translation of one kernel, made by `Arch.paging`. */
export interface Paging {
  /** Physical address of the kernel's root page table, if the facts give it. */
  readonly kernelRoot: bigint | undefined;
  /** Virtual address of the same table. It must translate to `kernelRoot`, which verifies a guess. */
  readonly rootAddress: bigint | undefined;
  /** Size of the smallest page in bytes. */
  readonly pageSize: number;
  /** Linear ranges, used only where a page of a table is not in the dump. */
  readonly linear: readonly LinearRange[];
  /** Address range and alignment of the kernel image, for a search of the page tables. */
  readonly imageWindow: { readonly start: bigint; readonly end: bigint; readonly step: bigint } | undefined;
  /** Removes tag bits and pointer authentication codes; sign-extends. */
  canonical(address: bigint): bigint;
  isKernelAddress(address: bigint): boolean;
  /**
   * Whether an address can be a user address. On machines with separate kernel and user address spaces it can be a
   * kernel address too.
   */
  isUserAddress(address: bigint): boolean;
  /**
   * Walks the tables from `root`. @param trail receives each step as it is made, also those before a fault @returns
   * Fault `unmapped` that names the level, or the Fault that `entry` returned
   */
  walk(root: bigint, address: bigint, entry: EntryReader, trail?: WalkStep[]): Translation | Fault;
  /** Named facts for `mach`: width of virtual addresses, levels, page_offset, vmalloc start and so on. */
  readonly facts: ReadonlyMap<string, bigint>;
}

/** The contents of a CPU's note. */
export interface CpuState {
  /** `pr_pid`; QEMU writes the CPU number plus one. */
  readonly pid: number | undefined;
  /** General registers, and control registers if the note has them. */
  readonly registers: Registers;
  /** Physical address of the root table in use (CR3, CR13), if the note has it. */
  readonly pageTableRoot?: bigint;
}

/** Facts about an exception, as far as known. */
export interface ExceptionDetails {
  /** x86: the hardware's error code; arm64: ESR_EL1; riscv64: scause; ppc64le: DSISR. */
  readonly errorCode: bigint | undefined;
  /** The address whose access caused the exception: CR2, FAR_EL1, stval, DAR. */
  readonly faultAddress: bigint | undefined;
}

/** A machine: one folder, one object, one line in architectures.ts. */
export interface Arch {
  /** The name that drgn uses: "x86_64", "arm64", "arm", "s390x", "riscv64". */
  readonly name: string;
  /** `e_machine`, word size and relocations. */
  readonly elf: ElfMachine;
  /** `uname -m` values. */
  readonly unameMachines: readonly string[];
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /**
   * Set if the byte order of a dump can differ from that of the memory, because QEMU chooses that of the file and of
   * its notes.
   */
  readonly eitherFileOrder?: true;
  /**
   * Keys of VMCOREINFO that no other machine writes. Each kernel writes at least one of them, or the list is incomplete.
   */
  readonly vmcoreinfoKeys?: readonly string[];
  /** Where `_stext` is, on a machine without such keys. Decides where nothing else names the machine. */
  readonly textWindow?: { readonly start: bigint; readonly end: bigint };
  /** Size of the payload of NT_PRSTATUS in bytes. Absent if another machine of the same byte order has it too. */
  readonly prstatusBytes?: number;
  /** How its code is decoded: by iced-x86 or by Capstone. Absent if neither knows the machine. */
  readonly decoder?: Decoder;
  /** Decodes the effects of instructions. Absent if they are not decoded, or by a decoder that must be loaded (x86_64). */
  readonly effects?: EffectDecoder;
  /** makedumpfile numbers this machine's pages from its physical base, not from 0 (its ARCH_PFN_OFFSET). */
  readonly countsFramesFromPhysBase?: true;
  /** General registers in the order in which they are shown. */
  readonly registers: readonly string[];
  /**
   * Rows of registers as crash prints them, with two blanks between labels. In a label, `/8` is the number of digits
   * and `=x30` the register to print. Absent if crash prints all registers, four in a row.
   */
  readonly registerRows?: readonly string[];
  /** crash prints each frame of `bt` with the address to which its function returns, and without its stack slot. */
  readonly framesNameReturns?: true;
  /** Returns registers as lines, on machines whose layout is not rows of equal cells; has priority over `registerRows`. */
  registerText?(registers: Registers): readonly string[];
  readonly pc: string;
  readonly sp: string;
  readonly framePointer: string;
  /** The registers in the order in which gdb lists them, if that is not the order of `registers`. */
  readonly debuggerOrder?: readonly string[];
  /** Return-address register of frame records and CFI ("x30"), if there is one. */
  readonly linkRegister?: string;
  /** DWARF register number to name. */
  readonly dwarfRegisters: readonly (string | undefined)[];
  /** Register name to its member of `struct pt_regs` ("rip": "ip"; "x29": "regs[29]"). */
  readonly ptRegs: ReadonlyMap<string, string>;
  /** Whether plain `char` is signed. */
  readonly signedChar: boolean;
  /** Alignment of a 64-bit integer in a struct in bytes. Default: 8. */
  readonly longLongAlignment?: 4;
  /** SECTION_SIZE_BITS of asm/sparsemem.h, for kernels before v5.13, which do not export it. */
  readonly sectionSizeBits: number;
  /** RLIMIT_* by number, where they are not those of asm-generic/resource.h. */
  readonly resourceLimits?: Readonly<Record<number, string>>;
  /** `L1_CACHE_BYTES` of asm/cache.h. Default: 64. */
  readonly cacheLineBytes?: number;
  /** The address spaces of kernel and user overlap: the same number can be an address in both. */
  readonly overlappingSpaces?: true;
  /** The direct map begins at the first existing page frame, not at physical address 0. */
  readonly mapsFromFirstFrame?: true;
  /** __START_KERNEL_map: where the image is mapped, with modules after it, if the machine has such a mapping. */
  readonly startKernelMap?: bigint;
  /** `vtop` shows the first entry of a walk as the page directory that it points to, under "PGD DIRECTORY". */
  readonly firstEntryIsDirectory?: true;
  /**
   * Returns the bytes from the start of a function to a second entry point, which calls of the same module use; 0 if it
   * has none. @param code its first bytes
   */
  localEntryBytes?(code: Uint8Array): number;
  /** First bytes of a traceable function after ftrace replaced its call with a no-operation. */
  readonly ftraceNop?: Uint8Array;
  /** Callee-saved registers of the psABI. */
  readonly calleeSaved: readonly string[];
  /** Registers that compiled code does not change, such as that of the per-CPU area. */
  readonly reserved?: readonly string[];
  /** Whether interrupts are enabled with these registers; undefined if the flags are not among them. */
  interruptsEnabled?(registers: Registers): boolean | undefined;
  /** Whether a virtual address is canonical. @param text returns a line of VMCOREINFO. Absent if all are */
  isCanonical?(address: bigint, text: (key: string) => string | undefined): boolean;
  /** Registers that pass the first integer arguments of a C function, in order. Absent if unknown. */
  readonly argumentRegisters?: readonly string[];
  /** The register with the result of a C function. */
  readonly resultRegister?: string;
  /** Ways to unwind, the most exact first. */
  readonly unwindRules: readonly UnwindRule[];
  /** Ways that need only the chain of frame records, used when other rules gave a wrong result. */
  readonly recordRules?: readonly UnwindRule[];
  readonly switchFrame: SwitchFrame;
  /** The end of a CPU's interrupt stack to which `irq_stack_ptr` points. */
  readonly irqStackPointer: "top" | "bottom";
  /**
   * Entry code whose first instruction is the return address of system calls and new tasks, although it calls nothing.
   */
  readonly entryReturns?: RegExp;
  /** Returns the address of `struct pt_regs` that entry code encoded in the frame pointer; undefined for a frame. */
  encodedRegisters?(framePointer: bigint): bigint | undefined;
  /** Entry code whose stack pointer points to `struct pt_regs` whenever it calls C code. */
  readonly savedAtStackPointer?: RegExp;
  /** The function that goes on on the interrupt stack, and the register in which it keeps its own stack pointer then. */
  readonly irqCaller?: { readonly name: RegExp; readonly stackPointer: string };
  /** Functions that start a CPU. The code that called them was freed. */
  readonly firstFunctions?: RegExp;
  /**
   * Returns the name of an exception, interrupt or system call, from a function that handled it; undefined for other
   * functions.
   */
  trapName(entry: string): string | undefined;
  /**
   * Describes the hardware's error code (x86) or syndrome (arm64); undefined if the type has none. @param type as
   * `trapName` returns it
   */
  errorText?(type: string, code: bigint): string | undefined;
  /**
   * Returns the error code of an exception, and the address whose access caused it, on machines whose saved registers
   * have them; undefined for an exception without them.
   */
  exceptionDetails?(saved: Registers): ExceptionDetails | undefined;
  /** Whether an exception with this code sets the fault address register. */
  hasFaultAddress?(code: bigint): boolean;
  /** Whether the error code of a page fault is that of a write. */
  isWriteFault?(code: bigint): boolean;
  /** Returns how a function has made its frame record. @param code from its entry to the current instruction */
  framePrologue?(code: Uint8Array): FramePrologue;
  /**
   * Returns what a function has done with the frame pointer.
   * @param code from its start up to the current instruction
   */
  framePointerState?(code: Uint8Array): FramePointerState;
  /**
   * Returns what a function does with the callee-saved registers. @param code the whole function @param limit bytes of
   * `code` up to the current instruction
   */
  calleeSaves?(code: Uint8Array, limit: number): CalleeSaves;
  /** Returns the registers that a function writes and never saves, if one that does not return may do so. @param code of it */
  unsavedChanges?(code: Uint8Array): ReadonlySet<string>;
  /** KASAN_SHADOW_OFFSET: generic KASAN adds it to an eighth of an address. Absent if the configuration sets it. */
  readonly kasanShadowOffset?: bigint;
  /** Returns the call instruction before a return address, with its target if the instruction contains it. */
  callBefore?(code: Uint8Array, returnAddress: bigint): { readonly target: bigint | undefined } | undefined;
  /**
   * Whether code contains the bytes of a direct call of a function. Fast, to rule out functions before they are decoded:
   * on a machine with instructions of different lengths other bytes can look like a call. @param address of the code
   */
  mayCall?(code: Uint8Array, address: bigint, targets: ReadonlySet<bigint>): boolean;
  /**
   * Returns the position of the return address in a function that makes a frame by its frame pointer: bytes from the
   * stack pointer, or "frame" if the frame is made.
   * @param code from the start of the function up to the current instruction
   * @param next from the current instruction on
   * @returns undefined if the function makes no frame
   */
  returnAddressAt?(code: Uint8Array, next: Uint8Array): number | "frame" | undefined;
  /** Returns what the first instructions of a function do to the stack, up to `limit` bytes. @param code its first bytes */
  pushPrologue?(code: Uint8Array, limit: number): PushPrologue | undefined;
  /** Returns what a function has done to the stack. @param code from its start up to the current instruction */
  storingPrologue?(code: Uint8Array): StoringPrologue;
  /** Whether the processor ran user code with these registers; undefined if the mode bits are not among them. */
  isUserMode(registers: Registers): boolean | undefined;
  /**
   * Returns the mode if register values from a stack can be an exception frame, by bits of flags and selectors that
   * never change; undefined if they cannot.
   */
  exceptionMode?(registers: Registers): "kernel" | "user" | undefined;
  /** THREAD_SIZE in bytes, for dumps that do not contain it. */
  readonly threadSize: number;
  /** Parses the payload of NT_PRSTATUS; undefined if it is too short. @param order of the file */
  prstatus(desc: Uint8Array, order?: ByteOrder): CpuState | undefined;
  /** Parses another per-CPU note (QEMU's state on x86_64, control registers on s390x); undefined for other notes. */
  cpuNote?(name: string, type: number, desc: Uint8Array): CpuState | undefined;
  /**
   * Returns the address of the instruction that an exception interrupted, if the processor is at the first instruction
   * of an exception vector: then stack pointer and link register are those of the exception's mode.
   */
  interruptedAt?(registers: Registers): bigint | undefined;
  /** Bits of page-table entries, for `pte` and `vtop`. */
  readonly pte?: PteFormat;
  /** Makes the address translation. @throws Fault unknown when the facts do not suffice */
  paging(facts: LayoutFacts): Paging;
}
