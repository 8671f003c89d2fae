/** The `ptov` command: converts physical to virtual addresses. */
import { hex } from "../../../base/hex.ts";
import { possibleCpus } from "../../../kernel/cpumask.ts";
import { physicalToVirtual } from "../../../linux/mm/directMap.ts";
import { perCpuAddress } from "../../../kernel/percpu.ts";
import { taskCpu } from "../../../linux/sched/task.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { table, TableLayout } from "../../../render/layout.ts";
import { command, type Context } from "../../language/command.ts";
import { hexNumber, parseCpus } from "../../language/number.ts";
import { text, type Pieces } from "../../../say/piece.ts";
import type { Table } from "../../../say/table.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import { shortAddressSpan } from "../../say/addressCell.ts";

export const ptov = command({
  name: "ptov",
  readsOnly: true,
  summary: "physical to virtual address",
  usage: "address | offset:cpuspec ...",
  options: [],
  description:
    "Shows the kernel virtual address of a hexadecimal physical address, or of a per-CPU offset on the CPUs in the list after the colon: 0-3,7, or a for all. An empty list selects the CPU of the current task.",
  examples: [
    { line: "ptov 1000000", shows: "The virtual address of physical address 16 MiB." },
    { line: "ptov b0c0:a", shows: "The addresses of a per-CPU offset on every CPU." },
  ],
  records: () => [
    { line: "ptov 1000000", fields: physicalTable.columns },
    { line: "ptov b0c0:a", fields: perCpuTable.columns },
  ],
  *run(context, { rest }) {
    if (rest.length === 0) throw new WrongUse("an address is missing");
    let isFirst = true;
    for (const word of rest) {
      if (!isFirst) yield text("");
      isFirst = false;
      yield* translated(context, word);
    }
  },
});

function* translated(context: Context, word: string): Pieces {
  const { kernel } = context;
  const [before = "", cpus] = word.split(":");
  const value = hexNumber(before);
  if (value === undefined)
    throw new WrongUse(`invalid input: "${word}"; give a physical address in hexadecimal, or a per-CPU offset:cpu`);
  if (cpus !== undefined) return yield* perCpu(context, value, cpus);
  yield new TableLayout(kernel, physicalTable).headed({ virtual: physicalToVirtual(kernel, value), physical: value });
}

const physicalTable: Table<{ readonly virtual: bigint; readonly physical: bigint }> = {
  gap: "  ",
  columns: {
    virtual: { kind: "address", title: "VIRTUAL", titleAlign: "left", value: ({ virtual }) => virtual },
    physical: { kind: "address", title: "PHYSICAL", width: 0, value: ({ physical }) => physical, text: hex },
  },
};

interface CpuRow {
  readonly kernel: Kernel;
  readonly cpu: number;
  readonly offset: bigint;
}

const perCpuTable: Table<CpuRow> = {
  gap: "  ",
  columns: {
    cpu: {
      kind: "number",
      title: "CPU",
      gap: "  ",
      titleAlign: "left",
      value: ({ cpu }) => cpu,
      text: (cpu) => `[${cpu}]`,
    },
    offset: { kind: "integer", unit: "hex", value: ({ offset }) => offset },
    virtual: {
      kind: "address",
      title: "VIRTUAL",
      titleGap: "    ",
      titleWidth: 0,
      value: ({ kernel, offset, cpu }) => perCpuAddress(kernel, offset, cpu),
      text: shortAddressSpan,
    },
  },
};

function* perCpu(context: Context, offset: bigint, cpus: string): Pieces {
  const { kernel } = context;
  const chosen = cpus === "" ? [taskCpu(context.task)] : parseCpus(cpus, possibleCpus(kernel));
  yield text(`PER-CPU OFFSET: ${hex(offset)}`);
  yield* table(
    kernel,
    perCpuTable,
    chosen.map((cpu) => ({ kernel, cpu, offset })),
  );
}
