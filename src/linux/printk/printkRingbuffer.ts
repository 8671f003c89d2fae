/** The printk ring buffer of v5.10 and later. */
import { cString, readUnsigned, viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { callerName, type LogRecord, type StoredLog } from "./printkRecord.ts";
import { noteOffset, noteSize, noteSymbol } from "../vmcoreinfo.ts";

// enum desc_state, kernel/printk/printk_ringbuffer.h
const desc_committed = 1;
const desc_finalized = 2;

/**
 * Maximum sizes as powers of two: the largest log of a kernel (LOG_BUF_LEN_MAX in kernel/printk/printk.c, 2 GiB), and the
 * number of its descriptors (PRB_AVGBITS is 5).
 */
const MAX_SIZE_BITS = 31;
const MAX_COUNT_BITS = MAX_SIZE_BITS - 5;

/** The parts of the ring buffer. Sizes are in bytes. */
interface Ring {
  /** Binary logarithm of the number of descriptors. */
  readonly countBits: bigint;
  /** Address of the array of `struct prb_desc`. */
  readonly descs: bigint;
  readonly descSize: number;
  /** Address of the array of `struct printk_info`. */
  readonly infos: bigint;
  readonly infoSize: number;
  /** Address of the texts. */
  readonly data: bigint;
  /** Mask for positions in the texts. */
  readonly dataMask: bigint;
  /** Id of the newest descriptor. */
  readonly head: bigint;
  /** Id of the oldest descriptor. */
  readonly tail: bigint;
  /** Offset of `state_var` in struct prb_desc. */
  readonly stateVar: number;
  /** Offset of `text_blk_lpos.begin` in struct prb_desc. */
  readonly begin: number;
  /** Offset of `text_blk_lpos.next` in struct prb_desc. */
  readonly next: number;
  /** Offsets in struct printk_info. */
  readonly info: { readonly seq: number; readonly time: number; readonly length: number; readonly caller: number };
  /** Offsets of the members of `dev_info` in struct printk_info. */
  readonly device: { readonly subsystem: number; readonly device: number };
  /** Mask for descriptor ids: a word without its two state bits. */
  readonly idMask: bigint;
}

/** Reads the parts of the ring buffer. @throws Fault */
function openRing(kernel: Kernel): Ring {
  const { memory } = kernel;
  const ring = memory.word(noteSymbol(kernel, "prb"));
  const offset = (struct: string, member: string): number => noteOffset(kernel, struct, member);
  const descRing = ring + BigInt(offset("printk_ringbuffer", "desc_ring"));
  const textRing = ring + BigInt(offset("printk_ringbuffer", "text_data_ring"));
  const word = (base: bigint, struct: string, member: string): bigint =>
    memory.word(base + BigInt(offset(struct, member)));
  const countBits = memory.u32(descRing + BigInt(offset("prb_desc_ring", "count_bits")));
  const sizeBits = memory.u32(textRing + BigInt(offset("prb_data_ring", "size_bits")));
  if (countBits > MAX_COUNT_BITS || sizeBits > MAX_SIZE_BITS) {
    throw Fault.at(
      "corrupt",
      ring,
      `the printk ring buffer has 2^${countBits} records and 2^${sizeBits} bytes; the limits are 2^${MAX_COUNT_BITS} and 2^${MAX_SIZE_BITS}`,
    );
  }
  const block = offset("prb_desc", "text_blk_lpos");
  const device = offset("printk_info", "dev_info");
  const idMask = (1n << BigInt(kernel.arch.wordSize * 8 - 2)) - 1n;
  return {
    countBits: BigInt(countBits),
    descs: word(descRing, "prb_desc_ring", "descs"),
    descSize: noteSize(kernel, "prb_desc"),
    infos: word(descRing, "prb_desc_ring", "infos"),
    infoSize: noteSize(kernel, "printk_info"),
    data: word(textRing, "prb_data_ring", "data"),
    dataMask: (1n << BigInt(sizeBits)) - 1n,
    head: word(descRing, "prb_desc_ring", "head_id") & idMask,
    tail: word(descRing, "prb_desc_ring", "tail_id") & idMask,
    stateVar: offset("prb_desc", "state_var"),
    begin: block + offset("prb_data_blk_lpos", "begin"),
    next: block + offset("prb_data_blk_lpos", "next"),
    info: {
      seq: offset("printk_info", "seq"),
      time: offset("printk_info", "ts_nsec"),
      length: offset("printk_info", "text_len"),
      caller: offset("printk_info", "caller_id"),
    },
    device: {
      subsystem: device + offset("dev_printk_info", "subsystem"),
      device: device + offset("dev_printk_info", "device"),
    },
    idMask,
  };
}

/**
 * Yields the records of the lockless ring buffer of v5.10 and later, oldest first. Needs no debuginfo, because
 * VMCOREINFO describes all structs. @throws Fault if the ring itself cannot be read
 */
export function* ringbufferRecords(kernel: Kernel): Generator<LogRecord | Fault> {
  const { length, records } = ringbuffer(kernel);
  yield* records(0, length);
}

/**
 * Returns access to the records by position; position 0 is the oldest. A position can be without a record. @throws Fault
 */
export function ringbuffer(kernel: Kernel): StoredLog {
  const ring = openRing(kernel);
  const count = 1n << ring.countBits;
  const length = ((ring.head - ring.tail) & ring.idMask) + 1n;
  if (length > count)
    throw Fault.at("corrupt", ring.descs, `printk ring uses ${length} descriptors, but has only ${count}`);
  return { length: Number(length), records: (first, end) => ringRecords(kernel, ring, first, end) };
}

function* ringRecords(kernel: Kernel, ring: Ring, first: number, end: number): Generator<LogRecord | Fault> {
  let left = Number(ring.dataMask) + 1;
  for (let i = first; i < end; i++) {
    const record = attempt(() => readRecord(kernel, ring, (ring.tail + BigInt(i)) & ring.idMask));
    if (!record) continue;
    yield record;
    // Texts do not overlap, so together they cannot be longer than the ring.
    left -= record instanceof Fault ? 0 : record.text.length;
    if (left < 0) throw Fault.at("corrupt", ring.data, "printk messages overlap each other");
  }
}

/**
 * Reads the record of a descriptor id; undefined if there is none, for example while it is being written. @throws Fault
 */
function readRecord(kernel: Kernel, ring: Ring, id: bigint): LogRecord | undefined {
  const { memory, arch } = kernel;
  const index = id & ((1n << ring.countBits) - 1n);
  const desc = ring.descs + index * BigInt(ring.descSize);
  const state = memory.word(desc + BigInt(ring.stateVar));
  const phase = Number(state >> BigInt(arch.wordSize * 8 - 2));
  if ((state & ring.idMask) !== id || (phase !== desc_committed && phase !== desc_finalized)) return undefined;
  const info = memory.read(ring.infos + index * BigInt(ring.infoSize), ring.infoSize);
  const view = viewOf(info);
  const field = (at: number, size: number): bigint => {
    if (at + size > info.length)
      throw Fault.of("corrupt", "according to VMCOREINFO a member of printk_info is outside of the struct");
    return readUnsigned(view, at, size, arch.byteOrder);
  };
  // u8 facility and u8 flags:5, level:3 follow text_len; VMCOREINFO does not have them.
  const bits = info[ring.info.length + 3] ?? 0;
  return {
    seq: field(ring.info.seq, 8),
    nanoseconds: field(ring.info.time, 8),
    level: arch.byteOrder === "little" ? bits >> 5 : bits & 7,
    facility: info[ring.info.length + 2] ?? 0,
    caller: callerName(Number(field(ring.info.caller, 4))),
    text: readText(kernel, ring, desc, Number(field(ring.info.length, 2))),
    dictionary: dictionary(info, ring),
  };
}

/** Reads the text of a record. @throws Fault */
function readText(kernel: Kernel, ring: Ring, desc: bigint, textLength: number): string {
  const { memory, arch } = kernel;
  const begin = memory.word(desc + BigInt(ring.begin));
  const next = memory.word(desc + BigInt(ring.next));
  // There is no data if the positions are equal, or if both are odd (printk_ringbuffer.h: BLK_DATALESS): the line is
  // empty, or there was no room for its text.
  if (begin === next || (begin & next & 1n) === 1n) return "";
  let start = begin & ring.dataMask;
  let end = next & ring.dataMask;
  if (end === 0n) end = ring.dataMask + 1n;
  // A block is never split: if it did not fit at the end, it is at the start of the ring.
  if (start > end) start = 0n;
  start += BigInt(arch.wordSize); // the descriptor id precedes the text
  if (start > end) throw Fault.at("corrupt", desc, "log message ends before it begins");
  const length = Math.min(textLength, Number(end - start));
  return utf8.decode(memory.read(ring.data + start, length));
}

const utf8 = new TextDecoder();

/** Returns the `KEY=value` pairs of struct dev_printk_info, which has two char arrays. */
function dictionary(info: Uint8Array, ring: Ring): string[] {
  const subsystem = cString(info.subarray(ring.device.subsystem, ring.device.device));
  const device = cString(info.subarray(ring.device.device));
  const pairs: string[] = [];
  if (subsystem) pairs.push(`SUBSYSTEM=${subsystem}`);
  if (device) pairs.push(`DEVICE=${device}`);
  return pairs;
}

/**
 * Returns how many messages got no descriptor of the ring buffer (`printk_ringbuffer.fail`); undefined for kernels without
 * this ring buffer, or without types. A message without room for its text has a record, and is not counted.
 * @throws Fault
 */
export function lostReservations(kernel: Kernel): number | undefined {
  if (!kernel.hasVariable("prb")) return undefined;
  return kernel.variable("prb").at("fail.counter").number();
}
