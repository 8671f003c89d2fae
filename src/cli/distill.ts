/** The verb `distill`: writes a small dump out of a large one. */
import { closeSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { Cancelled } from "../base/job.ts";
import { printable } from "../base/printable.ts";
import { isSystemError } from "../base/systemError.ts";
import { UsageError } from "../base/usageError.ts";
import { distilling, type Distilled, type KeptRange } from "../session/distill/distill.ts";
import { refuseInputs } from "../session/refuseInputs.ts";
import { indexDirectory } from "../session/open/indexCache.ts";
import { OpenError } from "../session/open/openError.ts";
import { EXIT_ANSWERED, EXIT_CANCELLED, EXIT_FAILED, EXIT_OPEN, EXIT_USAGE } from "./exit.ts";
import { budgetOf, searchOf, withProgress } from "./openAndRun.ts";
import { type CliOptions, readOptions, usageText } from "./options.ts";
import { ownOptions } from "./ownOptions.ts";
import { reportError } from "./terminal.ts";
import { unpackPackages } from "./unpackPackages.ts";

/** The options of this verb, and whether each has a value. */
const OWN = { output: true, for: true, keep: true, scrub: false, "scrub-names": false } as const;

/**
 * Runs `vmcore-debug distill [options] VMCORE... -o FILE [--for COMMANDS] [--keep ADDR..ADDR] [--scrub]`.
 * @returns the exit status
 */
export async function distill(argv: readonly string[]): Promise<number> {
  try {
    const { own, rest } = ownOptions(argv, OWN);
    const options = readOptions(rest);
    if (options.help) {
      process.stdout.write(usageText);
      return EXIT_ANSWERED;
    }
    const output = own.get("output")?.at(-1);
    if (output === undefined) throw new UsageError("distill needs -o FILE, the dump to write");
    const names = own.has("scrub-names");
    const wanted = {
      commands: (own.get("for") ?? []).flatMap((text) => text.split(";").map((one) => one.trim())).filter(Boolean),
      keep: (own.get("keep") ?? []).map(keptRange),
      scrub: own.has("scrub") || names ? { names } : undefined,
    };
    process.stdout.write(summary(output, await write(output, options, wanted)));
    return EXIT_ANSWERED;
  } catch (error) {
    return status(error);
  }
}

function status(error: unknown): number {
  if (error instanceof Cancelled) return EXIT_CANCELLED;
  if (error instanceof UsageError || error instanceof OpenError) {
    process.stderr.write(`vmcore-debug: ${printable(error.message)}\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_OPEN;
  }
  if (!isSystemError(error)) throw error;
  reportError(error);
  return EXIT_FAILED;
}

/** Writes to a file beside the output and renames it when it is complete. */
async function write(
  output: string,
  options: CliOptions,
  wanted: Omit<Parameters<typeof distilling>[1], "open">,
): Promise<Distilled> {
  refuseInputs({ vmcore: options.vmcore, vmlinux: options.vmlinux }, output);
  const open = await unpackPackages({
    ...options,
    budget: budgetOf(options),
    search: searchOf(options),
    indexes: indexDirectory(process.env),
  });
  const part = `${output}.part`;
  let fd: number | undefined;
  let isOurs = false;
  const create = () => {
    const created = naming(output, () => openSync(part, "w"));
    fd = created;
    isOurs = true;
    return {
      write(bytes: Uint8Array, offset: number): void {
        for (let done = 0; done < bytes.length;)
          done += writeSync(created, bytes, done, bytes.length - done, offset + done);
      },
    };
  };
  const close = (): void => {
    if (fd !== undefined) closeSync(fd);
    fd = undefined;
  };
  try {
    const result = await withProgress(distilling(create, { ...wanted, open }));
    close();
    naming(output, () => renameSync(part, output));
    return result;
  } finally {
    close();
    // It is gone if it was renamed.
    if (isOurs) rmSync(part, { force: true });
  }
}

/** Runs an action on the part file so that an error names the output. @throws NodeJS.ErrnoException */
function naming<T>(output: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw isSystemError(error) ? Object.assign(error, { path: output }) : error;
  }
}

/** Parses `ADDR..ADDR`, the end exclusive. @throws UsageError */
function keptRange(text: string): KeptRange {
  const [, first, last] = /^(?:0x)?([0-9a-f]{1,16})\.\.(?:0x)?([0-9a-f]{1,16})$/i.exec(text) ?? [];
  if (first === undefined || last === undefined) throw new UsageError(`--keep ${text}: not a range such as ffff888000001000..ffff888000002000`); // prettier-ignore
  const range = { start: BigInt(`0x${first}`), end: BigInt(`0x${last}`) };
  if (range.end <= range.start) throw new UsageError(`--keep ${text}: the end is not after the start`);
  return range;
}

function summary(output: string, { pages, size, sourceSize, unanswered }: Distilled): string {
  const share = sourceSize > 0 ? `, ${((100 * size) / sourceSize).toFixed(1)} % of the dump` : "";
  const lines = [
    `${output}: ${pages.toLocaleString("en")} pages, ${size.toLocaleString("en")} bytes${share}`,
    ...unanswered.map((line) => `not answered completely by the dump, and so not by the file: ${line}`),
  ];
  return `${lines.map(printable).join("\n")}\n`;
}
