/** The verb `info`: describes a dump file by its headers. */
import { Cancelled } from "../base/job.ts";
import { printable, printableJson } from "../base/printable.ts";
import { UsageError } from "../base/usageError.ts";
import { column } from "../render/pad.ts";
import { infoRows, readingDumpInfo } from "../session/open/dumpInfo.ts";
import { OpenError } from "../session/open/openError.ts";
import { EXIT_ANSWERED, EXIT_CANCELLED, EXIT_OPEN, EXIT_USAGE } from "./exit.ts";
import { withProgress } from "./openAndRun.ts";
import { readOptions, usageText } from "./options.ts";

/**
 * Runs `vmcore-debug info [--json] [--base RANGES] VMCORE...`: prints format, version, compression, dump level, pages,
 * notes, erased data and VMCOREINFO. The kernel of the dump is not searched for.
 * @returns the exit status
 */
export async function info(argv: readonly string[]): Promise<number> {
  try {
    const options = readOptions(argv);
    if (options.help) {
      process.stdout.write(usageText);
      return EXIT_ANSWERED;
    }
    const found = await withProgress(readingDumpInfo(options));
    process.stdout.write(
      options.json
        ? `${printableJson(JSON.stringify(found, undefined, 2))}\n`
        : infoRows(found)
            .map(([name, value]) => `${column(name, 16)}${printable(value)}\n`)
            .join(""),
    );
    return EXIT_ANSWERED;
  } catch (error) {
    if (error instanceof Cancelled) return EXIT_CANCELLED;
    if (!(error instanceof UsageError) && !(error instanceof OpenError)) throw error;
    process.stderr.write(`vmcore-debug: ${printable(error.message)}\n`);
    return error instanceof UsageError ? EXIT_USAGE : EXIT_OPEN;
  }
}
