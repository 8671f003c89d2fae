/** The custom request that runs a command for a table. */
import { isInKernelRange } from "../../linux/mm/kernelRanges.ts";
import { UsageError } from "../../base/usageError.ts";
import { readLine, run } from "../../crash/language/language.ts";
import { GridBuilder } from "../../render/grid.ts";
import type { Handlers } from "../handlers.ts";
import type { Target } from "../target.ts";

const STOPPED = "Stopped: there may be more rows.";

/** What runs for pages, by target and command line, and whether the user has ended it. */
const running = new WeakMap<Target, Map<string, { isStopped: boolean }>>();

/** Runs a command line and returns its records for a page: those so far, if the user ends it. */
export const runs: Pick<Handlers, "vmcore/run" | "vmcore/stopRun"> = {
  *"vmcore/run"(target, { line }) {
    const { context } = target;
    const parsed = readLine(context, line);
    if (parsed.shell !== undefined || parsed.input !== undefined || parsed.output !== undefined) {
      throw new UsageError("a table shows the output of one command: remove the pipe to a shell or the redirection");
    }
    const grid = new GridBuilder({
      wordSize: target.kernel.arch.wordSize,
      isAddress: (address) => target.kernel.memory.isKernelAddress(address),
      isPlace: (address) => isInKernelRange(target.kernel, address),
    });
    const state = { isStopped: false };
    const lines = running.get(target) ?? new Map<string, { isStopped: boolean }>();
    running.set(target, lines.set(line, state));
    // Changes of the context by the command are discarded, because a page is not a console.
    try {
      for (const piece of run(context, parsed)) {
        if (!grid.add(piece) || state.isStopped) break;
        yield piece;
      }
    } finally {
      if (lines.get(line) === state) lines.delete(line);
    }
    const found = grid.end();
    return state.isStopped ? { ...found, remarks: [...found.remarks, STOPPED] } : found;
  },

  *"vmcore/stopRun"(target, { line }) {
    const found = running.get(target)?.get(line);
    if (found) found.isStopped = true;
    return {};
  },
};
