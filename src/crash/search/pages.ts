import { Fault } from "../../base/fault.ts";
import { directMapOffset } from "../../linux/directMap.ts";
import type { KernelRange } from "../../linux/kernelRanges.ts";
import type { AddressSpace } from "../../memory/memory.ts";
import type { Kernel } from "../../model/kernel.ts";

/** Bytes of memory, a page at most, and where they lie. */
export interface MemoryPage {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** A stretch to search; ends are exclusive. */
export interface Stretch {
  readonly start: bigint;
  readonly end: bigint;
}

/** A step without memory after this many pages, so that a search over nothing can be given up too. */
const PAGES_PER_STEP = 64;

/** Pages of a stretch that can be read; now and then undefined, a place to pause. */
export function* pagesOf(
  space: AddressSpace,
  { start, end }: Stretch,
  pageBytes: number,
): Generator<MemoryPage | undefined> {
  const size = BigInt(pageBytes);
  let count = 0;
  for (let at = start; at < end; at = (at & -size) + size) {
    const page = space.page(at);
    if (!(page instanceof Fault)) yield { address: at, bytes: within(page, at, end) };
    if (++count % PAGES_PER_STEP === 0) yield undefined;
  }
}

/** Pages of physical memory that the dump holds. */
export function* physicalPages({ memory }: Kernel, { start, end }: Stretch): Generator<MemoryPage | undefined> {
  const { physical } = memory;
  const size = BigInt(physical.pageSize);
  let count = 0;
  for (let page = physical.next(start & -size); page !== undefined && page < end; page = physical.next(page + size)) {
    const at = page < start ? start : page;
    const bytes = physical.page(at);
    if (!(bytes instanceof Fault)) yield { address: at, bytes: within(bytes, at, end) };
    if (++count % PAGES_PER_STEP === 0) yield undefined;
  }
}

const within = (bytes: Uint8Array, at: bigint, end: bigint): Uint8Array =>
  at + BigInt(bytes.length) > end ? bytes.subarray(0, Number(end - at)) : bytes;

/**
 * Pages of kernel memory. The mapping of all memory is read by physical address: it needs no page tables, and pages
 * that the dump does not hold are not even asked for.
 */
export function* kernelPages(
  kernel: Kernel,
  ranges: readonly KernelRange[],
  { start, end }: Stretch,
  pageBytes: number,
): Generator<MemoryPage | undefined> {
  for (const range of ranges) {
    const from = range.start > start ? range.start : start;
    const to = range.end < end ? range.end : end;
    if (from >= to) continue;
    if (range.kind !== "direct map") {
      yield* pagesOf(kernel.memory, { start: from, end: to }, pageBytes);
      continue;
    }
    const offset = directMapOffset(kernel);
    for (const page of physicalPages(kernel, { start: from - offset, end: to - offset }))
      yield page && { address: page.address + offset, bytes: page.bytes };
  }
}
