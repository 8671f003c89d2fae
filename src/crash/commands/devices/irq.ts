/** The `irq` command: lists interrupts and their handlers. */
import { attempt, Fault, faultLast, untilFault } from "../../../base/fault.ts";
import { hex } from "../../../base/hex.ts";
import { UsageError } from "../../../base/usageError.ts";
import { symbolPlace } from "../../../debuginfo/symbols/symbolText.ts";
import { cpuList, possibleCpus } from "../../../kernel/cpumask.ts";
import {
  actionName,
  idtTargets,
  type Irq,
  irqActions,
  irqAffinity,
  irqChip,
  irqNumbers,
  occurrencesOn,
  irqNames,
  irqs,
  softirqActions,
} from "../../../linux/irq/irq.ts";
import type { Kernel } from "../../../model/kernel.ts";
import type { Obj } from "../../../model/object.ts";
import type { PageKeys } from "../../../protocol/records.ts";
import { recordData, table, TableLayout } from "../../../render/layout.ts";
import { faultJson, faultPiece, type Pieces } from "../../../say/piece.ts";
import type { Column, Table } from "../../../say/table.ts";
import { command, type Parsed } from "../../language/command.ts";
import { anyNumber, parseCpus } from "../../language/number.ts";
import { addressSpan } from "../../say/addressCell.ts";
import { functionColumn } from "../../say/functionCell.ts";

export const irq = command({
  name: "irq",
  readsOnly: true,
  summary: "interrupts: handlers, CPUs, counts",
  usage: "[[index ...] | -u] | -d | -b | -a | -s [-c cpu(s)]",
  options: [
    { flag: "-u", help: "only interrupts that are set up" },
    { flag: "-d", help: "the handlers in the interrupt descriptor table (x86)" },
    { flag: "-b", help: "the handlers of the softirqs" },
    { flag: "-a", help: "the CPU affinity of the interrupts in use" },
    { flag: "-s", help: "how often the interrupts in use occurred on each CPU, and their controller" },
    { flag: "-c", argument: "cpu(s)", help: "with -s: only these CPUs, 3 or 1,3,5-7" },
  ],
  description:
    "Shows every interrupt number, or those given: its irq_desc, and each irqaction that handles it with its name.",
  examples: [
    { line: "irq -u", shows: "Interrupts that are set up." },
    { line: "irq 4", shows: "One of them." },
    { line: "irq -s", shows: "What /proc/interrupts would show." },
    { line: "irq -a", shows: "The CPUs that they can be delivered to." },
    { line: "irq -b", shows: "Soft interrupts." },
  ],
  records: () => [
    { line: "irq", fields: irqTable.columns },
    { line: "irq -a", fields: affinityTable.columns },
    { line: "irq -s", fields: countsTable([]).columns },
    { line: "irq -b", fields: softirqTable.columns },
    { line: "irq -d", fields: gatesTable.columns },
  ],
  needs: ["types"],
  *run({ kernel }, args) {
    if (args.has("-c") && !args.has("-s")) throw new UsageError("-c is only usable with the -s option");
    if (args.has("-d")) return yield* gates(kernel);
    if (args.has("-b")) return yield* softirqs(kernel);
    const faults: Fault[] = [];
    const found = [...untilFault(irqs(kernel), (fault) => faults.push(fault))];
    if (args.has("-a")) yield* table(kernel, affinityTable, inUse(found));
    else if (args.has("-s")) {
      const cpus = parseCpus(args.value("-c") ?? "", possibleCpus(kernel));
      yield* table(kernel, countsTable(cpus), inUse(found));
    } else yield* interrupts(kernel, found, chosenInterrupts(kernel, found, args));
    yield* faults.map((fault) => faultPiece(fault, "irq: "));
  },
});

