import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import { globalWord } from "../vmcoreinfo.ts";

/** Letters of bits 0 and up where the kernel's own table is out of reach (Documentation/admin-guide/tainted-kernels.rst). */
const TAINT_LETTERS = "PFSRMBUDAWCIOELKXTNJ";

/** The letter of a set bit: from `taint_flags[]` (kernel/panic.c), so that a vendor's own letters come out right. */
function letter(kernel: Kernel, bit: number): string {
  const known = attempt(() => {
    const flag = kernel.variable("taint_flags").index(bit);
    return String.fromCharCode(flag.at("c_true").number());
  });
  return known instanceof Fault ? (TAINT_LETTERS[bit] ?? "?") : known;
}

/** The letters of a taint mask, lowest bit first. */
export function taintLetters(kernel: Kernel, mask: bigint): string {
  let letters = "";
  for (let bit = 0; mask >> BigInt(bit) !== 0n; bit++) if ((mask >> BigInt(bit)) & 1n) letters += letter(kernel, bit);
  return letters;
}

/** `tainted_mask`: why this kernel is tainted; 0 when it is not. @throws Fault */
export const taintedMask = (kernel: Kernel): bigint => globalWord(kernel, "tainted_mask") ?? 0n;
