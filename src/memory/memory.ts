/** The interfaces of address spaces. */
import type { ByteOrder } from "../base/bytes.ts";
import type { Fault } from "../base/fault.ts";
import type { Translation, WalkStep } from "../arch/arch.ts";

/** Bytes at 64-bit addresses of one space: physical memory, the kernel's, one task's. */
export interface AddressSpace {
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /** Name for messages: "physical", "kernel", "user of pid 42". */
  readonly name: string;
  /**
   * Returns the rest of the page that contains `address`, at most a page, or why it is absent. Shared with the cache:
   * do not write to it. Never throws, because scans use it.
   */
  page(address: bigint): Uint8Array | Fault;
  /** Returns a copy of exactly `length` bytes. @throws Fault at the first byte that is absent */
  read(address: bigint, length: number): Uint8Array;
  /** Reads an integer; fast within a page. @throws Fault */
  u8(address: bigint): number;
  u16(address: bigint): number;
  u32(address: bigint): number;
  u64(address: bigint): bigint;
  /** Reads an `unsigned long` or a pointer of the dumped machine. */
  word(address: bigint): bigint;
  /** Reads NUL-terminated text of at most `limit` bytes. @throws Fault */
  cString(address: bigint, limit?: number): string;
  /**
   * Translates to a physical address. @param trail receives each step of the page-table walk, also those before a fault
   */
  translate(address: bigint, trail?: WalkStep[]): Translation | Fault;
}

/** The machine's physical memory as the dump contains it. */
export interface PhysicalMemory extends AddressSpace {
  /** First address that the dump does not cover. */
  readonly end: bigint;
  /** Size of a page of the dump in bytes. */
  readonly pageSize: number;
  /**
   * For scans: reads from `address` on. Where pages are contiguous in the file, fills `target` with as many as fit and
   * returns it; otherwise returns the rest of the page, which must not be written to, or why it is absent.
   */
  stretch(address: bigint, target: Uint8Array): Uint8Array | Fault;
  /** Returns the start of the first page at or after `address` that the dump contains; undefined if there is none. */
  next(address: bigint): bigint | undefined;
}

/**
 * Returns exactly `length` bytes of the kernel image at a runtime address from another file, if they cannot have
 * changed since the kernel was built (text and read-only data of a vmlinux); otherwise undefined.
 */
export type ReadOnlyFallback = (address: bigint, length: number) => Uint8Array | undefined;

/** The kernel's memory, to which all symbols and pointers refer. */
export interface KernelMemory extends AddressSpace {
  readonly physical: PhysicalMemory;
  /** Returns the address space of a page-table root, given as a kernel virtual address (`mm->pgd`). */
  user(pgd: bigint, name: string): AddressSpace;
  /** Adds a source of kernel pages that the dump does not contain. */
  setFallback(fallback: ReadOnlyFallback): void;
  isKernelAddress(address: bigint): boolean;
  /** Removes tag bits and pointer authentication codes, and sign-extends. */
  canonical(address: bigint): bigint;
}