/** Returns the interrupt numbers to show. @throws UsageError, Fault */
function chosenInterrupts(kernel: Kernel, found: readonly Irq[], args: Parsed): readonly number[] {
  const count = attempt(() => irqNumbers(kernel));
  const last = Math.max(count instanceof Fault ? 0 : count - 1, found.at(-1)?.number ?? 0);
  if (args.rest.length > 0)
    return args.rest.map((word) => {
      const number = Number(anyNumber(word) ?? -1n);
      if (number < 0 || number > last) throw new UsageError(`invalid IRQ value: ${word}  (0-${last})`);
      return number;
    });
  if (args.has("-u")) return found.map(({ number }) => number);
  return Array.from({ length: last + 1 }, (_, number) => number);
}

/** A row of an interrupt. Its first row has the number and descriptor; each row has one action. */
interface IrqRow {
  readonly number: number;
  /** The descriptor, `struct irq_desc`; undefined for a number that is not set up. */
  readonly desc: Obj | undefined;
  /** The actions, `struct irqaction`s, and why the list may be incomplete. */
  readonly actions: readonly (Obj | Fault)[];
  /** Index in `actions`. */
  readonly index: number;
}

const UNUSED = "(unused)";

/** The table of actions. A row is a `struct irqaction`. */
export const actionsTable: Table<Obj> = {
  columns: {
    action: { kind: "address", value: ({ address }) => address },
    name: { kind: "text", value: actionName },
  },
};

const isFirst = ({ index }: IrqRow): boolean => index === 0;

export const irqTable: Table<IrqRow, PageKeys["irq"]> = {
  gap: "  ",
  columns: {
    irq: {
      kind: "number",
      title: "IRQ",
      width: 3,
      titleGap: " ",
      value: ({ number }) => number,
      text: (number, row) => (isFirst(row) ? String(number) : ""),
    },
    desc: {
      kind: "address",
      title: "IRQ_DESC/_DATA",
      align: "middle",
      gap: "   ",
      about: "null for a number that is not set up",
      value: ({ desc }) => desc?.address,
      text: (address, row) => (isFirst(row) && row.desc ? addressSpan(row.desc.kernel, address) : ""),
      absent: UNUSED,
    },
    actions: {
      kind: "data",
      about: "actions that handle it",
      fields: actionsTable.columns,
      value: ({ desc, actions }) =>
        actions.map((one) =>
          one instanceof Fault ? faultJson(one) : desc ? recordData(actionsTable.columns, one) : null,
        ),
    },
    action: {
      kind: "address",
      title: "IRQACTION",
      align: "middle",
      screenOnly: true,
      value: ({ actions, index }) => (actions[index] instanceof Fault ? actions[index] : actions[index]?.address),
      absent: UNUSED,
    },
    name: {
      kind: "text",
      title: "NAME",
      screenOnly: true,
      value: ({ actions, index }) => {
        const action = actions[index];
        return action === undefined || action instanceof Fault ? action : actionName(action);
      },
      text: (name) => `"${name}"`,
    },
  },
};

function* interrupts(kernel: Kernel, found: readonly Irq[], numbers: readonly number[]): Pieces {
  const layout = new TableLayout(kernel, irqTable);
  const byNumber = new Map(found.map((one) => [one.number, one.desc]));
  yield layout.heading();
  for (const number of numbers) {
    const desc = byNumber.get(number);
    const actions = desc ? [...faultLast(irqActions(desc))] : [];
    const lines = Array.from({ length: Math.max(1, actions.length) }, (_, index) => ({ number, desc, actions, index }));
    const [first, ...others] = lines;
    if (first) yield layout.row(first, () => others.map((row) => layout.line(row)));
  }
}

/** Returns the interrupts that have a handler. An interrupt whose action cannot be read counts as in use. */
const inUse = (found: readonly Irq[]): readonly Irq[] =>
  found.filter(({ desc }) => attempt(() => desc.at("action").value()) !== 0n);

const affinityOf = ({ desc }: Irq): string => cpuList(irqAffinity(desc));
const affinity: Column<Irq> = { kind: "text", about: "CPUs that it can be delivered to", value: affinityOf };

