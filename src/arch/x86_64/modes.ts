/** The processor mode of x86_64, from flags and selectors. */
import type { Registers } from "../arch.ts";

/** Selectors of 64-bit kernel and user code (arch/x86/include/asm/segment.h). */
const __KERNEL_CS = 0x10n;
const __USER_CS = 0x33n;
const __USER32_CS = 0x23n;
const __USER_DS = 0x2bn;
/** RFLAGS: bit 1 is always set, bits 22 and up are always clear. */
const RFLAGS_FIXED = 1n << 1n;
const RFLAGS_RESERVED = -1n << 22n;

/**
 * Whether registers of x86 are of user mode: the lowest two bits of cs are the privilege level; undefined if cs is not
 * known.
 */
export function isUserMode(registers: Registers): boolean | undefined {
  const cs = registers.get("cs");
  return cs === undefined ? undefined : (cs & 3n) === 3n;
}

/** Returns the mode of an exception frame; undefined if the values cannot be one. */
export function exceptionMode(registers: Registers): "kernel" | "user" | undefined {
  const get = (name: string): bigint => registers.get(name) ?? 0n;
  const flags = get("rflags");
  if ((flags & RFLAGS_FIXED) === 0n || (flags & RFLAGS_RESERVED) !== 0n) return undefined;
  if (get("cs") === __KERNEL_CS) return "kernel";
  const isUser = (get("cs") === __USER_CS || get("cs") === __USER32_CS) && get("ss") === __USER_DS;
  return isUser ? "user" : undefined;
}
