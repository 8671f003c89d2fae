/** Yields the pages of memory that `search` reads. */
import type { Translation, WalkStep } from "../../../../arch/arch.ts";
import { Fault } from "../../../../base/fault.ts";
import { directMapOffset } from "../../../../linux/mm/directMap.ts";
import type { KernelRange } from "../../../../linux/mm/kernelRanges.ts";
import type { AddressSpace, PhysicalMemory } from "../../../../memory/memory.ts";
import type { Kernel } from "../../../../model/kernel.ts";

/**
 * Bytes of memory with their address: the rest of a page, or several pages. They are valid until the next page is read.
 */
export interface MemoryPage {
  readonly address: bigint;
  readonly bytes: Uint8Array;
}

/** An address range to search; `end` is exclusive. */
export interface Stretch {
  readonly start: bigint;
  readonly end: bigint;
}

/** Number of pages without memory between two pauses, so that a search over a hole can be cancelled. */
const PAGES_PER_STEP = 64;

/** Number of bytes that are skipped if not even a root table covers the address. */
const UNMAPPED_BYTES = 1n << 30n;

/** Number of bytes read at once if pages are adjacent in the dump. */
const READ_BYTES = 1 << 20;

/** Returns memory to read into. A search of many short ranges shares one, because clearing it costs more than a range. */
export const readTarget = (): Uint8Array => new Uint8Array(READ_BYTES);

/**
 * Yields the readable pages of a range of virtual memory, and undefined at places to pause. A missing branch of the
 * page tables is skipped; a large page is read as one.
 */
export function* virtualPages(
  space: AddressSpace,
  physical: PhysicalMemory,
  { start, end }: Stretch,
  target: Uint8Array,
): Generator<MemoryPage | undefined> {
  let count = 0;
  for (let at = start; at < end;) {
    const steps: WalkStep[] = [];
    const found = space.translate(at, steps);
    if (found instanceof Fault) at = nextMultiple(at, steps.at(-1)?.span ?? UNMAPPED_BYTES);
    else {
      const border = nextMultiple(at, found.pageBytes);
      const bytes = bytesAt(space, physical, at, found, target);
      if (bytes instanceof Fault) at = nextMultiple(at, BigInt(physical.pageSize));
      else {
        const reached = at + BigInt(bytes.length);
        const limit = border < end ? border : end;
        yield { address: at, bytes: within(bytes, at, limit) };
        at = reached < limit ? reached : limit;
      }
    }
    if (++count % PAGES_PER_STEP === 0) yield undefined;
  }
}

/**
 * Reads from an address to the end of its page, into `target` if the dump stores the page as it is. Memory that the dump
 * lacks comes from the address space, which also contains pages of the vmlinux that never change.
 */
function bytesAt(
  space: AddressSpace,
  physical: PhysicalMemory,
  address: bigint,
  { pageBytes, physical: place, steps }: Translation,
  target: Uint8Array,
): Uint8Array | Fault {
  if (steps.length === 0) return space.page(address);
  const isLarge = pageBytes > BigInt(physical.pageSize);
  const bytes = physical.stretch(place, isLarge ? target : target.subarray(0, physical.pageSize));
  return bytes instanceof Fault ? space.page(address) : bytes;
}

/** Returns the first multiple of `span` above an address. @param span a power of two */
const nextMultiple = (address: bigint, span: bigint): bigint => (address & -span) + span;

/** Yields the pages of physical memory that the dump contains, and undefined at places to pause. */
export function* physicalPages(
  { memory }: Kernel,
  { start, end }: Stretch,
  target: Uint8Array,
): Generator<MemoryPage | undefined> {
  const { physical } = memory;
  const size = BigInt(physical.pageSize);
  let read = 0;
  for (let page = physical.next(start & -size); page !== undefined && page < end;) {
    const at = page < start ? start : page;
    const bytes = physical.stretch(at, target);
    const held = bytes instanceof Fault ? 0 : bytes.length;
    if (!(bytes instanceof Fault)) yield { address: at, bytes: within(bytes, at, end) };
    read += Math.max(held, physical.pageSize);
    if (read >= PAGES_PER_STEP * physical.pageSize) {
      read = 0;
      yield undefined;
    }
    page = physical.next(held === 0 ? page + size : at + BigInt(held));
  }
}

const within = (bytes: Uint8Array, at: bigint, end: bigint): Uint8Array =>
  at + BigInt(bytes.length) > end ? bytes.subarray(0, Number(end - at)) : bytes;

/**
 * Yields the pages of kernel memory, and undefined at places to pause. The direct map is read by physical address: this
 * needs no page tables, and pages that the dump does not contain are skipped.
 */
export function* kernelPages(
  kernel: Kernel,
  ranges: readonly KernelRange[],
  { start, end }: Stretch,
): Generator<MemoryPage | undefined> {
  const target = readTarget();
  for (const range of ranges) {
    const from = range.start > start ? range.start : start;
    const to = range.end < end ? range.end : end;
    if (from >= to) continue;
    if (range.kind !== "direct map") {
      yield* virtualPages(kernel.memory, kernel.memory.physical, { start: from, end: to }, target);
      continue;
    }
    const offset = directMapOffset(kernel);
    for (const page of physicalPages(kernel, { start: from - offset, end: to - offset }, target))
      yield page && { address: page.address + offset, bytes: page.bytes };
  }
}
