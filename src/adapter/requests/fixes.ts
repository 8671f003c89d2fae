/** The custom requests for the commits that changed the guilty function after the release of the dump's kernel. */
import { UsageError } from "../../base/usageError.ts";
import { fixesOf } from "../../crash/commands/system/analyze/fixes.ts";
import type { Handlers } from "../handlers.ts";
import type { Target } from "../target.ts";

/** The last search of each target. */
const searches = new WeakMap<Target, AbortController>();

/** Runs git on the repository of the kernel's source, as a job that can be cancelled or ended early. */
export const fixes: Pick<Handlers, "vmcore/fixes" | "vmcore/stopFixes"> = {
  *"vmcore/fixes"(target, { seconds }) {
    const { context } = target;
    if (context.onlyReads) throw new UsageError("a session that only reads the dump runs no git");
    const stop = new AbortController();
    searches.set(target, stop);
    return yield* fixesOf(context, seconds, stop.signal);
  },

  *"vmcore/stopFixes"(target) {
    searches.get(target)?.abort();
    return {};
  },
};
