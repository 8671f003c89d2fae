/** Fast reading of many `struct page`s. */
import { viewOf } from "../../base/bytes.ts";
import { Fault } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { memoryModel, pfnToPage } from "./memoryModel.ts";
import { pageSize } from "./page.ts";

/** Words of a `struct page` (include/linux/mm_types.h), not interpreted: their meaning depends on the page. */
export interface PageStruct {
  readonly address: bigint;
  readonly pfn: number;
  readonly flags: bigint;
  readonly mapping: bigint;
  readonly index: bigint;
  /** `_refcount`: number of references; signed. */
  readonly count: number;
  /** `_mapcount`, or the `page_type` that shares its word; unsigned. */
  readonly type: number;
}

interface Offsets {
  readonly size: number;
  readonly flags: number;
  readonly mapping: number;
  readonly index: number;
  readonly count: number;
  readonly type: number;
}

/** Offsets of the members in bytes. Each member is looked up by several names; the first that this kernel has is used. @throws Fault "unknown" */
const offsets = derived("struct page", (kernel): Offsets => {
  const page = kernel.object("struct page", 0n);
  const at = (...names: readonly string[]): number => {
    const name = names.find((one) => page.has(one));
    if (name === undefined) throw Fault.of("unknown", `struct page has no member ${names.join(" or ")}`);
    return Number(page.at(name).address);
  };
  const { size } = memoryModel(kernel);
  const found = {
    size,
    flags: at("flags"),
    mapping: at("mapping"),
    // Renamed in Linux kernel commit acc53a0b4c15 ("mm: rename page->index to page->__folio_index") (v6.16).
    index: at("index", "__folio_index"),
    count: at("_refcount", "_count"),
    type: at("_mapcount"),
  };
  const { wordSize } = kernel.arch;
  const ends = [
    found.flags + wordSize,
    found.mapping + wordSize,
    found.index + wordSize,
    found.count + 4,
    found.type + 4,
  ];
  if (ends.some((end) => end > size)) throw Fault.of("corrupt", "struct page is smaller than its members");
  return found;
});

/** Reads one `struct page`. @throws Fault */
export function pageStruct(kernel: Kernel, pfn: number): PageStruct {
  const address = pfnToPage(kernel, pfn);
  if (address === undefined) throw Fault.of("unmapped", `page frame ${pfn} has no struct page`);
  return decode(kernel, viewOf(kernel.memory.read(address, offsets(kernel).size)), 0, address, pfn);
}

/**
 * Yields the `struct page`s of the page frames from `first` to `end` (exclusive), reading one page of memory at a time;
 * for each page of memory that cannot be read, one fault. @throws Fault if struct page or its array is not known
 */
export function* pageStructs(kernel: Kernel, first: number, end: number): Generator<PageStruct | Fault> {
  const { size, runs } = memoryModel(kernel);
  const bytesOfPage = pageSize(kernel);
  for (const run of runs) {
    const last = Math.min(end, run.end);
    for (let pfn = Math.max(first, run.first); pfn < last;) {
      const address = BigInt.asUintN(64, run.base + BigInt(pfn) * BigInt(size));
      const bytes = kernel.memory.page(address);
      if (bytes instanceof Fault) {
        yield bytes;
        pfn += Math.max(1, Math.floor((bytesOfPage - Number(address % BigInt(bytesOfPage))) / size));
      } else if (bytes.length < size) yield pageStruct(kernel, pfn++);
      else {
        const count = Math.min(Math.floor(bytes.length / size), last - pfn);
        const view = viewOf(bytes);
        for (let i = 0; i < count; i++) yield decode(kernel, view, i * size, address + BigInt(i * size), pfn + i);
        pfn += count;
      }
    }
  }
}

function decode(kernel: Kernel, view: DataView, start: number, address: bigint, pfn: number): PageStruct {
  const at = offsets(kernel);
  const little = kernel.arch.byteOrder === "little";
  const word = (offset: number): bigint =>
    kernel.arch.wordSize === 8
      ? view.getBigUint64(start + offset, little)
      : BigInt(view.getUint32(start + offset, little));
  return {
    address,
    pfn,
    flags: word(at.flags),
    mapping: word(at.mapping),
    index: word(at.index),
    count: view.getInt32(start + at.count, little),
    type: view.getUint32(start + at.type, little),
  };
}
