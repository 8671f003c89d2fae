/** Taint flags of the kernel and of modules. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { globalWord } from "../vmcoreinfo.ts";
import type { Obj } from "../../model/object.ts";
import { moduleName, modules } from "./module.ts";

/**
 * Letters of bits 0 and up, used if the kernel's own table cannot be read
 * (Documentation/admin-guide/tainted-kernels.rst).
 */
const TAINT_LETTERS = "PFSRMBUDAWCIOELKXTNJ";

/** Returns the letter of a set bit from `taint_flags[]` (kernel/panic.c), which includes letters of vendors. */
function letter(kernel: Kernel, bit: number): string {
  const known = attempt(() => {
    const flag = kernel.variable("taint_flags").index(bit);
    return String.fromCharCode(flag.at("c_true").number());
  });
  return known instanceof Fault ? (TAINT_LETTERS[bit] ?? "?") : known;
}

/** Returns the letters of a taint mask, lowest bit first. */
export function taintLetters(kernel: Kernel, mask: bigint): string {
  let letters = "";
  for (let bit = 0; mask >> BigInt(bit) !== 0n; bit++) if ((mask >> BigInt(bit)) & 1n) letters += letter(kernel, bit);
  return letters;
}

/** Returns `tainted_mask`: the reasons why this kernel is tainted; 0 if it is not. @throws Fault */
export const taintedMask = (kernel: Kernel): bigint => globalWord(kernel, "tainted_mask") ?? 0n;

/** Returns the loaded module with a name, `struct module`. @throws Fault "unknown" if none has it */
export function moduleNamed(kernel: Kernel, name: string): Obj<"struct module"> {
  for (const module of modules(kernel)) if (moduleName(module) === name) return module;
  throw Fault.of("unknown", `no module ${name} is loaded`);
}

/** Returns the letters of the taints that a module caused (`module.taints`). @throws Fault */
export const moduleTaints = (module: Obj<"struct module">): string =>
  taintLetters(module.kernel, module.at("taints").value());

/**
 * Whether a module was built with the kernel (`intree` in its modinfo); other modules taint the kernel with O.
 * @throws Fault
 */
export const isInTree = (kernel: Kernel, name: string): boolean =>
  !moduleTaints(moduleNamed(kernel, name)).includes("O");
