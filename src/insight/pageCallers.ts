/** Which functions allocated the pages that are in use, as page_owner keeps it. */
import type { PagesOfStack } from "../linux/mm/pagesByStack.ts";
import { isMachinery } from "../log/machinery.ts";
import { plainName } from "../log/place.ts";
import type { Kernel } from "../model/kernel.ts";

/** Functions of the page allocator and of what allocates pages for all others. */
const ALLOCATES =
  /^(?:__)?(?:set_page_owner|reset_page_owner|save_stack|post_alloc_hook|prep_new_page|get_page_from_freelist|allocate_slab|new_slab|refill_)|alloc_(?:frozen_|slab_)?pages?|^_*alloc_|^_*vmalloc/;

/** A function that called the allocator. */
export interface PageCaller {
  readonly name: string;
  readonly module: string | undefined;
  /** A return address in the function. */
  readonly address: bigint;
  /** The callers of the function on the stack with the most pages, the nearest first. */
  readonly through: readonly string[];
  pages: number;
}

/** Returns the functions that called the allocator, those with the most pages first. */
export function pageCallers(kernel: Kernel, stacks: readonly PagesOfStack[]): PageCaller[] {
  const callers = new Map<string, PageCaller>();
  for (const one of stacks) add(callers, kernel, one);
  return [...callers.values()].sort((a, b) => b.pages - a.pages);
}

function add(callers: Map<string, PageCaller>, kernel: Kernel, { stack, pages }: PagesOfStack): void {
  const frames = stack.flatMap((address) => {
    const symbol = kernel.symbols.at(address - 1n);
    return symbol ? [{ name: plainName(symbol.name), module: symbol.module, address }] : [];
  });
  const own = frames.findIndex(({ name }) => !ALLOCATES.test(name) && !isMachinery(name, "kasan"));
  const frame = frames[own];
  if (!frame) return;
  // Modules have functions of the same name.
  const key = `${frame.module ?? ""} ${frame.name}`;
  const known = callers.get(key);
  if (known) known.pages += pages;
  else callers.set(key, { ...frame, through: frames.slice(own + 1).map(({ name }) => name), pages });
}
