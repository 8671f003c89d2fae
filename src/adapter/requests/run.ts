import { isKernelPlace } from "../../linux/mm/kernelRanges.ts";
import { UsageError } from "../../base/usageError.ts";
import type { Context } from "../../crash/language/command.ts";
import { readLine, run } from "../../crash/language/language.ts";
import type { Obj } from "../../model/object.ts";
import { GridBuilder } from "../../render/grid.ts";
import type { Handlers } from "../handlers.ts";
import type { Target } from "../target.ts";

/** A command line's records for a panel. */
export const runs: Pick<Handlers, "vmcore/run"> = {
  *"vmcore/run"(target, { line }) {
    const context = apart(target);
    const parsed = readLine(context, line);
    if (parsed.shell !== undefined || parsed.input !== undefined || parsed.output !== undefined) {
      throw new UsageError("a table shows one command of crash: no shell, no files");
    }
    const grid = new GridBuilder({
      wordSize: target.kernel.arch.wordSize,
      isAddress: (address) => target.kernel.memory.isKernelAddress(address),
      isPlace: (address) => isKernelPlace(target.kernel, address),
    });
    for (const piece of run(context, parsed)) {
      if (!grid.add(piece)) break;
      yield piece;
    }
    return grid.end();
  },
};

/** The console's context, of which a panel's command changes nothing: not its task, not its radix. */
function apart({ context: shared }: Target): Context {
  let own: Obj | undefined;
  return Object.create(shared, {
    task: { get: () => own ?? shared.task, set: (task: Obj) => (own = task) },
    radix: { value: shared.radix, writable: true },
    ended: { value: false, writable: true },
    values: { value: [] },
  }) as Context;
}
