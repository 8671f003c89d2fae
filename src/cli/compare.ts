/** The verb `compare`: whether two dumps show the same bug, and what else differs. */
import { compare as compareDumps } from "../crash/report/compare.ts";
import { markdownOf } from "../document/markdown.ts";
import type { Context } from "../crash/language/command.ts";
import { EXIT_USAGE } from "./exit.ts";
import { withContext, withProgress } from "./openAndRun.ts";
import { readOptions } from "./options.ts";
import { UsageError } from "../base/usageError.ts";

/** Runs `vmcore-debug compare [options] A B`. Each dump is opened with its own debuginfo. @returns the exit status */
export async function compare(argv: readonly string[]): Promise<number> {
  const dumps = dumpsOf(argv);
  if (typeof dumps === "string") {
    process.stderr.write(`vmcore-debug: ${dumps}\n`);
    return EXIT_USAGE;
  }
  const [first, second] = dumps;
  return withContext([...options(argv, dumps), first], (a) => openOther([...options(argv, dumps), second], a));
}

async function openOther(argv: readonly string[], a: Context): Promise<boolean> {
  const status = await withContext(argv, async (b) => {
    process.stdout.write(markdownOf(await withProgress(compareDumps(a, b))));
    return true;
  });
  return status === 0;
}

/** Returns the two dumps that the arguments name; the usage or the mistake if they do not name two. */
function dumpsOf(argv: readonly string[]): readonly [string, string] | string {
  try {
    const { vmcore, help } = readOptions(argv);
    const [first, second] = vmcore;
    if (help) return "usage: vmcore-debug compare [options] A B";
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
