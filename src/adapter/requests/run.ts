import { isInKernelRange } from "../../linux/mm/kernelRanges.ts";
import { UsageError } from "../../base/usageError.ts";
import { readLine, run } from "../../crash/language/language.ts";
import { GridBuilder } from "../../render/grid.ts";
import type { Handlers } from "../handlers.ts";

/** A command line's records for a panel. */
export const runs: Pick<Handlers, "vmcore/run"> = {
  *"vmcore/run"(target, { line }) {
    const { context } = target;
    const parsed = readLine(context, line);
    if (parsed.shell !== undefined || parsed.input !== undefined || parsed.output !== undefined) {
      throw new UsageError("a table shows one command of crash: no shell, no files");
    }
    const grid = new GridBuilder({
      wordSize: target.kernel.arch.wordSize,
      isAddress: (address) => target.kernel.memory.isKernelAddress(address),
      isPlace: (address) => isInKernelRange(target.kernel, address),
    });
    // What it changes is lost: a panel is no console.
    for (const piece of run(context, parsed)) {
      if (!grid.add(piece)) break;
      yield piece;
    }
    return grid.end();
  },
};
