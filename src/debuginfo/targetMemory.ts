/** The interface of memory that debuginfo is read from. */
import type { ByteOrder } from "../base/bytes.ts";

/** Bytes at the dumped machine's addresses: an address space of a dump, or an ELF image at its link addresses. */
export interface TargetMemory {
  readonly byteOrder: ByteOrder;
  /** Size of a `long` of the machine in bytes. */
  readonly wordSize: 4 | 8;
  /** Returns exactly `length` bytes. @throws Fault where there are none */
  read(address: bigint, length: number): Uint8Array;
}
