/** Checks the kernel's options against what kdump and the analysis of a dump need. */
import { Fault } from "../../base/fault.ts";
import { kernelConfig } from "../../linux/kernelConfig.ts";
import {
  type KernelConfig,
  kernelOptions as optionsOf,
  needName,
  needStates,
} from "../../linux/kdump/kernelOptions.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Step } from "../check.ts";
import { type DumpState, type HealthCheck, observed } from "../healthCheck.ts";

/** Reports kernel options that kdump or the analysis needs and that are not set, with what that costs. */
export const kernelOptions: HealthCheck = {
  id: "kernel-options",
  title: "kernel options",
  shows: "sys config",
  *run(kernel, dump) {
    const { source, config, command } = yield* configOf(kernel, dump);
    const states = needStates(config);
    for (const { need } of states.filter(({ set }) => set.length === 0))
      yield observed(
        "kernel-options",
        "note",
        { option: needName(need), for: need.for },
        [`${needName(need)} is not set. ${need.cost}`],
        { kind: "output", command, text: `${needName(need)} is not set to y` },
      );
    return `${source} serves the ${states.length} needs of kdump and the analysis.`;
  },
};

interface FoundConfig {
  /** Where the configuration is from: the subject of a sentence. */
  readonly source: string;
  readonly config: KernelConfig;
  /** The command that prints the configuration. */
  readonly command: string;
}

/** Returns the configuration in the kernel itself, else that of a file. @throws Fault "unknown" if there is neither */
function* configOf(kernel: Kernel, { config: file }: DumpState): Generator<Step, FoundConfig, void> {
  const lines = yield* kernelConfig(kernel);
  if (lines)
    return { source: "The kernel's own configuration", config: optionsOf(lines), command: "sys config | grep CONFIG_" };
  const found = file?.();
  if (found) return { source: found.path, config: found.config, command: `!grep CONFIG_ ${found.path}` };
  throw Fault.of(
    "unknown",
    "the kernel has no configuration in its memory (CONFIG_IKCONFIG), and no config-RELEASE is beside the dump or in /boot",
  );
}
