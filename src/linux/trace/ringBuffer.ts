/** Entries of ftrace's ring buffers (kernel/trace/ring_buffer.c). */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { memberOffset } from "../../kernel/list.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { CpuBuffer } from "./traceArray.ts";

/** An entry of a CPU's buffer. */
export interface RingEntry {
  readonly cpu: number;
  /** By the clock of the buffer. */
  readonly time: bigint;
  /** The data, which begins with a `struct trace_entry`. */
  readonly data: Uint8Array;
}

/**
 * Values of `ring_buffer_event.type_len` (include/linux/ring_buffer.h) that are kinds of entries. The smaller ones, 1 to
 * 28, are the length of the data in words of 4 bytes; 0 means that the next word has the length in bytes.
 */
const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;
/** Number of bits of `time_delta`. */
const DELTA_BITS = 27n;
/** A time stamp has 59 bits; the upper five are those of the time before it. */
const STAMP_MASK = (1n << 59n) - 1n;

/** Flags in the pointers between pages: RB_PAGE_HEAD, RB_PAGE_UPDATE. */
const LINK_FLAGS = 3n;
const PAGE_HEAD = 1n;
/** The length in `buffer_data_page.commit`, without the flags RB_MISSED_EVENTS and RB_MISSED_STORED. */
const COMMIT_MASK = 0x3fff_ffff;
/** Maximum number of pages of a buffer: 16 GB. */
const MAX_PAGES = 1 << 22;

/**
 * Yields the entries of a CPU's buffer that were not consumed, oldest first: those of the reader's page, then those
 * from the head page to the page that is written. For a page that cannot be read its fault is yielded.
 * @throws Fault if the list of pages cannot be followed; after the entries before it
 */
export function* ringEntries(kernel: Kernel, cpuBuffer: CpuBuffer): Generator<RingEntry | Fault, void, void> {
  for (const page of bufferPages(kernel, cpuBuffer)) {
    const entries = attempt(() => pageEntries(kernel, cpuBuffer, page));
    if (entries instanceof Fault) yield entries;
    else yield* entries;
  }
}

/**
 * Yields the pages with entries of a CPU's buffer, `struct buffer_page`: the reader's, then those from the oldest one to
 * the one that is written. @throws Fault if the list cannot be followed; after the pages before it
 */
export function* bufferPages(kernel: Kernel, { buffer }: CpuBuffer): Generator<Obj, void, void> {
  const [reader, commit] = [buffer.at("reader_page"), buffer.at("commit_page")].map((one) => one.value());
  if (reader === undefined || reader === 0n) return;
  yield buffer.at("reader_page").deref();
  if (reader === commit) return;
  const offset = memberOffset(kernel, "struct buffer_page", "list");
  for (const node of linked(kernel, headNode(kernel, buffer, offset))) {
    const page = kernel.object("struct buffer_page", node - offset);
    yield page;
    if (page.address === commit) return;
  }
  throw Fault.at("corrupt", buffer.address, "the page that is written is not among the pages of the buffer");
}

/** Yields the list nodes of the ring, each once, starting with `first`. @throws Fault */
function* linked(kernel: Kernel, first: bigint): Generator<bigint, void, void> {
  const seen = new Set<bigint>();
  for (let node = first; !seen.has(node) && seen.size < MAX_PAGES; node = kernel.memory.word(node) & ~LINK_FLAGS) {
    seen.add(node);
    yield node;
  }
}

/**
 * Returns the list node of the oldest page. `head_page` is only a hint: the pointer that leads to the oldest page has
 * the flag RB_PAGE_HEAD.
 */
function headNode(kernel: Kernel, buffer: Obj, offset: bigint): bigint {
  const start = buffer.at("head_page").value() + offset;
  for (const node of linked(kernel, start)) {
    const link = kernel.memory.word(node);
    if ((link & LINK_FLAGS) === PAGE_HEAD) return link & ~LINK_FLAGS;
  }
  return start;
}

function pageEntries(kernel: Kernel, { cpu, buffer, pageBytes }: CpuBuffer, page: Obj): RingEntry[] {
  const isReader = page.address === buffer.at("reader_page").value();
  const address = page.at("page").value();
  const head = kernel.object("struct buffer_data_page", address);
  const committed = Number(BigInt.asUintN(32, kernel.memory.word(head.at("commit").address))) & COMMIT_MASK;
  const start = Number(head.at("data").address - address);
  if (committed > pageBytes - start)
    throw Fault.at(
      "corrupt",
      address,
      `a page of the ring buffer of CPU ${cpu} cannot have ${committed} bytes of entries`,
    );
  const bytes = kernel.memory.read(address + BigInt(start), committed);
  const read = isReader ? page.at("read").number() : 0;
  return [...parsed(kernel, bytes, head.at("time_stamp").value())].flatMap(({ at, time, data }) =>
    at < read ? [] : [{ cpu, time, data }],
  );
}

/** Yields the entries in the bytes of a page. Damaged lengths end the page. */
function* parsed(
  kernel: Kernel,
  bytes: Uint8Array,
  pageTime: bigint,
): Generator<{ readonly at: number; readonly time: bigint; readonly data: Uint8Array }, void, void> {
  const view = viewOf(bytes);
  const isLittle = kernel.arch.byteOrder === "little";
  let time = pageTime;
  for (let at = 0; at + 4 <= bytes.length;) {
    const word = view.getUint32(at, isLittle);
    // A bit-field begins at the low end on little-endian machines, at the high end on others.
    const type = isLittle ? word & 31 : word >>> 27;
    const delta = BigInt(isLittle ? word >>> 5 : word & 0x7ff_ffff);
    const hasSecondWord = at + 8 <= bytes.length;
    if (type === TIME_EXTEND || type === TIME_STAMP) {
      if (!hasSecondWord) return;
      const value = delta + (BigInt(view.getUint32(at + 4, isLittle)) << DELTA_BITS);
      time = type === TIME_EXTEND ? time + value : absoluteTime(value, time);
      at += 8;
    } else if (type === PADDING) {
      // Without a delta the rest of the page is empty; with one it is an entry that was discarded, whose delta does not
      // count, as in the trace file (rb_update_read_stamp()).
      if (delta === 0n || !hasSecondWord) return;
      at += 4 + view.getUint32(at + 4, isLittle);
    } else {
      time += delta;
      // The length of a long entry includes the word with the length.
      if (type === 0 && !hasSecondWord) return;
      const begin = type === 0 ? at + 8 : at + 4;
      const end = type === 0 ? at + 4 + align4(view.getUint32(at + 4, isLittle)) : begin + type * 4;
      if (end > bytes.length || end <= at) return;
      yield { at, time, data: bytes.subarray(begin, end) };
      at = end;
    }
  }
}

const align4 = (length: number): number => (length + 3) & ~3;

/**
 * Returns an absolute time stamp with the upper bits of the time before it, or with these plus one if it would be earlier
 * than that time. Without upper bits it is taken as it is (rb_fix_abs_ts()).
 */
function absoluteTime(stamp: bigint, before: bigint): bigint {
  const upper = before & ~STAMP_MASK;
  const time = upper | (stamp & STAMP_MASK);
  return upper !== 0n && time < before ? time + STAMP_MASK + 1n : time;
}
