import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { hex, hex0x, padHex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { e820Entries, memblockRegions } from "../../../../linux/devices/e820.ts";
import { perCpuVariable } from "../../../../kernel/percpu.ts";
import { globalAddress } from "../../../../linux/vmcoreinfo.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { machineFacts, stackGroups, type StackGroup } from "./machineFacts.ts";
import { faultPiece, record, text, type Line, type Piece, type Pieces } from "../../../say/piece.ts";
import { formatOptions, structPiece } from "../../../say/structView.ts";

export const mach = command({
  name: "mach",
  readsOnly: true,
  summary: "the machine",
  usage: "[-m | -c -[xd] | -o]",
  options: [
    { flag: "-m", help: "the map of physical memory" },
    { flag: "-c", help: "what the kernel knows of each CPU" },
    { flag: "-x", help: "with -c: numbers in hexadecimal" },
    { flag: "-d", help: "with -c: numbers in decimal" },
    { flag: "-o", help: "the firmware's log (OPAL, on ppc64 only)" },
  ],
  description:
    "Tells about the machine: CPUs, memory, where the parts of kernel address space begin, and the stacks that CPUs have for interrupts and exceptions.",
  examples: [
    { line: "mach", shows: "The machine." },
    { line: "mach -m", shows: "What the firmware said of physical memory." },
  ],
  *run(context, args) {
    const { kernel } = context;
    if (args.has("-o")) throw new UsageError("-o is for machines with OPAL firmware");
    if (args.has("-m")) yield* memoryMap(kernel);
    else if (args.has("-c")) yield* cpuStructs(context, args);
    else yield* facts(kernel);
  },
});

const WIDTH = 22;

function* facts(kernel: Kernel): Pieces {
  for (const [name, { span, json }] of machineFacts(kernel))
    yield record({ name, value: json }, [`${name.padStart(WIDTH)}: `, span]);
  let fault: Fault | undefined;
  for (const group of untilFault(stackGroups(kernel), (why) => (fault = why))) yield stackPiece(group);
  if (fault) yield faultPiece(fault, "mach: ");
}

function stackPiece({ name, size, stacks }: StackGroup): Piece {
  const data = {
    name: `${name} STACKS`,
    size,
    stacks: stacks.map(({ cpu, start, isMapped }) => ({ cpu, start: hex0x(start), mapped: isMapped })),
  };
  return record(
    data,
    `${`${name} STACK SIZE`.padStart(WIDTH)}: ${size}`,
    `${`${name} STACKS`.padStart(WIDTH)}:`,
    ...stacks.map(({ cpu, start, isMapped }): Line => [
      `${`CPU ${cpu}`.padStart(WIDTH)}: `,
      { as: "address", text: hex(start), address: start },
      isMapped ? "" : " [unavailable]",
    ]),
  );
}

function* memoryMap(kernel: Kernel): Pieces {
  const isX86 = ["e820_table", "e820"].some((name) => globalAddress(kernel, name) !== undefined);
  yield text([{ as: "title", text: "      PHYSICAL ADDRESS RANGE         TYPE" }]);
  for (const { start, end, type } of isX86 ? e820Entries(kernel) : memblockRegions(kernel)) {
    const line = `${padHex(start, 16)} - ${padHex(end, 16)}  ${type}`;
    yield record({ start: hex0x(start), end: hex0x(end), type }, line);
  }
}

/** Per-CPU variables with what the kernel knows of a CPU: x86, arm64 and arm. */
const CPU_STRUCTS = ["cpu_info", "cpu_data"] as const;

function* cpuStructs(context: Context, args: Parsed): Pieces {
  const { kernel } = context;
  const name = CPU_STRUCTS.find((one) => kernel.hasVariable(one));
  if (name === undefined) throw new UsageError("this architecture keeps no struct of each CPU that is known here");
  for (const cpu of possibleCpus(kernel)) {
    yield text(`CPU ${cpu}:`);
    const object = attempt(() => perCpuVariable(kernel, name, cpu));
    if (object instanceof Fault) yield faultPiece(object, "  ");
    else {
      const tag = object.type.kind === "struct" ? (object.type.name ?? "") : name;
      yield structPiece(object, { name: tag, type: object.type, members: [] }, formatOptions(context, args));
    }
    yield text("");
  }
}
