/** Who allocated the pages that are in use, as page_owner keeps it (mm/page_owner.c) with the boot option page_owner=on. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { globalAddress } from "../vmcoreinfo.ts";
import { memSections, pagesPerSection } from "./sparse.ts";
import { depotStack } from "./stackDepot.ts";

/** Pages that were allocated with the same call stack. */
export interface PagesOfStack {
  /** Return addresses, the innermost first. The first ones are the page allocator's own. */
  readonly stack: readonly bigint[];
  readonly pages: number;
}

/** Progress in page frames. */
export interface Progress {
  readonly done: number;
  readonly total: number;
}

/** PAGE_EXT_INVALID: the section is being removed. */
const INVALID = 1n;
/** Number of pages whose records are read at a time. */
const CHUNK = 1024;
/** Maximum size in bytes of a record of page_ext; real ones have some 100. */
const MAX_RECORD = 4096;

/**
 * Counts the pages in use by the stack that allocated them, the most first. Pages whose record or stack is not in the
 * dump are not counted. @throws Fault if the kernel keeps no records
 */
export function* pagesByStack(kernel: Kernel): Generator<Progress, PagesOfStack[], void> {
  const layout = layoutOf(kernel);
  const count = pagesPerSection(kernel);
  const sections = [...memSections(kernel)];
  const counts = new Map<number, { pages: number; readonly address: bigint }>();
  for (const [i, { number, address }] of sections.entries()) {
    const base = kernel.object("struct mem_section", address).at("page_ext").value();
    if (base === 0n || (base & INVALID) !== 0n) continue;
    for (let at = 0; at < count; at += CHUNK) {
      yield { done: i * count + at, total: sections.length * count };
      const start = base + BigInt((number * count + at) * layout.size);
      countIn(kernel, start, Math.min(CHUNK, count - at), layout, counts);
    }
  }
  if (counts.size === 0)
    throw Fault.of("unknown", "page_owner keeps no records; the boot option page_owner=on is needed");
  const all = [...counts.values()].flatMap(({ pages, address }) => {
    const stack = attempt(() => depotStack(kernel, kernel.object("depot_stack_handle_t", address)));
    return stack instanceof Fault || stack.length === 0 ? [] : [{ stack, pages }];
  });
  return all.sort((a, b) => b.pages - a.pages);
}

/** Positions in the record of a page, in bytes. */
interface Layout {
  /** Size of a record in bytes. */
  readonly size: number;
  readonly flags: number;
  /** Offset of the handle of the stack. */
  readonly handle: number;
  /** Flag of a page in use. */
  readonly allocated: bigint;
}

function layoutOf(kernel: Kernel): Layout {
  const [size, operations] = [globalAddress(kernel, "page_ext_size"), globalAddress(kernel, "page_owner_ops")];
  const flag = kernel.types.enumerator("PAGE_EXT_OWNER_ALLOCATED");
  const hasExtension = kernel.object("struct mem_section", 0n).has("page_ext");
  if (size === undefined || operations === undefined || !flag || !hasExtension)
    throw Fault.of("unknown", "the kernel has no page_owner (CONFIG_PAGE_OWNER)");
  const own = kernel.object("struct page_ext_operations", operations).at("offset").number();
  const layout = {
    size: Number(kernel.memory.word(size)),
    flags: Number(kernel.object("struct page_ext", 0n).at("flags").address),
    handle: own + Number(kernel.object("struct page_owner", 0n).at("handle").address),
    allocated: 1n << flag.value,
  };
  if (layout.size > MAX_RECORD || layout.handle + 4 > layout.size)
    throw Fault.at("corrupt", size, `a record of page_ext cannot have ${layout.size} bytes`);
  return layout;
}

function countIn(
  kernel: Kernel,
  start: bigint,
  pages: number,
  { size, flags, handle, allocated }: Layout,
  counts: Map<number, { pages: number; readonly address: bigint }>,
): void {
  const bytes = attempt(() => kernel.memory.read(start, pages * size));
  if (bytes instanceof Fault) return;
  const view = viewOf(bytes);
  const isLittle = kernel.arch.byteOrder === "little";
  const mask = Number(allocated);
  for (let at = 0; at < bytes.length; at += size) {
    // The flags are an unsigned long, of which the low half has the bits of page_owner.
    const low = view.getUint32(at + flags + (isLittle ? 0 : kernel.arch.wordSize - 4), isLittle);
    if ((low & mask) === 0) continue;
    const stackHandle = view.getUint32(at + handle, isLittle);
    const known = counts.get(stackHandle);
    if (known) known.pages++;
    else counts.set(stackHandle, { pages: 1, address: start + BigInt(at + handle) });
  }
}
