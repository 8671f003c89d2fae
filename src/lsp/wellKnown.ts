/** Names values that mean the same in every kernel. */
import { hex0x, padHex } from "../base/hex.ts";
/** Returns the meaning of a value in any kernel: poison, an error in a pointer, NULL. Undefined if it has none. */
export function wellKnown(value: bigint): string | undefined {
  if (value === 0n) return "NULL";
  const poison = POISON.find(([pattern]) => pattern === value)?.[1];
  if (poison !== undefined) return poison;
  if (value < PAGE) return `offset ${hex0x(value)} from NULL: a member of a structure at NULL`;
  const error = ERRORS.get(Number(BigInt.asUintN(64, -value) & 0xffffn));
  if (BigInt.asUintN(64, -value) < ERRNO_END && error) return `-${error} as a pointer (ERR_PTR)`;
  const bytes = padHex(value, 16);
  if (/^(..)\1{7}$/.test(bytes)) return POISON_BYTES.get(bytes.slice(0, 2));
  return undefined;
}

const PAGE = 4096n;
/** One more than MAX_ERRNO of include/linux/err.h. */
const ERRNO_END = 4096n;

/**
 * Values of include/linux/poison.h, with the POISON_POINTER_DELTA of 64-bit kernels, and of include/uapi/linux/magic.h.
 */
const POISON: readonly (readonly [bigint, string])[] = [
  [0xdead000000000100n, "LIST_POISON1: next of an entry that was deleted from its list"],
  [0xdead000000000122n, "LIST_POISON2: prev of an entry that was deleted from its list"],
  [0xdead000000000200n, "LIST_POISON2: prev of an entry that was deleted from its list (of older kernels)"],
  [0xdead000000000300n, "TIMER_ENTRY_STATIC: a timer that was never armed"],
  [0xdead000000000400n, "TAIL_MAPPING: mapping of a compound page's tail"],
  [0x57ac6e9dn, "STACK_END_MAGIC: the end of a kernel stack"],
];

/** include/linux/poison.h. */
const POISON_BYTES: ReadonlyMap<string, string> = new Map([
  ["6b", "POISON_FREE: memory that was freed (use after free)"],
  ["5a", "POISON_INUSE: memory of the slab allocator that was never written"],
  ["a5", "POISON_END: the last byte of a poisoned object"],
  ["cc", "POISON_FREE_INITMEM: memory of the kernel's init sections, freed"],
  ["aa", "PAGE_POISON: a page that was freed"],
]);

/** include/uapi/asm-generic/errno-base.h and errno.h: the errors that pointers often contain. */
const ERRORS: ReadonlyMap<number, string> = new Map([
  [1, "EPERM"],
  [2, "ENOENT"],
  [4, "EINTR"],
  [5, "EIO"],
  [6, "ENXIO"],
  [11, "EAGAIN"],
  [12, "ENOMEM"],
  [13, "EACCES"],
  [14, "EFAULT"],
  [16, "EBUSY"],
  [17, "EEXIST"],
  [19, "ENODEV"],
  [22, "EINVAL"],
  [28, "ENOSPC"],
  [38, "ENOSYS"],
  [95, "EOPNOTSUPP"],
  [110, "ETIMEDOUT"],
  [517, "EPROBE_DEFER"],
]);

/** Taint flags of modules (Documentation/admin-guide/tainted-kernels.rst); + and - of print_modules. */
const MODULE_FLAGS: Readonly<Record<string, string>> = {
  P: "proprietary",
  O: "out of tree",
  F: "force-loaded",
  C: "staging driver",
  E: "unsigned",
  K: "live patch",
  N: "test",
  X: "auxiliary taint",
  "+": "being loaded",
  "-": "being unloaded",
};

/** Explains the flags after a module's name in "Modules linked in". */
export const moduleFlags = (flags: string): string[] => [...flags].map((flag) => MODULE_FLAGS[flag] ?? `taint ${flag}`);
