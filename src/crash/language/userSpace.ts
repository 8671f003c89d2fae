/** Access to the user memory of the current task. */
import { UsageError } from "../../base/usageError.ts";
import type { AddressSpace, KernelMemory } from "../../memory/memory.ts";
import { assembleKernel } from "../../model/assemble.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Context } from "./command.ts";

/** Returns the user memory of the current task. @throws UsageError when it has none, Fault */
export function currentUserSpace({ kernel, task }: Context): AddressSpace {
  if (task.at("mm").value() === 0n) throw new UsageError("current context has no user address space");
  return kernel.memory.user(task.at("mm.pgd").value(), `user of pid ${task.at("pid").value()}`);
}

/** Returns the kernel with another memory under its objects, for structs in user space. */
export function inSpace(kernel: Kernel, space: AddressSpace): Kernel {
  const { memory } = kernel;
  const seen = Object.assign(Object.create(space) as AddressSpace, {
    physical: memory.physical,
    user: (pgd: bigint, name: string) => memory.user(pgd, name),
    isKernelAddress: (address: bigint) => memory.isKernelAddress(address),
    canonical: (address: bigint) => memory.canonical(address),
    setFallback: () => {},
  }) satisfies KernelMemory;
  return assembleKernel({ ...kernel, memory: seen });
}
