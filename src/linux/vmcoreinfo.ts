/**
 * Layout of the kernel from VMCOREINFO (kernel/crash_core.c), else from debuginfo. With VMCOREINFO the log, the release
 * and other data can be read without types.
 */
import { Fault } from "../base/fault.ts";
import { sizeOf } from "../debuginfo/ctype.ts";
import type { Kernel } from "../model/kernel.ts";
import { memberOffset } from "../kernel/list.ts";
import { vmcoreinfoNumber } from "../memory/vmcoreinfo.ts";

/**
 * Maximum number, so that a damaged one does not determine the size of a buffer. The largest struct in VMCOREINFO,
 * pglist_data, has about 200 KB.
 */
const MAX_NOTED = 1 << 20;

function notedNumber(key: string, text: string): number {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= MAX_NOTED) return value;
  throw Fault.of("corrupt", `VMCOREINFO has ${key}=${text}, which is not a number from 0 to ${MAX_NOTED}`);
}

/** Returns the offset of a member of `struct NAME`, in bytes. @throws Fault "unknown" if no source has it */
export function noteOffset(kernel: Kernel, struct: string, member: string): number {
  const key = `OFFSET(${struct}.${member})`;
  const noted = kernel.vmcoreinfo(key);
  return noted === undefined ? Number(memberOffset(kernel, `struct ${struct}`, member)) : notedNumber(key, noted);
}

/** Returns the size of `struct NAME`, in bytes. @throws Fault "unknown" if no source has it */
export function noteSize(kernel: Kernel, struct: string): number {
  const key = `SIZE(${struct})`;
  const noted = kernel.vmcoreinfo(key);
  return noted === undefined ? sizeOf(kernel.types.named(`struct ${struct}`)) : notedNumber(key, noted);
}

/** Reads `NUMBER(name)`; undefined if it is absent or not a number. */
export const noteNumber = (kernel: Kernel, name: string): bigint | undefined =>
  vmcoreinfoNumber(kernel.vmcoreinfo(`NUMBER(${name})`) ?? "");

/** Returns the bit of page table entries that marks a page as encrypted, and is no address bit; 0n without SME and SEV. */
export function encryptionBit(kernel: Kernel): bigint {
  const noted = noteNumber(kernel, "sme_mask") ?? 0n;
  return noted > 0n ? noted : 0n;
}

/** Returns the address of a global. @throws Fault "unknown" if no source has it */
export function noteSymbol(kernel: Kernel, name: string): bigint {
  const noted = kernel.vmcoreinfo(`SYMBOL(${name})`);
  const address =
    noted !== undefined && /^[0-9a-f]{1,16}$/i.test(noted) ? BigInt(`0x${noted}`) : globalAddress(kernel, name);
  if (address === undefined) throw Fault.of("unknown", `no symbol ${name}`);
  return address;
}

/** Returns the address of a global; undefined if the kernel does not have it. */
export function globalAddress(kernel: Kernel, name: string): bigint | undefined {
  return kernel.symbols.find(name)?.address;
}

/**
 * Reads an `unsigned int` global, whose type is the same in all kernels; undefined if the kernel does not have it.
 * @throws Fault
 */
export function globalU32(kernel: Kernel, name: string): number | undefined {
  const address = globalAddress(kernel, name);
  return address === undefined ? undefined : kernel.memory.u32(address);
}

/** Reads an `unsigned long` or pointer global; undefined if the kernel does not have it. @throws Fault */
export function globalWord(kernel: Kernel, name: string): bigint | undefined {
  const address = globalAddress(kernel, name);
  return address === undefined ? undefined : kernel.memory.word(address);
}
