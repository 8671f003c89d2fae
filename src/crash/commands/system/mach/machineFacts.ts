/** The properties that `mach` shows, in crash's order. Properties that the kernel does not have are left out. */
import { Fault, attempt } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { bare, sizeOf } from "../../../../debuginfo/ctype.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { directMapOffset } from "../../../../linux/mm/directMap.ts";
import { memoryModel } from "../../../../linux/mm/memoryModel.ts";
import { presentPages } from "../../../../linux/mm/mm.ts";
import { pageFrames } from "../../../../linux/mm/mmzone.ts";
import { pageSize } from "../../../../linux/mm/page.ts";
import { perCpuAddress } from "../../../../kernel/percpu.ts";
import { hz } from "../../../../linux/time/timekeeping.ts";
import { globalAddress, globalU32, noteNumber } from "../../../../linux/vmcoreinfo.ts";
import { vmallocStart } from "../../../../linux/mm/vmalloc.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { cpuStacks, threadSize } from "../../../../unwind/stacks.ts";
import type { Column, Form } from "../../../../say/table.ts";
import { exceptionStackNames } from "../../../say/exceptionStackNames.ts";
import { cpuCount, cpuText, megahertz } from "../cpuCounts.ts";
import { sizeText } from "../../../../render/quantity.ts";

/** The lines above the stacks. A property that the kernel does not have has no line. */
export const machineForm: Form<Kernel> = {
  width: 22,
  columns: {
    machine: { kind: "text", title: "MACHINE TYPE", value: ({ arch }) => arch.name },
    memory: {
      kind: "number",
      title: "MEMORY SIZE",
      unit: "bytes",
      value: (kernel) => presentPages(kernel) * pageSize(kernel),
      text: sizeText,
    },
    cpus: {
      kind: "number",
      title: "CPUS",
      value: (kernel) => cpuCount(kernel).present,
      text: (_, kernel) => cpuText(kernel),
    },
    offlineCpus: { kind: "number", value: (kernel) => cpuCount(kernel).offline },
    hypervisor: { kind: "text", title: "HYPERVISOR", value: hypervisor },
    megahertz: {
      kind: "number",
      title: "PROCESSOR SPEED",
      value: megahertz,
      text: (mhz) => `${mhz} Mhz`,
      absent: "(unknown)",
    },
    hz: { kind: "number", title: "HZ", about: "timer ticks per second", value: hz, text: String },
    pageSize: { kind: "number", title: "PAGE SIZE", unit: "bytes", value: pageSize },
    virtualBase: base("KERNEL VIRTUAL BASE", virtualBase),
    vmallocBase: base("KERNEL VMALLOC BASE", (kernel) => known(() => vmallocStart(kernel))),
    vmemmapBase: base("KERNEL VMEMMAP BASE", vmemmapBase),
    startMap: base("KERNEL START MAP", ({ arch }) => arch.startKernelMap),
    modulesBase: base("KERNEL MODULES BASE", modulesBase),
    stackSize: { kind: "number", title: "KERNEL STACK SIZE", unit: "bytes", value: threadSize },
  },
};

/** A column with the start of a part of kernel address space. */
function base(title: string, value: (kernel: Kernel) => bigint | undefined): Column<Kernel> {
  return { kind: "address", title, value, text: (address) => hex(address) };
}

/** Returns the value; undefined if the dump does not contain it. */
function known<T>(read: () => T): T | undefined {
  const value = attempt(read);
  return value instanceof Fault ? undefined : value;
}

/** Common names of the values of `enum x86_hypervisor_type` (asm/hypervisor.h). */
const HYPERVISORS: Readonly<Record<string, string>> = {
  X86_HYPER_MS_HYPERV: "Hyper-V",
  X86_HYPER_VMWARE: "VMware",
  X86_HYPER_XEN_PV: "Xen PV",
  X86_HYPER_XEN_HVM: "Xen HVM",
  X86_HYPER_KVM: "KVM",
  X86_HYPER_JAILHOUSE: "Jailhouse",
  X86_HYPER_ACRN: "ACRN",
};

