/** The memory for a capture kernel, and the kernel loaded there (kernel/crash_core.c, kernel/kexec_core.c). */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalAddress, globalU32, globalWord } from "../vmcoreinfo.ts";

/** Maximum length of the command line in characters; no architecture takes as much. */
const MAX_COMMAND_LINE = 1 << 16;

/**
 * Returns the values of the `crashkernel=` parameters of a command line, in order
 * (Documentation/admin-guide/kernel-parameters.txt); empty if none is given.
 */
export const crashkernelOf = (commandLine: string): readonly string[] =>
  commandLine
    .slice(0, MAX_COMMAND_LINE)
    // The kernel ignores what follows "--", which is for init.
    .split(/\s--\s/, 1)
    .flatMap((text) => text.split(/\s+/))
    .flatMap((word) => (word.startsWith("crashkernel=") ? [word.slice("crashkernel=".length)] : []));

/** Returns the command line that the kernel was booted with (`saved_command_line`). @throws Fault */
export const commandLine = (kernel: Kernel): string => kernel.variable("saved_command_line").text();

/** A range of physical memory. */
export interface PhysicalRange {
  readonly start: bigint;
  /** Size in bytes. */
  readonly size: bigint;
}

/**
 * Returns the memory that is reserved for a capture kernel: `crashk_res`, and `crashk_low_res` below 4 GiB on some
 * architectures. Empty for a kernel without kexec. @throws Fault
 */
export const reservedForCapture = (kernel: Kernel): readonly PhysicalRange[] =>
  ["crashk_res", "crashk_low_res"].flatMap((name) => {
    if (!kernel.hasVariable(name)) return [];
    const resource = kernel.variable(name);
    const [start, end] = [resource.at("start").value(), resource.at("end").value()];
    // A resource ends with its last byte.
    return end > start ? [{ start, size: end - start + 1n }] : [];
  });

/** Maximum number of areas that the capture kernel shares with users; the kernel has room for 4. */
const MAX_SHARED = 16;

/**
 * Returns the memory of `crashkernel=SIZE,cma`, which programs use until the crash and the capture kernel afterwards, so
 * that a dump does not have it as it was (kernel/crash_reserve.c: crashk_cma_ranges; since v6.17). Empty for other
 * kernels. @throws Fault
 */
export function sharedWithCapture(kernel: Kernel): readonly PhysicalRange[] {
  const count = globalU32(kernel, "crashk_cma_cnt") ?? 0;
  const first = globalAddress(kernel, "crashk_cma_ranges");
  if (count === 0 || first === undefined) return [];
  if (count > MAX_SHARED)
    throw Fault.of("corrupt", `crashk_cma_cnt is ${count}, which exceeds the limit of ${MAX_SHARED}`);
  const { size: each } = kernel.object("struct range", first);
  return Array.from({ length: count }, (_, i) => {
    const range = kernel.object("struct range", first + BigInt(i * each));
    const [start, end] = [range.at("start").value(), range.at("end").value()];
    // A range ends with its last byte.
    return { start, size: end - start + 1n };
  });
}

/** Returns the `struct kimage` of the loaded capture kernel; undefined if none is loaded. @throws Fault */
export function captureKernel(kernel: Kernel): Obj<"struct kimage"> | undefined {
  const image = globalWord(kernel, "kexec_crash_image") ?? 0n;
  return image === 0n ? undefined : kernel.object("struct kimage", image);
}
