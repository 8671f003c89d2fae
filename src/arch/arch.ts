import type { ByteOrder } from "../base/bytes.ts";
import type { Fault } from "../base/fault.ts";

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
  /** Page table root register of a CPU (CR3, TTBR1) from QEMU's note, when VMCOREINFO is absent. */
  readonly pageTableRoot: bigint | undefined;
  /** Link address + offset = runtime address of the kernel image. */
  readonly kaslrOffset: bigint | undefined;
}

/** A straight piece of kernel address space: no page table needed. */
export interface LinearRange {
  readonly name: string;
  readonly start: bigint;
  /** Exclusive. */
  readonly end: bigint;
  /** physical = virtual - start + physical. */
  readonly physical: bigint;
}

/** One level of a page-table walk, as `vtop` prints it. */
export interface WalkStep {
  /** "PGD", "P4D", "PUD", "PMD", "PTE", "PAGE". */
  readonly level: string;
  /** Physical address of the entry read. */
  readonly entryAddress: bigint;
  readonly entry: bigint;
  /** Bytes that one entry of this level maps. */
  readonly span: bigint;
}

export interface Translation {
  readonly physical: bigint;
  /** Bytes of the page, 4 KiB to 1 GiB. */
  readonly pageBytes: bigint;
  readonly steps: readonly WalkStep[];
}

/** How this kernel translates, once the dump told: built by `Arch.paging`. */
export interface Paging {
  /** Physical address of the kernel's root page table, when known. */
  readonly kernelRoot: bigint | undefined;
  /** Kernel image and direct map; looked at before the page tables. */
  readonly linear: readonly LinearRange[];
  /** Removes tag and pointer-authentication bits; sign-extends. */
  canonical(address: bigint): bigint;
  isKernelAddress(address: bigint): boolean;
  /**
   * Walks from `root`. `word(physical)` reads one page-table entry.
   * @returns Fault `unmapped` with the level in the message, or what `word` returned
   */
  walk(root: bigint, address: bigint, word: (physical: bigint) => bigint | Fault): Translation | Fault;
  /** Named facts for `mach` and for people: VA bits, levels, page_offset, vmalloc start... */
  readonly facts: ReadonlyMap<string, bigint>;
}

/** What a CPU's own note tells. */
export interface CpuState {
  readonly pid: number | undefined;
  readonly registers: Registers;
  /** CR3 or TTBR1_EL1, where the note has it (QEMU). */
  readonly pageTableRoot?: bigint;
}

/** An architecture: one file, one object, one line in architectures.ts. */
export interface Arch {
  /** As drgn and the corpus name it: "x86_64", "arm64", "arm", "s390x". */
  readonly name: string;
  readonly elfMachine: number;
  /** `uname -m` values. */
  readonly machines: readonly string[];
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /** General registers in display order. */
  readonly registers: readonly string[];
  readonly pc: string;
  readonly sp: string;
  readonly framePointer: string;
  /** Return-address register of frame records and CFI ("x30"), where there is one. */
  readonly linkRegister?: string;
  /** DWARF register number to name. */
  readonly dwarfRegisters: readonly (string | undefined)[];
  /** Register name to its place in `struct pt_regs` ("rip": "ip"; "x29": "regs[29]"). */
  readonly ptRegs: ReadonlyMap<string, string>;
  /** Bytes of `long`-aligned THREAD_SIZE when nothing in the dump tells. */
  readonly threadSize: number;
  /** NT_PRSTATUS payload; undefined when it is too short. */
  prstatus(desc: Uint8Array): CpuState | undefined;
  /** QEMU's own CPU note payload, where this architecture has one. */
  qemuCpu?(desc: Uint8Array): CpuState | undefined;
  /** @throws Fault unknown when the facts do not suffice */
  paging(facts: LayoutFacts): Paging;
}
