/** The verb `doctor`: reports whether a machine can write a crash dump. */
import { printable, printableJson } from "../../base/printable.ts";
import { UsageError } from "../../base/usageError.ts";
import { column } from "../../render/pad.ts";
import type { ConfigFile } from "../../crash/language/command.ts";
import { configDiagnoses, readConfig, runningConfig } from "../../session/doctor/configFile.ts";
import { type Diagnosis, diagnosis } from "../../session/doctor/diagnosis.ts";
import { machineDiagnoses, runningRelease } from "../../session/doctor/machine.ts";
import { EXIT_ANSWERED, EXIT_FAILED, EXIT_USAGE } from "../exit.ts";
import { systemReason } from "../systemReason.ts";
import { isSystemError } from "../../base/systemError.ts";

/**
 * Runs `vmcore-debug doctor [--json] [CONFIG]`.
 * @param root the directory that stands for `/`
 * @returns the exit status
 */
export function doctor(argv: readonly string[], root = "/"): number {
  try {
    const isJson = argv.includes("--json");
    const rest = argv.filter((word) => word !== "--json");
    const option = rest.find((word) => word.startsWith("-"));
    if (option !== undefined) throw new UsageError(`doctor has no option ${option}`);
    if (rest.length > 1) throw new UsageError("doctor takes one CONFIG");
    const all = rest[0] === undefined ? machine(root) : configDiagnoses(readConfig(rest[0]));
    process.stdout.write(isJson ? `${printableJson(JSON.stringify(all, undefined, 2))}\n` : diagnosisText(all));
    return all.some(({ state }) => state === "missing") ? EXIT_FAILED : EXIT_ANSWERED;
  } catch (error) {
    if (!(error instanceof UsageError) && !isSystemError(error)) throw error;
    const message = error instanceof UsageError ? error.message : `${error.path ?? "doctor"}: ${systemReason(error)}`;
    process.stderr.write(`vmcore-debug: ${printable(message)}\n`);
    return EXIT_USAGE;
  }
}

function machine(root: string): readonly Diagnosis[] {
  const release = runningRelease(root);
  if (release === undefined)
    throw new UsageError("this machine does not run Linux, or has no /proc: name a kernel's CONFIG");
  const config = runningConfig(root, release);
  return [...(config ? fromFile(config) : [withoutConfig(release)]), ...machineDiagnoses(root)];
}

const fromFile = (config: ConfigFile): readonly Diagnosis[] => [
  diagnosis("ok", "kernel configuration", `Read from ${config.path}.`),
  ...configDiagnoses(config),
];

const withoutConfig = (release: string): Diagnosis =>
  diagnosis(
    "note",
    "kernel configuration",
    `There is no /proc/config.gz and no /boot/config-${release}: name the file as CONFIG to check the kernel's options.`,
  );

/** Formats the answers, one line each: first what is missing. */
export function diagnosisText(all: readonly Diagnosis[]): string {
  const order: readonly Diagnosis["state"][] = ["missing", "note", "ok"];
  const width = Math.max(...all.map(({ what }) => what.length));
  const rows = order.flatMap((state) => all.filter((one) => one.state === state));
  const lines = rows.map(({ state, what, says }) => `${column(state, 7)}  ${column(what, width)}  ${says}`);
  return `${lines.map(printable).join("\n")}\n`;
}
