import { hex } from "../../../../base/hex.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { perCpuOffset } from "../../../../kernel/percpu.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { cell } from "../../../../say/cell.ts";
import { record, text, type Pieces } from "../../../../say/piece.ts";

/** `kmem -o`: what each CPU adds to per-CPU addresses. @throws Fault */
export function* perCpuOffsets(kernel: Kernel): Pieces {
  yield text([{ as: "title", text: "PER-CPU OFFSET VALUES:" }]);
  for (const cpu of possibleCpus(kernel)) {
    const offset = cell(() => perCpuOffset(kernel, cpu), hex);
    yield record({ cpu, offset: offset.json }, [`  CPU ${cpu}: `, offset.span]);
  }
}