function hypervisor(kernel: Kernel): string | undefined {
  const value = attempt(() => globalU32(kernel, "x86_hyper_type"));
  const type = typeof value === "number" ? kernel.types.find("enum", "x86_hypervisor_type") : undefined;
  if (typeof value !== "number" || type?.kind !== "enum") return undefined;
  const name = type.values.find((one) => one.value === BigInt(value))?.name;
  return name === undefined ? undefined : HYPERVISORS[name];
}

/** Reads a number from VMCOREINFO; undefined if it is absent or not a number. */
function noted(kernel: Kernel, key: string): bigint | undefined {
  const value = noteNumber(kernel, key);
  return value === undefined ? undefined : BigInt.asUintN(64, value);
}

function virtualBase(kernel: Kernel): bigint {
  return directMapOffset(kernel) + (noted(kernel, "PHYS_OFFSET") ?? lowestMemory(kernel));
}

function vmemmapBase(kernel: Kernel): bigint | undefined {
  const isVirtual =
    globalAddress(kernel, "vmemmap_base") !== undefined || kernel.vmcoreinfo("SYMBOL(vmemmap)") !== undefined;
  const first = known(() => memoryModel(kernel).runs[0]);
  return isVirtual && first ? (noted(kernel, "VMEMMAP_START") ?? first.base) : undefined;
}

function modulesBase(kernel: Kernel): bigint | undefined {
  const { startKernelMap } = kernel.arch;
  if (startKernelMap === undefined) return noted(kernel, "MODULES_VADDR");
  const imageSize = noted(kernel, "KERNEL_IMAGE_SIZE");
  return imageSize && startKernelMap + imageSize;
}

/** Returns the physical address at which the direct map begins. */
const lowestMemory = (kernel: Kernel): bigint =>
  kernel.arch.mapsFromFirstFrame ? BigInt(pageFrames(kernel).first) * BigInt(pageSize(kernel)) : 0n;

/** A kind of stack that each CPU has. */
export interface StackGroup {
  /** "IRQ", "NMI". */
  readonly name: string;
  readonly size: number;
  readonly stacks: readonly { readonly cpu: number; readonly start: bigint; readonly isMapped: boolean }[];
}

export function* stackGroups(kernel: Kernel): Generator<StackGroup, void, void> {
  const stacks = cpuStacks(kernel);
  const isMapped = (start: bigint): boolean => !(kernel.memory.translate(start) instanceof Fault);
  for (const kind of ["irq", "overflow"] as const) {
    const all = stacks.filter((stack) => stack.kind === kind && stack.cpu !== undefined);
    const [first] = all;
    if (!first) continue;
    const found = all.map(({ cpu, start }) => ({ cpu: cpu ?? 0, start, isMapped: isMapped(start) }));
    yield { name: kind.toUpperCase(), size: Number(first.end - first.start), stacks: found };
  }
  yield* exceptionStacks(kernel, isMapped);
}

/** Yields the x86_64 stacks to which the CPU switches itself. Stacks that the machine does not use are not mapped. */
function* exceptionStacks(kernel: Kernel, isMapped: (start: bigint) => boolean): Generator<StackGroup, void, void> {
  const pointer = globalAddress(kernel, "cea_exception_stacks");
  if (pointer === undefined) return;
  const type = kernel.types.named("struct cea_exception_stacks");
  for (const [member, name] of exceptionStackNames) {
    // VC2 is the fallback of VC.
    if (name === "VC2" || !kernel.object(type, 0n).has(member)) continue;
    const stacks = possibleCpus(kernel).flatMap((cpu) => {
      const base = attempt(() => kernel.memory.word(perCpuAddress(kernel, pointer, cpu)));
      if (base instanceof Fault || base === 0n) return [];
      const start = kernel.object(type, base).at(member).address;
      return [{ cpu, start, isMapped: isMapped(start) }];
    });
    yield { name, size: sizeOf(bare(kernel.object(type, 0n).at(member).type)), stacks };
  }
}
