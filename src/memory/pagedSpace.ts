/** Reads of an address space through a cache of pages. */
import { cString, readUnsigned, viewOf } from "../base/bytes.ts";
import type { ByteOrder } from "../base/bytes.ts";
import { Fault } from "../base/fault.ts";
import type { Translation, WalkStep } from "../arch/arch.ts";
import type { ReadRecorder } from "../dump/format.ts";
import type { AddressSpace } from "./memory.ts";

/** Maximum size of one read in bytes, because a damaged size must not allocate more. */
const READ_LIMIT = 64 << 20;
/** Default for the maximum length of a string in bytes. */
const STRING_LIMIT = 4096;

/** Name, byte order and page cache of an address space. */
export interface SpaceShape {
  readonly name: string;
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  /** Page size in bytes; a power of two. */
  readonly pageSize: number;
  /** Number of cached pages; a power of two. */
  readonly slots: number;
  /** Receives each read, if the reads of the dump are recorded. */
  readonly onRead: ReadRecorder | undefined;
}

interface Slot {
  readonly low: number;
  readonly high: number;
  readonly bytes: Uint8Array;
  readonly view: DataView;
}

/** Scratch memory that splits an address into 32-bit halves, because arithmetic on bigint would dominate the cost. */
const halves = new DataView(new ArrayBuffer(8));

/**
 * An address space with a direct-mapped cache of pages, like the TLB of a CPU. A hit costs two comparisons of small
 * integers, whatever page was read before.
 */
export abstract class PagedSpace implements AddressSpace {
  readonly name: string;
  readonly byteOrder: ByteOrder;
  readonly wordSize: 4 | 8;
  readonly pageSize: number;
  private readonly isLittle: boolean;
  private readonly offsetMask: number;
  private readonly pageShift: number;
  private readonly slotMask: number;
  private readonly slots: (Slot | undefined)[];
  readonly onRead: ReadRecorder | undefined;

  constructor(shape: SpaceShape) {
    this.name = shape.name;
    this.byteOrder = shape.byteOrder;
    this.wordSize = shape.wordSize;
    this.pageSize = shape.pageSize;
    this.isLittle = shape.byteOrder === "little";
    this.offsetMask = shape.pageSize - 1;
    this.pageShift = Math.log2(shape.pageSize);
    this.slotMask = shape.slots - 1;
    this.slots = new Array<Slot | undefined>(shape.slots).fill(undefined);
    this.onRead = shape.onRead;
  }

  /** Returns the page that starts at `address`, exactly `pageSize` bytes, or why it is absent. */
  protected abstract load(address: bigint): Uint8Array | Fault;
  abstract translate(address: bigint, trail?: WalkStep[]): Translation | Fault;

  page(address: bigint): Uint8Array | Fault {
    const page = this.unrecorded(address);
    if (this.onRead && !(page instanceof Fault)) this.onRead(page, 0, page.length, true);
    return page;
  }

  /** Returns the same as `page`, for callers that record which part of the page they read. */
  unrecorded(address: bigint): Uint8Array | Fault {
    const slot = this.slot(address);
    if (slot instanceof Fault) return slot;
    const offset = this.offset(address);
    return offset === 0 ? slot.bytes : slot.bytes.subarray(offset);
  }

  read(address: bigint, length: number): Uint8Array {
    if (!(length >= 0 && length <= READ_LIMIT))
      throw Fault.at("corrupt", address, `a read of ${length} bytes is not possible; the limit is ${READ_LIMIT}`);
    const bytes = new Uint8Array(length);
    for (let done = 0; done < length;) {
      const part = this.unrecorded(address + BigInt(done));
      if (part instanceof Fault) throw part;
      const count = Math.min(part.length, length - done);
      this.onRead?.(part, 0, count);
      bytes.set(count < part.length ? part.subarray(0, count) : part, done);
      done += count;
    }
    return bytes;
  }

  u8(address: bigint): number {
    return this.viewAt(address, 1).getUint8(this.offset(address));
  }

  u16(address: bigint): number {
    const offset = this.offset(address);
    if (offset > this.pageSize - 2) return Number(this.crossing(address, 2));
    return this.viewAt(address, 2).getUint16(offset, this.isLittle);
  }

  u32(address: bigint): number {
    const offset = this.offset(address);
    if (offset > this.pageSize - 4) return Number(this.crossing(address, 4));
    return this.viewAt(address, 4).getUint32(offset, this.isLittle);
  }

  u64(address: bigint): bigint {
    const offset = this.offset(address);
    if (offset > this.pageSize - 8) return this.crossing(address, 8);
    return this.viewAt(address, 8).getBigUint64(offset, this.isLittle);
  }

  word(address: bigint): bigint {
    return this.wordSize === 8 ? this.u64(address) : BigInt(this.u32(address));
  }

  /** Reads a word within one page without throwing, for page-table walks. */
  unsigned(address: bigint, size: 4 | 8): bigint | Fault {
    const slot = this.slot(address);
    if (slot instanceof Fault) return slot;
    const offset = this.offset(address);
    if (offset > this.pageSize - size) return Fault.at("corrupt", address, "the value is not aligned to its size");
    this.onRead?.(slot.bytes, offset, size);
    return size === 8
      ? slot.view.getBigUint64(offset, this.isLittle)
      : BigInt(slot.view.getUint32(offset, this.isLittle));
  }

  cString(address: bigint, limit = STRING_LIMIT): string {
    const parts: Uint8Array[] = [];
    for (let left = Math.min(limit, READ_LIMIT), at = address; left > 0;) {
      const part = this.unrecorded(at);
      if (part instanceof Fault) throw part;
      const text = part.subarray(0, left);
      parts.push(text);
      const end = text.indexOf(0);
      this.onRead?.(part, 0, end < 0 ? text.length : end + 1);
      if (end >= 0) break;
      left -= text.length;
      at += BigInt(text.length);
    }
    return cString(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
  }

  private offset(address: bigint): number {
    halves.setBigUint64(0, address, true);
    return halves.getUint32(0, true) & this.offsetMask;
  }

  /** @param size bytes at `address` that the caller reads */
  private viewAt(address: bigint, size: number): DataView {
    const slot = this.slot(address);
    if (slot instanceof Fault) throw slot;
    if (this.onRead) this.onRead(slot.bytes, this.offset(address), size);
    return slot.view;
  }

  private slot(address: bigint): Slot | Fault {
    halves.setBigUint64(0, address, true);
    const low = halves.getInt32(0, true) & ~this.offsetMask;
    const high = halves.getInt32(4, true);
    const index = (low >>> this.pageShift) & this.slotMask;
    const slot = this.slots[index];
    if (slot !== undefined && slot.low === low && slot.high === high) return slot;

    const bytes = this.load(BigInt.asUintN(64, address) & ~BigInt(this.offsetMask));
    if (bytes instanceof Fault) return Fault.at(bytes.kind, address, bytes.message);
    const filled = { low, high, bytes, view: viewOf(bytes) };
    this.slots[index] = filled;
    return filled;
  }

  /** Reads an integer that begins on one page and ends on the next. */
  private crossing(address: bigint, size: number): bigint {
    return readUnsigned(viewOf(this.read(address, size)), 0, size, this.byteOrder);
  }
}
