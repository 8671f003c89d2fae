/** The `mach` command: shows properties of the machine. */
import { attempt, Fault, untilFault } from "../../../../base/fault.ts";
import { hex, padHex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { e820Entries, memblockRegions } from "../../../../linux/devices/e820.ts";
import { perCpuVariable } from "../../../../kernel/percpu.ts";
import { globalAddress } from "../../../../linux/vmcoreinfo.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { stackGroups, type StackGroup, machineForm } from "./machineFacts.ts";
import { faultPiece, text, type Line, type Pieces, addressJson } from "../../../../say/piece.ts";
import { formatOptions, structPiece } from "../../../say/structView.ts";
import type { Form, Table } from "../../../../say/table.ts";
import { form, formLines, table } from "../../../../render/layout.ts";

export const mach = command({
  name: "mach",
  readsOnly: true,
  summary: "properties of the machine",
  usage: "[-m | -c -[xd] | -o]",
  takesOnlyOptions: true,
  options: [
    { flag: "-m", help: "the map of physical memory" },
    { flag: "-c", help: "the kernel's struct of each CPU" },
    { flag: "-x", help: "with -c: numbers in hexadecimal" },
    { flag: "-d", help: "with -c: numbers in decimal" },
    { flag: "-o", help: "the firmware's log (OPAL, on ppc64 only)" },
  ],
  description:
    "Shows properties of the machine: CPUs, memory, the start of each part of kernel address space, and the stacks of the CPUs for interrupts and exceptions.",
  examples: [
    { line: "mach", shows: "The machine." },
    { line: "mach -m", shows: "The firmware's map of physical memory." },
  ],
  records: () => [
    { line: "mach", fields: machineForm.columns },
    { line: "mach", fields: stacksForm("").columns },
    { line: "mach -m", fields: memoryMapTable.columns },
  ],
  *run(context, args) {
    const { kernel } = context;
    if (args.has("-o")) throw new UsageError("-o requires a machine with OPAL firmware");
    if (args.has("-m")) yield* memoryMap(kernel);
    else if (args.has("-c")) yield* cpuStructs(context, args);
    else yield* machineFactPieces(kernel);
  },
});

function* machineFactPieces(kernel: Kernel): Pieces {
  yield form(kernel, machineForm, kernel);
  let fault: Fault | undefined;
  for (const group of untilFault(stackGroups(kernel), (why) => (fault = why))) {
    yield form(kernel, stacksForm(group.name), group, {
      after: () => group.stacks.flatMap((one) => stackLines(kernel, one)),
    });
  }
  if (fault) yield faultPiece(fault, "mach: ");
}

/** The table of the stacks of one kind. */
export const stacksForm = (name: string): Form<StackGroup> => ({
  width: machineForm.width,
  columns: {
    name: {
      kind: "text",
      about: "event for which the CPU switches to these stacks",
      value: (group) => `${group.name} STACKS`,
    },
    size: { kind: "number", title: `${name} STACK SIZE`, unit: "bytes", value: ({ size }) => size },
    stacks: {
      kind: "data",
      title: `${name} STACKS`,
      gap: ":",
      fields: { cpu: { kind: "number" }, start: { kind: "address" }, mapped: { kind: "flag" } },
      value: ({ stacks }) =>
        stacks.map(({ cpu, start, isMapped }) => ({ cpu, start: addressJson(start), mapped: isMapped })),
      text: () => "",
    },
  },
});

type CpuStack = StackGroup["stacks"][number];

const stackLines = (kernel: Kernel, stack: CpuStack): readonly Line[] => formLines(kernel, cpuForm(stack.cpu), stack);

const cpuForm = (cpu: number): Form<CpuStack> => ({
  width: machineForm.width,
  columns: {
    start: {
      kind: "address",
      title: `CPU ${cpu}`,
      value: ({ start }) => start,
      text: (start, { isMapped }) => ({
        as: "address",
        text: `${hex(start)}${isMapped ? "" : " [unavailable]"}`,
        address: start,
      }),
    },
  },
});

/** The table of ranges of physical memory. */
export const memoryMapTable: Table<{ readonly start: bigint; readonly end: bigint; readonly type: string }> = {
  columns: {
    start: {
      kind: "address",
      title: "      PHYSICAL ADDRESS RANGE",
      titleAlign: "left",
      titleWidth: 35,
      value: ({ start }) => start,
      text: (start) => padHex(start, 16),
    },
    end: {
      kind: "address",
      title: "",
      titleWidth: 0,
      gap: " - ",
      titleGap: "",
      value: ({ end }) => end,
      text: (end) => padHex(end, 16),
    },
    type: { kind: "text", title: "TYPE", gap: "  ", value: ({ type }) => type },
  },
};

function* memoryMap(kernel: Kernel): Pieces {
  const isX86 = ["e820_table", "e820"].some((name) => globalAddress(kernel, name) !== undefined);
  yield* table(kernel, memoryMapTable, isX86 ? e820Entries(kernel) : memblockRegions(kernel));
}

/** Per-CPU variables that describe a CPU: x86, arm64 and arm. */
const CPU_STRUCTS = ["cpu_info", "cpu_data"] as const;

function* cpuStructs(context: Context, args: Parsed): Pieces {
  const { kernel } = context;
  const name = CPU_STRUCTS.find((one) => kernel.hasVariable(one));
  if (name === undefined) throw new UsageError("-c is not supported for this architecture");
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
