/** Tells addresses in the log from the hashes that %p prints. */
import type { Kernel } from "../model/kernel.ts";

/** Symbols of kernels whose %p prints a hash (lib/vsprintf.c, since v4.15); a kernel may have inlined some of them. */
const HASHING = ["ptr_key", "ptr_to_hashval", "ptr_to_id"];

/**
 * Returns whether a value that the log has as an address may be a hash of one: it is no address of the kernel, or it has
 * at most 32 bits, as a hash has, in a kernel that prints hashes. On s390x and on 32-bit machines a hash can look like an
 * address.
 */
export const mayBeHash = (kernel: Kernel, value: bigint): boolean =>
  !kernel.memory.isKernelAddress(value) ||
  (value >> 32n === 0n && HASHING.some((name) => kernel.symbols.find(name) !== undefined));
