/** The custom request that compares the dump with another one. */
import { UsageError } from "../../base/usageError.ts";
import { compare as comparing } from "../../crash/report/compare.ts";
import { markdownOf } from "../../document/markdown.ts";
import { openingSession } from "../../session/open/open.ts";
import type { Handlers } from "../handlers.ts";
import { budgetFor, openOptions } from "../launch.ts";

/** Opens the other dump, compares, and closes it again. Cancelling the request closes it too. */
export const compare: Pick<Handlers, "vmcore/compare"> = {
  *"vmcore/compare"(target, { vmcore, vmlinux }) {
    if (vmcore.length === 0) throw new UsageError("vmcore/compare: name the files of the other dump");
    const own = target.session.vmlinux?.path;
    const args = {
      ...target.arguments,
      vmcore,
      vmlinux,
      // The files of this dump belong to the other one only if their build ID or release says so.
      systemMap: undefined,
      force: false,
      preferredVmlinux: [...target.arguments.preferredVmlinux, ...(own === undefined ? [] : [own])],
    };
    const other = yield* openingSession(openOptions(args, budgetFor(args, target.client)));
    try {
      return { text: markdownOf(yield* comparing(target.context, other.context)) };
    } finally {
      other.close();
    }
  },
};
