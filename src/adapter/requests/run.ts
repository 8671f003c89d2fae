/** The custom request that runs a command for a table. */
import { isInKernelRange } from "../../linux/mm/kernelRanges.ts";
import { UsageError } from "../../base/usageError.ts";
import { readLine, run } from "../../crash/language/language.ts";
import { GridBuilder } from "../../render/grid.ts";
import type { Handlers } from "../handlers.ts";

/** Runs a command line and returns its records for a page. */
export const runs: Pick<Handlers, "vmcore/run"> = {
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
    // Changes of the context by the command are discarded, because a page is not a console.
    for (const piece of run(context, parsed)) {
      if (!grid.add(piece)) break;
      yield piece;
    }
    return grid.end();
  },
};
