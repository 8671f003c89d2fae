import { attempt, Fault, untilFault } from "../../../base/fault.ts";
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
  irqCount,
  irqCountOn,
  irqNames,
  irqs,
  softirqActions,
} from "../../../linux/irq/irq.ts";
import type { Kernel } from "../../../model/kernel.ts";
import { addressCell, addressSpan } from "../../say/addressCell.ts";
import { cell } from "../../../say/cell.ts";
import { command, type Parsed } from "../../language/command.ts";
import { anyNumber, parseCpus } from "../../language/number.ts";
import { left, middle, right } from "../../../render/pad.ts";
import {
  faultPiece,
  faultSpan,
  type Line,
  lineText,
  type Pieces,
  record,
  text,
  addressJson,
} from "../../../say/piece.ts";
import { functionSpans, symbolName } from "../../say/functionCell.ts";

export const irq = command({
  name: "irq",
  readsOnly: true,
  summary: "interrupts: who handles them, where, how often",
  usage: "[[index ...] | -u] | -d | -b | -a | -s [-c cpu(s)]",
  options: [
    { flag: "-u", help: "only interrupts that are set up" },
    { flag: "-d", help: "where the gates of the interrupt descriptor table lead (x86)" },
    { flag: "-b", help: "the functions of the soft interrupts" },
    { flag: "-a", help: "the CPUs that interrupts in use may go to" },
    { flag: "-s", help: "how often interrupts in use came on each CPU, and by which controller" },
    { flag: "-c", argument: "cpu(s)", help: "with -s: only these CPUs, 3 or 1,3,5-7" },
  ],
  description:
    "Shows every interrupt number, or those given: its irq_desc, and each irqaction that handles it with its name.",
  examples: [
    { line: "irq -u", shows: "Interrupts that are set up." },
    { line: "irq 4", shows: "One of them." },
    { line: "irq -s", shows: "What /proc/interrupts would show." },
    { line: "irq -a", shows: "Where they may go." },
    { line: "irq -b", shows: "Soft interrupts." },
  ],
  needs: ["types"],
  *run({ kernel }, args) {
    if (args.has("-c") && !args.has("-s")) throw new UsageError("-c is only usable with the -s option");
    if (args.has("-d")) return yield* gates(kernel);
    if (args.has("-b")) return yield* softirqs(kernel);
    const faults: Fault[] = [];
    const found = [...untilFault(irqs(kernel), (fault) => faults.push(fault))];
    if (args.has("-a")) yield* affinities(inUse(found));
    else if (args.has("-s")) yield* counts(inUse(found), parseCpus(args.value("-c") ?? "", possibleCpus(kernel)));
    else yield* table(kernel, found, wanted(kernel, found, args));
    yield* faults.map((fault) => faultPiece(fault, "irq: "));
  },
});

/** Numbers to show. @throws UsageError, Fault */
function wanted(kernel: Kernel, found: readonly Irq[], args: Parsed): readonly number[] {
  const count = attempt(() => irqCount(kernel));
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

const UNUSED = "(unused)";

function* table(kernel: Kernel, found: readonly Irq[], numbers: readonly number[]): Pieces {
  const byNumber = new Map(found.map((one) => [one.number, one.desc]));
  const width = kernel.arch.wordSize * 2;
  yield text([
    {
      as: "title",
      text: ` IRQ   ${lineText(middle("IRQ_DESC/_DATA", width))}  ${lineText(middle("IRQACTION", width))}  NAME`,
    },
  ]);
  const unused = middle(UNUSED, width);
  for (const number of numbers) {
    const desc = byNumber.get(number);
    const start = `${String(number).padStart(3)}   `;
    if (!desc) {
      yield record({ irq: number, desc: null, actions: [] }, [start, ...unused, "  ", ...unused]);
      continue;
    }
    const faults: Fault[] = [];
    const actions = [...untilFault(irqActions(desc), (fault) => faults.push(fault))].map((action) => ({
      address: action.address,
      name: cell(
        () => actionName(action),
        (name) => `"${name}"`,
      ),
    }));
    const lines = actions.map(({ address, name }): Line => [addressSpan(kernel, address), "  ", name.span]);
    const all = [...lines, ...faults.map((fault): Line => [faultSpan(fault)])];
    const [first = unused, ...others] = all;
    yield record(
      {
        irq: number,
        desc: addressJson(desc.address),
        actions: actions.map(({ address, name }) => ({ action: addressJson(address), name: name.json })),
      },
      [start, addressSpan(kernel, desc.address), "  ", ...first],
      ...others.map((line): Line => [" ".repeat(start.length + width + 2), ...line]),
    );
  }
}

/** Those that something handles; one whose chain cannot be read counts as such. */
const inUse = (found: readonly Irq[]): readonly Irq[] =>
  found.filter(({ desc }) => attempt(() => desc.at("action").value()) !== 0n);

function* affinities(found: readonly Irq[]): Pieces {
  yield text([{ as: "title", text: "IRQ NAME                 AFFINITY" }]);
  for (const { number, desc } of found) {
    const name = cell(() => irqNames(desc).join(","));
    const cpus = cell(() => cpuList(irqAffinity(desc)));
    yield record({ irq: number, name: name.json, affinity: cpus.json }, [
      `${String(number).padStart(3)} `,
      ...left(name.span, 20),
      " ",
      cpus.span,
    ]);
  }
}

function* counts(found: readonly Irq[], cpus: readonly number[]): Pieces {
  const titles = cpus.map((cpu) => `${`CPU${cpu}`.padStart(10)} `);
  yield text([{ as: "title", text: `     ${titles.join("")}` }]);
  for (const { number, desc } of found) {
    const counters = cpus.map((cpu) => cell(() => irqCountOn(desc, cpu)));
    const chip = cell(() => irqChip(desc).chip);
    const flow = cell(() => irqChip(desc).flow);
    const name = cell(() => irqNames(desc).join(","));
    const kind = flow.span === "" ? [" ".repeat(9)] : ["-", ...left(flow.span, 8)];
    yield record(
      {
        irq: number,
        counts: Object.fromEntries(cpus.map((cpu, i) => [`cpu${cpu}`, counters[i]?.json])),
        chip: chip.json,
        flow: flow.json,
        name: name.json,
      },
      [
        `${String(number).padStart(3)}: `,
        ...counters.flatMap(({ span }) => [...right(span, 10), " "]),
        ...right(chip.span, 8),
        ...kind,
        " ",
        name.span,
      ],
    );
  }
}

function* softirqs(kernel: Kernel): Pieces {
  yield text([{ as: "title", text: `SOFTIRQ_VEC  ${lineText(middle("ACTION", kernel.arch.wordSize * 2))}` }]);
  for (const [number, action] of softirqActions(kernel).entries()) {
    if (action === 0n) continue;
    yield record({ softirq: number, action: symbolName(kernel, action) }, [
      `${`[${number}]`.padStart(7)}     `,
      ...functionSpans(kernel, action),
    ]);
  }
}

function* gates(kernel: Kernel): Pieces {
  const targets = idtTargets(kernel);
  if (!targets) throw new UsageError("-d: this machine has no interrupt descriptor table");
  for (const [vector, target] of targets.entries()) {
    const symbol = kernel.symbols.at(target);
    const name = symbol ? symbolPlace(symbol, target) : hex(target);
    yield record({ vector, handler: addressCell(kernel, () => target).json, symbol: symbol ? name : null }, [
      `${`[${vector}]`.padStart(5)} `,
      { as: "symbol", text: name, address: target },
    ]);
  }
}
