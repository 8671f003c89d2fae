/** Kernel configurations in files. */
import { gunzipSync } from "node:zlib";
import { join } from "node:path";
import { wholeFile } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { UsageError } from "../../base/usageError.ts";
import { type KernelConfig, kernelOptions, needName, needStates } from "../../linux/kdump/kernelOptions.ts";
import { type Diagnosis, diagnosis } from "./diagnosis.ts";

/** Limit for a configuration in bytes, packed and unpacked; one has about 300 KB. */
const MAX_BYTES = 16 << 20;

/** A configuration and the file that it is from. */
export interface ConfigFile {
  readonly path: string;
  readonly config: KernelConfig;
}

/**
 * Reads a configuration: text, or packed by gzip as /proc/config.gz.
 * @throws NodeJS.ErrnoException if the file cannot be read; UsageError if it is not a configuration
 */
export function readConfig(path: string): ConfigFile {
  const bytes = wholeFile(path, MAX_BYTES);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = isPacked ? unpacked(path, bytes) : bytes.toString("latin1");
  const config = kernelOptions(text.split("\n"));
  if (config.size === 0)
    throw new UsageError(`${path} is not a kernel configuration: it has no line CONFIG_NAME=VALUE`);
  return { path, config };
}

function unpacked(path: string, bytes: Uint8Array): string {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES }).toString("latin1");
  } catch (error) {
    throw new UsageError(`${path}: ${error instanceof Error ? error.message : "cannot be unpacked"}`);
  }
}

/** Returns where the configuration of an installed kernel is, the most reliable place first. */
export const configPlaces = (root: string, release: string): readonly string[] =>
  [
    "proc/config.gz",
    `boot/config-${release}`,
    `lib/modules/${release}/config`,
    `lib/modules/${release}/build/.config`,
  ].map((place) => join(root, place));

/** Finds the configuration of the running kernel; undefined if no file has it. */
export function runningConfig(root: string, release: string): ConfigFile | undefined {
  for (const path of configPlaces(root, release)) {
    const found = attemptSystem(() => readConfig(path));
    if (found) return found;
  }
  return undefined;
}

/** Compares a configuration with what kdump and the analysis need. */
export const configDiagnoses = ({ config }: ConfigFile): readonly Diagnosis[] =>
  needStates(config).map(({ need, set }) =>
    set.length > 0
      ? diagnosis(
          "ok",
          needName(need),
          `${set.join(" and ")} ${set.length > 1 ? "are" : "is"} set.${remark(need.anyOf, config)}`,
        )
      : diagnosis("missing", needName(need), need.cost),
  );

/** Returns what a served need does not give. */
const remark = (anyOf: readonly string[], config: KernelConfig): string =>
  anyOf.includes("DEBUG_INFO_BTF") && config.get("DEBUG_INFO_BTF") !== "y"
    ? " CONFIG_DEBUG_INFO_BTF is not: types come from a vmlinux only."
    : "";
