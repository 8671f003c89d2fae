/** Interrupts and softirqs. */
import { Fault } from "../../base/fault.ts";
import { bare } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { bitmapBits, nrCpuIds } from "../../kernel/cpumask.ts";
import { mapleEntries } from "../../kernel/mapleTree.ts";
import { perCpuPointee } from "../../kernel/percpu.ts";
import { globalU32 } from "../vmcoreinfo.ts";
import { xarrayEntries } from "../../kernel/xarray.ts";

/** Maximum interrupt number. MAX_SPARSE_IRQS is INT_MAX since v6.5, but real machines have far fewer. */
const MAX_IRQS = 1 << 20;
/** Maximum number of handlers that share an interrupt line. */
const MAX_ACTIONS = 1024;

/** An interrupt's number and its `struct irq_desc`. */
export interface Irq {
  readonly number: number;
  readonly desc: Obj<"struct irq_desc">;
}

/**
 * Yields the interrupts that are set up, by number. With CONFIG_SPARSE_IRQ (kernel/irq/irqdesc.c) they are in the maple
 * tree `sparse_irqs`; before Linux kernel commit 721255b9826b ("genirq: Use a maple tree for interrupt descriptor
 * management") (in v6.5) in the radix tree `irq_desc_tree`. Without it they are in the array `irq_desc`. @throws Fault
 * where the tree breaks
 */
export function* irqs(kernel: Kernel): Generator<Irq> {
  const desc = (address: bigint): Obj<"struct irq_desc"> => kernel.object("struct irq_desc", address);
  if (kernel.hasVariable("sparse_irqs") && bare(kernel.variable("sparse_irqs").type).kind === "struct") {
    for (const { first, entry } of mapleEntries(kernel, kernel.variable("sparse_irqs")))
      yield { number: Number(first), desc: desc(entry) };
  } else if (kernel.hasVariable("irq_desc_tree")) {
    for (const { index, entry } of xarrayEntries(kernel, kernel.variable("irq_desc_tree")))
      yield { number: Number(index), desc: desc(entry) };
  } else {
    const table = kernel.variable("irq_desc");
    for (let number = 0; number < irqNumbers(kernel); number++) yield { number, desc: table.index(number) };
  }
}

/** Returns the number of interrupt numbers: `nr_irqs`; `total_nr_irqs` since v6.13. @throws Fault */
export function irqNumbers(kernel: Kernel): number {
  const count = globalU32(kernel, "nr_irqs") ?? globalU32(kernel, "total_nr_irqs");
  if (count === undefined) throw Fault.of("unknown", "no symbol nr_irqs or total_nr_irqs");
  if (count > MAX_IRQS) throw Fault.of("corrupt", `nr_irqs of ${count} exceeds the limit of ${MAX_IRQS}`);
  return count;
}

/** Yields the handlers of an interrupt, `struct irqaction`. @throws Fault where the chain breaks */
export function* irqActions(desc: Obj<"struct irq_desc">): Generator<Obj<"struct irqaction">> {
  let count = 0;
  for (let action = desc.at("action"); action.value() !== 0n; action = action.at("next")) {
    if (++count > MAX_ACTIONS)
      throw Fault.at("corrupt", action.value(), `more than ${MAX_ACTIONS} irqactions share the interrupt`);
    yield action.deref();
  }
}

/** Returns the name of a handler; empty for one without, such as `chained_action` (kernel/irq/chip.c). @throws Fault */
export function actionName(action: Obj<"struct irqaction">): string {
  const name = action.at("name");
  return name.value() === 0n ? "" : name.text();
}

/** Returns the names of an interrupt's handlers. @throws Fault */
export const irqNames = (desc: Obj<"struct irq_desc">): string[] => Array.from(irqActions(desc), actionName);

/** Returns the CPUs to which an interrupt can be delivered. @throws Fault */
export function irqAffinity(desc: Obj<"struct irq_desc">): readonly number[] {
  const { kernel } = desc;
  // Moved by Linux kernel commit 9df872faa7e1 ("genirq: Move field 'affinity' from irq_data into irq_common_data") (in
  // v4.3).
  const mask = desc.at(desc.has("irq_common_data.affinity") ? "irq_common_data.affinity" : "irq_data.affinity");
  // cpumask_var_t is a pointer with CONFIG_CPUMASK_OFFSTACK, else an array of one element.
  const address = bare(mask.type).kind === "pointer" ? mask.value() : mask.address;
  return address === 0n ? [] : bitmapBits(kernel, address, nrCpuIds(kernel));
}

/** Returns how often an interrupt occurred on a CPU. @throws Fault */
export function occurrencesOn(desc: Obj<"struct irq_desc">, cpu: number): number {
  const counters = desc.at("kstat_irqs");
  if (counters.value() === 0n) return 0;
  const counter = perCpuPointee(desc.kernel, counters, cpu);
  // A struct since Linux kernel commit 86d2a2f51fba ("genirq: Convert kstat_irqs to a struct") (in v6.10).
  return counter.has("cnt") ? counter.at("cnt").number() : counter.number();
}

/** IRQS_SPURIOUS_DISABLED, kernel/irq/internals.h */
const IRQS_SPURIOUS_DISABLED = 2n;

/** State of the detection of interrupts that no handler is responsible for (kernel/irq/spurious.c). */
export interface SpuriousState {
  readonly isDisabledAsSpurious: boolean;
  /** How many of the last interrupts no handler was responsible for. */
  readonly unhandled: number;
}

/** Returns the state of the detection of spurious interrupts. @throws Fault */
export const spuriousState = (desc: Obj<"struct irq_desc">): SpuriousState => ({
  isDisabledAsSpurious: (desc.at("core_internal_state__do_not_mess_with_it").value() & IRQS_SPURIOUS_DISABLED) !== 0n,
  unhandled: desc.at("irqs_unhandled").number(),
});

/** Returns the names of an interrupt's controller and flow type, such as "IO-APIC" and "edge". @throws Fault */
export function irqChip(desc: Obj<"struct irq_desc">): { readonly chip: string; readonly flow: string } {
  const chip = desc.at("irq_data.chip");
  const text = (name: Obj): string => (name.value() === 0n ? "" : name.text());
  return { chip: chip.value() === 0n ? "None" : text(chip.at("name")) || "-", flow: text(desc.at("name")) };
}

/** Returns the function addresses of `softirq_vec` by number; 0 for an unused number. @throws Fault */
export function softirqActions(kernel: Kernel): readonly bigint[] {
  const count = Number(kernel.types.enumerator("NR_SOFTIRQS")?.value ?? 10n);
  const vector = kernel.variable("softirq_vec");
  return Array.from({ length: Math.min(count, 64) }, (_, i) => vector.index(i).at("action").value());
}

/** IDT_ENTRIES, arch/x86/include/asm/segment.h */
const IDT_ENTRIES = 256;

/** Returns the target addresses of the gates in x86's `idt_table`; undefined for other architectures. @throws Fault */
export function idtTargets(kernel: Kernel): readonly bigint[] | undefined {
  if (!kernel.symbols.find("idt_table")) return undefined;
  const table = kernel.variable("idt_table");
  return Array.from({ length: IDT_ENTRIES }, (_, i) => {
    const gate = table.index(i);
    const high = gate.has("offset_high") ? gate.at("offset_high").value() : 0n;
    return (high << 32n) | (gate.at("offset_middle").value() << 16n) | gate.at("offset_low").value();
  });
}
