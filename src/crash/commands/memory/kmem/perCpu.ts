/** Implements `kmem -o`: lists per-CPU offsets. */
import { hex } from "../../../../base/hex.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { perCpuOffset } from "../../../../kernel/percpu.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { table } from "../../../../render/layout.ts";
import { text, type Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";

interface CpuRow {
  readonly kernel: Kernel;
  readonly cpu: number;
}

export const perCpuTable: Table<CpuRow> = {
  columns: {
    cpu: { kind: "number", title: "", gap: "  CPU ", value: ({ cpu }) => cpu },
    offset: {
      kind: "integer",
      title: "",
      unit: "hex",
      about: "what the CPU adds to the address of a per-CPU variable",
      gap: ": ",
      value: ({ kernel, cpu }) => perCpuOffset(kernel, cpu),
      text: hex,
    },
  },
};

/** Lists the offset that each CPU adds to per-CPU addresses. @throws Fault */
export function* perCpuOffsets(kernel: Kernel): Pieces {
  yield text([{ as: "title", text: "PER-CPU OFFSET VALUES:" }]);
  const rows = possibleCpus(kernel).map((cpu) => ({ kernel, cpu }));
  yield* table(kernel, perCpuTable, rows, { heading: false });
}
