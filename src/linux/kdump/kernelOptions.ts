/**
 * The kernel options that kdump and the analysis of its dumps depend on (Documentation/admin-guide/kdump/kdump.rst, and
 * the Kconfig files that declare the options).
 */

/** A need that one of several options serves. */
export interface KernelNeed {
  /** Names without `CONFIG_`; one of them suffices. */
  readonly anyOf: readonly string[];
  /** The need exists only where one of these options is set, names without `CONFIG_`. Default: everywhere. */
  readonly on?: readonly string[];
  /** "dump": without it no dump is written. "analysis": without it a dump answers less. */
  readonly for: "dump" | "analysis";
  /** What does not work without it, as a sentence. */
  readonly cost: string;
}

export const KERNEL_NEEDS: readonly KernelNeed[] = [
  {
    anyOf: ["KEXEC", "KEXEC_FILE"],
    for: "dump",
    cost: "No capture kernel can be loaded: a crash is not dumped.",
  },
  {
    anyOf: ["CRASH_DUMP"],
    for: "dump",
    cost: "The kernel cannot run as a capture kernel; since v6.9 it also does not start one after a crash.",
  },
  {
    anyOf: ["PROC_VMCORE"],
    for: "dump",
    cost: "A capture kernel with this configuration has no /proc/vmcore: the memory of the crashed kernel cannot be saved.",
  },
  {
    anyOf: ["SYSFS"],
    for: "dump",
    cost: "kexec(8) does not find the reserved memory, VMCOREINFO and the notes of the CPUs, which are in /sys/kernel.",
  },
  {
    anyOf: ["RELOCATABLE"],
    on: ["X86", "PPC64"],
    for: "dump",
    cost: "The kernel runs only at the address it was built for: the capture kernel has to be another one, built for the reserved memory.",
  },
  {
    anyOf: ["DEBUG_INFO", "DEBUG_INFO_BTF"],
    for: "analysis",
    cost: "There are no types: structs and variables of a dump cannot be shown.",
  },
  {
    anyOf: ["KALLSYMS_ALL"],
    for: "analysis",
    cost: "Without a vmlinux, a dump names functions and exported variables only.",
  },
  {
    anyOf: ["MAGIC_SYSRQ"],
    for: "analysis",
    cost: "A machine that hangs cannot be crashed by key or by /proc/sysrq-trigger to get a dump.",
  },
];

/** The options of a .config by name without `CONFIG_`. An option that is not set is missing. */
export type KernelConfig = ReadonlyMap<string, string>;

/** Maximum number of options of a configuration; a kernel has some 20,000. */
const MAX_OPTIONS = 1 << 17;

/** Reads the lines of a .config. Lines that set no option are skipped. */
export function kernelOptions(lines: Iterable<string>): KernelConfig {
  const options = new Map<string, string>();
  for (const line of lines) {
    const [, name, value] = /^CONFIG_(\w{1,120})=(.*)$/.exec(line) ?? [];
    if (name !== undefined && value !== undefined && options.size < MAX_OPTIONS) options.set(name, value.trim());
  }
  return options;
}

/** Whether a need is served, and by which options. */
export interface NeedState {
  readonly need: KernelNeed;
  /** The options that are set, such as `CONFIG_KEXEC=y`. Empty if the need is not served. */
  readonly set: readonly string[];
}

/** Returns the needs that the kernel's machine has, each with its state. */
export const needStates = (config: KernelConfig): readonly NeedState[] =>
  KERNEL_NEEDS.filter(({ on }) => on === undefined || on.some((name) => config.has(name))).map((need) => ({
    need,
    set: need.anyOf.flatMap((name) => (config.get(name) === "y" ? [`CONFIG_${name}=y`] : [])),
  }));

/** Returns the options of a need as they are searched for: `CONFIG_KEXEC or CONFIG_KEXEC_FILE`. */
export const needName = ({ anyOf }: KernelNeed): string => anyOf.map((name) => `CONFIG_${name}`).join(" or ");
