/** Names values whose meaning does not depend on the kernel. */
import { hex0x } from "../base/hex.ts";
import { errorOf, poisonOf } from "../log/poison.ts";

/** Returns the meaning of a value: poison, an error in a pointer, NULL. Undefined if it has none. */
export function wellKnown(value: bigint): string | undefined {
  if (value === 0n) return "NULL";
  if (value === STACK_END_MAGIC) return "STACK_END_MAGIC: the end of a kernel stack";
  const poison = poisonOf(value);
  // The marks of 32-bit kernels are ordinary numbers in other logs: only the marks themselves are named.
  if (poison && (poison.offset === 0n || value >> 32n !== 0n)) {
    const { name, meaning, offset } = poison;
    const distance = offset === 0n ? "" : offset > 0n ? ` + ${hex0x(offset)}` : ` - ${hex0x(-offset)}`;
    return `${name}${distance}: ${meaning}`;
  }
  if (value < PAGE) return `offset ${hex0x(value)} from NULL: a member of a structure at NULL`;
  const error = errorOf(value, 64);
  return error && `-${error.name} as a pointer (ERR_PTR)`;
}

const PAGE = 4096n;
/** include/uapi/linux/magic.h. */
const STACK_END_MAGIC = 0x57ac6e9dn;

/** Taint flags of modules (Documentation/admin-guide/tainted-kernels.rst); + and - of print_modules. */
const MODULE_FLAGS: Readonly<Record<string, string>> = {
  P: "proprietary",
  O: "out of tree",
  F: "force-loaded",
  C: "staging driver",
  E: "unsigned",
  K: "live patch",
  N: "test",
  T: "built with randomized struct layouts",
  J: "FWCTL's mutating debug interface was used",
  X: "auxiliary taint",
  "+": "being loaded",
  "-": "being unloaded",
};

/** Explains the flags after a module's name in "Modules linked in". */
export const moduleFlags = (flags: string): string[] => [...flags].map((flag) => MODULE_FLAGS[flag] ?? `taint ${flag}`);
