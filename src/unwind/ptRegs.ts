/** Reads `struct pt_regs`. */
import type { Registers } from "../arch/arch.ts";
import { readUnsigned, viewOf } from "../base/bytes.ts";
import { attempt, Fault } from "../base/fault.ts";
import { derived } from "../model/derived.ts";
import type { Kernel } from "../model/kernel.ts";

interface Slot {
  readonly register: string;
  readonly offset: number;
  readonly size: number;
}

interface Layout {
  readonly size: number;
  readonly slots: readonly Slot[];
}

/** Maximum size of the struct in bytes; real ones have a few hundred. */
const MAX_BYTES = 4096;

/** Offset of each register in `struct pt_regs`, from its type. */
const layout = derived("struct pt_regs", (kernel): Layout => {
  const regs = kernel.object("struct pt_regs", 0n);
  const slots: Slot[] = [];
  for (const [register, path] of kernel.arch.ptRegs) {
    const member = attempt(() => regs.at(path));
    if (!(member instanceof Fault)) slots.push({ register, offset: Number(member.address), size: member.size });
  }
  if (regs.size > MAX_BYTES)
    throw Fault.of("corrupt", `struct pt_regs has ${regs.size} bytes; the limit is ${MAX_BYTES}`);
  return { size: regs.size, slots };
});

/** Reads registers saved by an exception, an interrupt or a system call. @throws Fault */
export function readPtRegs(kernel: Kernel, address: bigint): Registers {
  const { size, slots } = layout(kernel);
  const view = viewOf(kernel.memory.read(address, size));
  return new Map(
    slots.map(({ register, offset, size }) => [register, readUnsigned(view, offset, size, kernel.arch.byteOrder)]),
  );
}

/** Returns the size of `struct pt_regs` in bytes. @throws Fault unknown without types */
export const ptRegsSize = (kernel: Kernel): number => layout(kernel).size;
