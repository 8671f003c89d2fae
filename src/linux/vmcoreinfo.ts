import { Fault } from "../base/fault.ts";
import { sizeOf } from "../debuginfo/ctype.ts";
import type { Kernel } from "../model/kernel.ts";
import { memberOffset } from "../kernel/list.ts";

/**
 * What the kernel noted of its own layout for dump tools (kernel/crash_core.c), else what debuginfo says: with it the
 * log, the release and the like can be read where a dump has no types at all.
 */

/** The largest struct described in VMCOREINFO, pglist_data, is some 200 KB; more is damage, and must not size a buffer. */
const MAX_NOTED = 1 << 20;

function notedNumber(key: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= MAX_NOTED) return value;
  throw Fault.of("corrupt", `VMCOREINFO says ${key}=${text}`);
}

/** Bytes from the start of `struct NAME` to its member. @throws Fault unknown when nothing tells */
export function noteOffset(kernel: Kernel, struct: string, member: string): number {
  const key = `OFFSET(${struct}.${member})`;
  const noted = kernel.vmcoreinfo(key);
  return noted === undefined ? Number(memberOffset(kernel, `struct ${struct}`, member)) : notedNumber(key, noted);
}

/** Bytes of `struct NAME`. @throws Fault unknown when nothing tells */
export function noteSize(kernel: Kernel, struct: string): number {
  const key = `SIZE(${struct})`;
  const noted = kernel.vmcoreinfo(key);
  return noted === undefined ? sizeOf(kernel.types.named(`struct ${struct}`)) : notedNumber(key, noted);
}

/** Address of a global. @throws Fault unknown when nothing tells */
export function noteSymbol(kernel: Kernel, name: string): bigint {
  const noted = kernel.vmcoreinfo(`SYMBOL(${name})`);
  const address =
    noted !== undefined && /^[0-9a-f]{1,16}$/i.test(noted) ? BigInt(`0x${noted}`) : globalAddress(kernel, name);
  if (address === undefined) throw Fault.of("unknown", `no symbol ${name}`);
  return address;
}

/** Address of a global that the kernel may lack. */
export function globalAddress(kernel: Kernel, name: string): bigint | undefined {
  return kernel.symbols.find(name)?.address;
}

/** An `unsigned int` global whose type never changed; undefined where the kernel has none. @throws Fault */
export function globalU32(kernel: Kernel, name: string): number | undefined {
  const address = globalAddress(kernel, name);
  return address === undefined ? undefined : kernel.memory.u32(address);
}

/** An `unsigned long` or pointer global; undefined where the kernel has none. @throws Fault */
export function globalWord(kernel: Kernel, name: string): bigint | undefined {
  const address = globalAddress(kernel, name);
  return address === undefined ? undefined : kernel.memory.word(address);
}
