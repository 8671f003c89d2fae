import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { moduleName, modules } from "./module.ts";
import { taintLetters } from "./taint.ts";

/** The loaded module of a name, `struct module`. @throws Fault unknown when none is loaded */
export function moduleNamed(kernel: Kernel, name: string): Obj<"struct module"> {
  for (const module of modules(kernel)) if (moduleName(module) === name) return module;
  throw Fault.of("unknown", `no module ${name} is loaded`);
}

/** The letters of what a module itself tainted the kernel with (`module.taints`). @throws Fault */
export const moduleTaints = (module: Obj<"struct module">): string =>
  taintLetters(module.kernel, module.at("taints").value());

/** Whether a module says that it was built with the kernel (`intree` in its modinfo): else it taints it with O. @throws Fault */
export const isInTree = (kernel: Kernel, name: string): boolean =>
  !moduleTaints(moduleNamed(kernel, name)).includes("O");
