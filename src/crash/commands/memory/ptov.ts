import { hex } from "../../../base/hex.ts";
import { possibleCpus } from "../../../kernel/cpumask.ts";
import { physicalToVirtual } from "../../../linux/mm/directMap.ts";
import { perCpuAddress } from "../../../kernel/percpu.ts";
import { taskCpu } from "../../../linux/sched/task.ts";
import { addressSpan } from "../../say/addressCell.ts";
import { cell } from "../../../say/cell.ts";
import { command, type Context } from "../../language/command.ts";
import { hexNumber, parseCpus } from "../../language/number.ts";
import { record, text, type Pieces, addressJson } from "../../../say/piece.ts";
import { WrongUse } from "../../language/wrongUse.ts";

export const ptov = command({
  name: "ptov",
  readsOnly: true,
  summary: "physical to virtual address",
  usage: "address | offset:cpuspec ...",
  options: [],
  description:
    "Gives the kernel virtual address of a hexadecimal physical address, or of a per-CPU offset on the CPUs that follow it: 0-3,7 or a for all of them, the current task's when none is given.",
  examples: [
    { line: "ptov 1000000", shows: "Where the kernel sees physical address 16 MiB." },
    { line: "ptov b0c0:a", shows: "A per-CPU offset on every CPU." },
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
  if (value === undefined) throw new WrongUse(`invalid input: "${word}"`);
  const width = kernel.arch.wordSize * 2;
  if (cpus !== undefined) return yield* perCpu(context, value, cpus);
  const virtual = physicalToVirtual(kernel, value);
  yield record(
    { virtual: addressJson(virtual), physical: addressJson(value) },
    [{ as: "title", text: `${"VIRTUAL".padEnd(width)}  PHYSICAL` }],
    [addressSpan(kernel, virtual), `  ${hex(value)}`],
  );
}

function* perCpu(context: Context, offset: bigint, cpus: string): Pieces {
  const { kernel } = context;
  const chosen = cpus === "" ? [taskCpu(context.task)] : parseCpus(cpus, possibleCpus(kernel));
  yield text(`PER-CPU OFFSET: ${hex(offset)}`, [{ as: "title", text: "  CPU    VIRTUAL" }]);
  for (const cpu of chosen) {
    const address = cell(() => perCpuAddress(kernel, offset, cpu), hex);
    yield record({ cpu, offset: addressJson(offset), virtual: address.json }, [`  [${cpu}]  `, address.span]);
  }
}
