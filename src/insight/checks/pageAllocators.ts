/** Checks which functions allocated the pages that are in use, if page_owner keeps that. */
import { attempt, Fault } from "../../base/fault.ts";
import { pageSize } from "../../linux/mm/page.ts";
import { pagesByStack, type PagesOfStack } from "../../linux/mm/pagesByStack.ts";
import type { Kernel } from "../../model/kernel.ts";
import { type Check, pause, type Step } from "../check.ts";
import type { Finding } from "../finding.ts";
import { type PageCaller, pageCallers } from "../pageCallers.ts";
import { sourceWords } from "../values/words.ts";

/** Reports the functions that allocated the most pages; without page_owner, nothing. */
export const pageAllocators: Check = {
  id: "page-allocators",
  needs: ["types"],
  about: ["oom"],
  *run(kernel) {
    const stacks = yield* countedStacks(kernel);
    const whole = stacks.reduce((sum, { pages }) => sum + pages, 0);
    for (const caller of pageCallers(kernel, stacks).slice(0, MAX_CALLERS))
      if (caller.pages >= whole * MIN_SHARE) yield allocatorFinding(kernel, caller);
  },
};

/** Maximum number of functions that are reported, and the least share of all pages. */
const MAX_CALLERS = 3;
const MIN_SHARE = 0.1;
/** Maximum number of callers that a sentence names. */
const MAX_NAMED = 3;

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

function allocatorFinding(kernel: Kernel, { name, module, address, through, pages }: PageCaller): Finding {
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
