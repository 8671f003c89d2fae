/** The custom request for the commits that changed the guilty function after the release of the dump's kernel. */
import { UsageError } from "../../base/usageError.ts";
import { fixesOf } from "../../crash/commands/system/analyze/fixes.ts";
import type { Handlers } from "../handlers.ts";

/** Runs git on the repository of the kernel's source, as a job that can be cancelled. */
export const fixes: Pick<Handlers, "vmcore/fixes"> = {
  *"vmcore/fixes"({ context }, { seconds }) {
    if (context.onlyReads) throw new UsageError("a session that only reads the dump runs no git");
    return yield* fixesOf(context, seconds);
  },
};
