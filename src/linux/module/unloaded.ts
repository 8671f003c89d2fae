/** Modules that were unloaded. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { globalAddress, globalWord } from "../vmcoreinfo.ts";

/** MODULE_NAME_LEN on 32-bit machines; less on 64-bit ones (include/linux/moduleparam.h). */
const MAX_NAME = 60;

/**
 * Returns the name of the module that was unloaded last; undefined if none was. `last_unloaded_module` is the name
 * itself, or a structure that begins with it (kernel/module/main.c). @throws Fault
 */
export function lastUnloadedModule(kernel: Kernel): string | undefined {
  const address = globalAddress(kernel, "last_unloaded_module");
  if (address === undefined) return undefined;
  const name = kernel.memory.cString(address, MAX_NAME);
  return /^[\w-]+$/.test(name) ? name : undefined;
}

/**
 * Whether an address is between the lowest and the highest address that code of a module ever had. The kernel never
 * narrows these bounds (kernel/module/main.c, __mod_update_bounds). False if they are not known.
 */
export function isInModuleRange(kernel: Kernel, address: bigint): boolean {
  const bounds = attempt(() => {
    const [first, last] = [globalWord(kernel, "module_addr_min"), globalWord(kernel, "module_addr_max")];
    if (first !== undefined && last !== undefined) return [first, last] as const;
    const tree = kernel.variable("mod_tree");
    return [tree.at("addr_min").value(), tree.at("addr_max").value()] as const;
  });
  return !(bounds instanceof Fault) && address >= bounds[0] && address < bounds[1];
}
