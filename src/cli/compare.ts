/** The verb `compare`: whether two dumps show the same bug, and what else differs. */
import { compare as compareDumps } from "../crash/report/compare.ts";
import { markdownOf } from "../document/markdown.ts";
import type { Context } from "../crash/language/command.ts";
import { EXIT_ANSWERED, EXIT_USAGE } from "./exit.ts";
import { withContext, withProgress } from "./openAndRun.ts";
import { readOptions } from "./options.ts";
import { UsageError } from "../base/usageError.ts";

/** Runs `vmcore-debug compare [options] A B`. Each dump is opened with its own debuginfo. @returns the exit status */
export async function compare(argv: readonly string[]): Promise<number> {
  const dumps = dumpsOf(argv);
  if (typeof dumps === "string") {
    process.stderr.write(`vmcore-debug: ${dumps}; see "vmcore-debug compare --help"\n`);
    return EXIT_USAGE;
  }
  const [first, second] = dumps;
  let status = EXIT_ANSWERED;
  const own = await withContext([...options(argv, dumps), first], async (a) => {
    // If the second dump cannot be opened, that is the status.
    status = await openOther([...options(argv, dumps), second], a);
    return true;
  });
  return own === EXIT_ANSWERED ? status : own;
}

const openOther = (argv: readonly string[], a: Context): Promise<number> =>
  withContext(argv, async (b) => {
    process.stdout.write(markdownOf(await withProgress(compareDumps(a, b))));
    return true;
  });

/** Returns the two dumps that the arguments name; the usage or the mistake if they do not name two. */
function dumpsOf(argv: readonly string[]): readonly [string, string] | string {
  try {
    const { vmcore, commands, inputs } = readOptions(argv);
    const [first, second] = vmcore;
    if (commands.length > 0 || inputs.length > 0) return "compare runs no commands: leave out -c and -i";
    if (first === undefined || second === undefined || vmcore.length > 2)
      return `compare needs two dumps; ${vmcore.length} are named`;
    return [first, second];
  } catch (error) {
    if (error instanceof UsageError) return error.message;
    throw error;
  }
}

const options = (argv: readonly string[], dumps: readonly string[]): readonly string[] =>
  argv.filter((word) => !dumps.includes(word));
