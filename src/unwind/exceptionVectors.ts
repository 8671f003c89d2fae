/** Exception vectors of LoongArch, to which the kernel copies its entry code. */
import { attempt, Fault } from "../base/fault.ts";
import type { KSymbol } from "../debuginfo/source.ts";
import { knownCpus } from "../kernel/cpumask.ts";
import type { Kernel } from "../model/kernel.ts";

/** A copy of the entry code of an exception. */
interface CopiedVector {
  /** The function of which it is a copy. */
  readonly handler: KSymbol;
  readonly address: bigint;
  /** In bytes. */
  readonly size: number;
}

/** VECSIZE, EXCCODE_INT_START and EXCCODE_INT_END of arch/loongarch/include/asm: exceptions, then interrupts. */
const VECTOR_BYTES = 0x200;
const EXCEPTIONS = 64;
const VECTORS = 78;

/**
 * Yields the copies in the order of exceptions: those of all CPUs (`exception_handlers`) and, with CONFIG_NUMA, of each
 * (`pcpu_handlers`). `exception_table` has the functions of exceptions; all interrupts have one
 * (arch/loongarch/kernel/traps.c, trap_init(), and mm/tlb.c, setup_tlb_handler()). Nothing without these variables. @throws
 * Fault
 */
export function* copiedVectors(kernel: Kernel): Generator<CopiedVector> {
  const { symbols, memory } = kernel;
  const [table, shared] = [symbols.find("exception_table"), symbols.find("exception_handlers")];
  const interrupt = symbols.find("handle_vint");
  if (!table || !shared || !interrupt) return;
  for (const start of [shared.address, ...copiesOfCpus(kernel)])
    for (let i = 0; i < VECTORS; i++) {
      const function_ = i < EXCEPTIONS ? symbols.at(memory.word(table.address + BigInt(i * 8))) : interrupt;
      if (function_) yield { handler: function_, address: start + BigInt(i * VECTOR_BYTES), size: VECTOR_BYTES };
    }
}

function copiesOfCpus(kernel: Kernel): readonly bigint[] {
  const copies = kernel.symbols.find("pcpu_handlers");
  if (!copies) return [];
  return knownCpus(kernel).flatMap((cpu) => {
    const address = attempt(() => kernel.memory.word(copies.address + BigInt(cpu * 8)));
    return address instanceof Fault || address === 0n ? [] : [address];
  });
}
