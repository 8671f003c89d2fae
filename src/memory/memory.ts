import type { ByteOrder } from "../base/bytes.ts";
import type { Fault } from "../base/fault.ts";
import type { Translation, WalkStep } from "../arch/arch.ts";

/** Bytes at 64-bit addresses of one space: physical memory, the kernel's, one task's. */
export interface AddressSpace {
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /** For messages: "physical", "kernel", "user of pid 42". */
  readonly name: string;
  /**
   * The rest of the page that holds `address`, at most a page, shared with the cache (never write to it);
   * or why it is not here. The primitive for scans: returns, never throws.
   */
  page(address: bigint): Uint8Array | Fault;
  /** A copy of exactly `length` bytes. @throws Fault at the first byte that is not there */
  read(address: bigint, length: number): Uint8Array;
  /** Fast paths within a page. @throws Fault */
  u8(address: bigint): number;
  u16(address: bigint): number;
  u32(address: bigint): number;
  u64(address: bigint): bigint;
  /** A target `unsigned long` or pointer. */
  word(address: bigint): bigint;
  /** NUL-terminated text of at most `limit` bytes. @throws Fault */
  cString(address: bigint, limit?: number): string;
  /** Physical address and walk. @param trail takes every step of the walk as it is made, also those before a fault */
  translate(address: bigint, trail?: WalkStep[]): Translation | Fault;
}

/** The machine's memory as the dump holds it. */
export interface PhysicalMemory extends AddressSpace {
  /** Exclusive end of what the dump can speak of. */
  readonly end: bigint;
  /** Bytes of one page of the dump. */
  readonly pageSize: number;
  /**
   * For scans: what the dump holds from `address` on. Where pages lie together in the file, as many of them as fill
   * `target`, in it; else the rest of the page, never to be written to; or why it is not here.
   */
  stretch(address: bigint, target: Uint8Array): Uint8Array | Fault;
  /** Start of the first page at or after `address` that the dump holds; undefined when there is none. */
  next(address: bigint): bigint | undefined;
}

/**
 * Bytes of the kernel image from elsewhere, exactly `length` of them at a runtime address, when they cannot have
 * changed since the kernel was built (text, read-only data of vmlinux); else undefined.
 */
export type ReadOnlyFallback = (address: bigint, length: number) => Uint8Array | undefined;

/** The kernel's memory: the space every symbol and pointer lives in. */
export interface KernelMemory extends AddressSpace {
  readonly physical: PhysicalMemory;
  /** The address space below a page-table root given as a kernel virtual address (`mm->pgd`). */
  user(pgd: bigint, name: string): AddressSpace;
  /** Asked, from now on, for kernel pages that the dump leaves out. */
  setFallback(fallback: ReadOnlyFallback): void;
  isKernelAddress(address: bigint): boolean;
  /** Untagged, authentication code stripped, sign-extended. */
  canonical(address: bigint): bigint;
}