export const affinityTable: Table<Irq> = {
  columns: {
    irq: { kind: "number", title: "IRQ", width: 3, value: ({ number }) => number },
    name: { kind: "text", title: "NAME", width: 20, value: ({ desc }) => irqNames(desc).join(",") },
    affinity: { ...affinity, title: "AFFINITY" },
  },
};

/** The table of counts per CPU: one column for each CPU on the screen, one record of all CPUs in JSON. */
export const countsTable = (cpus: readonly number[]): Table<Irq, PageKeys["irq -s"]> => ({
  columns: {
    irq: { kind: "number", title: "", width: 3, value: ({ number }) => number },
    counts: {
      kind: "data",
      about: "by CPU, as `cpu0`",
      value: (row) => recordData(Object.fromEntries(cpus.map(countColumn)), row),
    },
    ...Object.fromEntries(
      cpus.map((cpu, i): [string, Column<Irq>] => {
        const [key, column] = countColumn(cpu);
        return [
          key,
          { ...column, title: `CPU${cpu}`, screenOnly: true, ...(i === 0 && { gap: ": ", titleGap: "  " }) },
        ];
      }),
    ),
    chip: { kind: "text", title: "", width: 8, align: "right", value: ({ desc }) => irqChip(desc).chip },
    flow: {
      kind: "text",
      title: "",
      width: 9,
      gap: "",
      value: ({ desc }) => irqChip(desc).flow,
      text: (flow) => (flow === "" ? "" : `-${flow}`),
    },
    name: { kind: "text", title: "", value: ({ desc }) => irqNames(desc).join(",") },
    affinity,
    desc: { kind: "address", about: "of the irq_desc", value: ({ desc }) => desc.address },
  },
});

const countColumn = (cpu: number): [key: string, column: Column<Irq>] => [
  `cpu${cpu}`,
  { kind: "number", width: 10, value: ({ desc }) => occurrencesOn(desc, cpu) },
];

interface Softirq {
  readonly kernel: Kernel;
  readonly number: number;
  readonly action: bigint;
}

export const softirqTable: Table<Softirq> = {
  columns: {
    softirq: {
      kind: "number",
      title: "SOFTIRQ_VEC",
      width: 7,
      titleWidth: 11,
      value: ({ number }) => number,
      text: (number) => `[${number}]`,
    },
    action: {
      ...functionColumn<Softirq>(
        ({ kernel }) => kernel,
        ({ action }) => action,
      ),
      title: "ACTION",
      titleAlign: "middle",
      titleWidth: "address",
      gap: "     ",
      titleGap: "  ",
    },
  },
};

function* softirqs(kernel: Kernel): Pieces {
  const rows = Array.from(softirqActions(kernel), (action, number) => ({ kernel, number, action }));
  yield* table(
    kernel,
    softirqTable,
    rows.filter(({ action }) => action !== 0n),
  );
}

interface Gate {
  readonly kernel: Kernel;
  readonly vector: number;
  readonly target: bigint;
}

export const gatesTable: Table<Gate> = {
  columns: {
    vector: { kind: "number", title: "", width: 5, value: ({ vector }) => vector, text: (vector) => `[${vector}]` },
    handler: { kind: "address", value: ({ target }) => target },
    symbol: {
      kind: "symbol",
      title: "",
      about: "with the offset",
      value: ({ kernel, target }) => {
        const symbol = kernel.symbols.at(target);
        return symbol && symbolPlace(symbol, target);
      },
      text: (name, { target }) => ({ as: "symbol", text: name, address: target }),
      absent: ({ target }) => ({ as: "symbol", text: hex(target), address: target }),
    },
  },
};

function* gates(kernel: Kernel): Pieces {
  const targets = idtTargets(kernel);
  if (!targets) throw new UsageError("-d: only x86 has an interrupt descriptor table");
  const rows = targets.map((target, vector): Gate => ({ kernel, vector, target }));
  yield* table(kernel, gatesTable, rows, { heading: false });
}
