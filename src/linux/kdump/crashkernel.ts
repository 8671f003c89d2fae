/** The memory for a capture kernel, and the kernel loaded there (kernel/crash_core.c, kernel/kexec_core.c). */
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { globalWord } from "../vmcoreinfo.ts";

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

/** Returns the `struct kimage` of the loaded capture kernel; undefined if none is loaded. @throws Fault */
export function captureKernel(kernel: Kernel): Obj<"struct kimage"> | undefined {
  const image = globalWord(kernel, "kexec_crash_image") ?? 0n;
  return image === 0n ? undefined : kernel.object("struct kimage", image);
}
