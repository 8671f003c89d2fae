/** Checks which functions allocated the pages that are in use, if page_owner keeps that. */
import { attempt, Fault } from "../../base/fault.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { pagesByStack, type PagesOfStack } from "../../linux/mm/pagesByStack.ts";
import { isMachinery } from "../../log/machinery.ts";
import { plainName } from "../../log/place.ts";
import type { Kernel } from "../../model/kernel.ts";
import { type Check, pause, type Step } from "../check.ts";
import type { Finding } from "../finding.ts";
import { sourceWords } from "../values/words.ts";

/** Reports the functions that allocated the most pages; without page_owner, nothing. */
export const pageAllocators: Check = {
  id: "page-allocators",
  needs: ["types"],
  about: ["oom"],
  *run(kernel) {
    const stacks = yield* countedStacks(kernel);
    const whole = stacks.reduce((sum, { pages }) => sum + pages, 0);
    const callers = new Map<string, Caller>();
    for (const one of stacks) add(callers, kernel, one);
    const sorted = [...callers.values()].sort((a, b) => b.pages - a.pages);
    for (const caller of sorted.slice(0, MAX_CALLERS))
      if (caller.pages >= whole * MIN_SHARE) yield allocatorFinding(kernel, caller);
  },
};

/** Maximum number of functions that are reported, and the least share of all pages. */
const MAX_CALLERS = 3;
const MIN_SHARE = 0.1;
/** Maximum number of callers that a sentence names. */
const MAX_NAMED = 3;

/** Functions of the page allocator and of what allocates pages for all others. */
const ALLOCATES =
  /^(?:__)?(?:set_page_owner|reset_page_owner|save_stack|post_alloc_hook|prep_new_page|get_page_from_freelist|allocate_slab|new_slab|refill_)|alloc_(?:frozen_|slab_)?pages?|^_*alloc_|^_*vmalloc/;

/** A function that called the allocator. */
interface Caller {
  readonly name: string;
  readonly module: string | undefined;
  readonly address: bigint;
  /** Its callers on the stack with the most pages, the nearest first. */
  readonly through: readonly string[];
  pages: number;
}

/** Counts the pages of each stack; none if the kernel has no page_owner. */
function* countedStacks(kernel: Kernel): Generator<Step, readonly PagesOfStack[], void> {
  const counting = pagesByStack(kernel);
  for (;;) {
    const step = attempt(() => counting.next());
    if (step instanceof Fault) return [];
    if (step.done) return step.value;
    yield pause("owners of pages");
  }
}

function add(callers: Map<string, Caller>, kernel: Kernel, { stack, pages }: PagesOfStack): void {
  const frames = stack.flatMap((address) => {
    const symbol = kernel.symbols.at(address - 1n);
    return symbol ? [{ name: plainName(symbol.name), module: symbol.module, address }] : [];
  });
  const own = frames.findIndex(({ name }) => !ALLOCATES.test(name) && !isMachinery(name, "kasan"));
  const frame = frames[own];
  if (!frame) return;
  const known = callers.get(frame.name);
  if (known) known.pages += pages;
  else callers.set(frame.name, { ...frame, through: frames.slice(own + 1).map(({ name }) => name), pages });
}

function allocatorFinding(kernel: Kernel, { name, module, address, through, pages }: Caller): Finding {
  const bytes = pages * pageSize(kernel);
  return {
    id: "oom.allocator",
    severity: "note",
    certainty: "certain",
    slots: { function: name, module, bytes },
    text: [
      { kind: "symbol", name, address },
      ...sourceWords(kernel, address - 1n),
      ...(module === undefined ? [] : [", of module ", { kind: "module", name: module } as const, ","]),
      ` allocated ${(bytes / 2 ** 20).toFixed(1)} MiB of the pages that are in use, according to page_owner`,
      through.length > 0 ? `; called through ${through.slice(0, MAX_NAMED).join(", ")}.` : ".",
    ],
    evidence: [{ kind: "symbol", name, address }],
  };
}
