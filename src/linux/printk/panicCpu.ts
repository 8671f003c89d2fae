/** The CPU that panicked. */
import { attempt } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import { nrCpuIds } from "../../kernel/cpumask.ts";
import { isPanicTitle } from "./oops.ts";
import { logLines } from "./printk.ts";
import { globalU32 } from "../vmcoreinfo.ts";

/**
 * The CPU that panicked: `panic_cpu` (kernel/panic.c), else x86's `crashing_cpu`; for a kernel without `panic_cpu` the
 * CPU in the log. Undefined if none of them names a CPU.
 */
export const panicCpu = derived("panic CPU", (kernel): number | undefined => {
  for (const name of ["panic_cpu", "crashing_cpu"]) {
    const cpu = attempt(() => globalU32(kernel, name));
    const limit = attempt(() => nrCpuIds(kernel));
    if (typeof cpu === "number" && typeof limit === "number" && cpu < limit) return cpu;
  }
  return kernel.symbols.find("panic_cpu") ? undefined : loggedCpu(kernel);
});

/**
 * Returns the CPU in the last line `CPU: 1 PID: 42 Comm: ...` (lib/dump_stack.c) of a log that has a panic; undefined
 * if there is none.
 */
function loggedCpu(kernel: Kernel): number | undefined {
  const lines = logLines(kernel);
  if (!lines.some(({ text }) => isPanicTitle(text))) return undefined;
  const line = lines.findLast(({ text }) => /^CPU: \d+ (UID: \d+ )?PID: /.test(text));
  return line === undefined ? undefined : Number(/\d+/.exec(line.text)?.[0]);
}
