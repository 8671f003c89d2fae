/** Kernel configurations in files. */
import { gunzipSync } from "node:zlib";
import { join } from "node:path";
import { wholeFile } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { UsageError } from "../../base/usageError.ts";
import type { ConfigFile } from "../../crash/language/command.ts";
import { type KernelConfig, kernelOptions, needName, needStates } from "../../linux/kdump/kernelOptions.ts";
import { type DebuginfoPlaces, isRelease } from "../find/debuginfoPlaces.ts";
import { type Diagnosis, diagnosis } from "./diagnosis.ts";

/** Maximum size of a configuration in bytes, packed and unpacked; one has about 300 KB. */
const MAX_BYTES = 16 << 20;

/**
 * Reads a configuration: text, or packed by gzip as /proc/config.gz.
 * @throws NodeJS.ErrnoException if the file cannot be read; UsageError if it is not a configuration
 */
export function readConfig(path: string): ConfigFile {
  const read = configIn(path);
  if (typeof read === "string") throw new UsageError(`${path}: ${read}`);
  return read;
}

/** Reads a configuration. @returns the reason if the file is none. @throws NodeJS.ErrnoException */
function configIn(path: string): ConfigFile | string {
  const bytes = wholeFile(path, MAX_BYTES);
  const isPacked = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const text = isPacked ? unpacked(bytes) : bytes;
  if (text instanceof Error) return text.message;
  const config = kernelOptions(text.toString("latin1").split("\n"));
  return config.size > 0 ? { path, config } : "not a kernel configuration: it has no line CONFIG_NAME=VALUE";
}

function unpacked(bytes: Uint8Array): Buffer | Error {
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_BYTES });
  } catch (error) {
    // Damaged data is an Error; nothing else is thrown.
    return error instanceof Error ? error : new Error("cannot be unpacked");
  }
}

/** Returns where the configuration of an installed kernel is, the most reliable place first. */
const configPlaces = (root: string, release: string): readonly string[] =>
  [`boot/config-${release}`, `lib/modules/${release}/config`, `lib/modules/${release}/build/.config`].map((place) =>
    join(root, place),
  );

/** Finds the configuration of the running kernel; undefined if no file has it. */
export const runningConfig = (root: string, release: string): ConfigFile | undefined =>
  firstConfig([join(root, "proc/config.gz"), ...configPlaces(root, release)]);

/**
 * Finds the configuration of a dump's kernel by its release, beside the dump or of an installed kernel; undefined if
 * there is none.
 */
export const dumpConfig = ({ beside, root }: DebuginfoPlaces, release: string): ConfigFile | undefined =>
  isRelease(release)
    ? firstConfig([...beside.map((directory) => join(directory, `config-${release}`)), ...configPlaces(root, release)])
    : undefined;

function firstConfig(paths: readonly string[]): ConfigFile | undefined {
  for (const path of paths) {
    const found = attemptSystem(() => configIn(path));
    if (typeof found === "object") return found;
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

/** Returns a remark if a need is met in another way than by BTF; otherwise "". */
const remark = (anyOf: readonly string[], config: KernelConfig): string =>
  anyOf.includes("DEBUG_INFO_BTF") && config.get("DEBUG_INFO_BTF") !== "y"
    ? " CONFIG_DEBUG_INFO_BTF is not: types come from a vmlinux only."
    : "";
