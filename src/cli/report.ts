/** The verb `report`: writes a report about a dump, or checks one against it. */
import { inputText } from "../base/file.ts";
import { printable } from "../base/printable.ts";
import { UsageError } from "../base/usageError.ts";
import type { Block } from "../document/block.ts";
import { type CheckedReport, checkReport, type Difference } from "../crash/report/checkReport.ts";
import { blocksOf } from "../document/markdown.ts";
import { report as reportOf } from "../crash/report/report.ts";
import type { Context } from "../crash/language/command.ts";
import { refuseInputs } from "../session/refuseInputs.ts";
import { isHtml, writeDocument } from "./documentFile.ts";
import { EXIT_USAGE } from "./exit.ts";
import { withContext, withProgress } from "./openAndRun.ts";
import { ownOptions } from "./ownOptions.ts";

/**
 * Runs `vmcore-debug report [-o FILE] [options] VMCORE...` or `vmcore-debug report --check FILE [options] VMCORE...`.
 * @returns the exit status; EXIT_FAILED if the checked report differs from the dump
 */
export async function report(argv: readonly string[]): Promise<number> {
  try {
    const { rest, output, check } = reportOptions(argv);
    return await withContext(rest, (context) =>
      check === undefined ? write(context, output) : compare(context, check),
    );
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    process.stderr.write(`vmcore-debug: ${printable(error.message)}\n`);
    return EXIT_USAGE;
  }
}

/** The options of this verb, which all have a value. */
const OWN = { output: true, check: true } as const;

interface ReportOptions {
  readonly output: string | undefined;
  readonly check: string | undefined;
  /** The other arguments: options that all verbs have, and files. */
  readonly rest: readonly string[];
}

/** Takes the options of this verb out of the arguments. @throws UsageError */
function reportOptions(argv: readonly string[]): ReportOptions {
  const { own, rest } = ownOptions(argv, OWN);
  const [output, check] = [own.get("output")?.at(-1), own.get("check")?.at(-1)];
  if (output !== undefined && check !== undefined) throw new UsageError("-o and --check exclude each other");
  if (output !== undefined && !/\.(md|markdown|html?)$/i.test(output))
    throw new UsageError(`-o ${output}: the file name must end in .md, .markdown, .html or .htm`);
  return { output, check, rest };
}

async function write(context: Context, output: string | undefined): Promise<boolean> {
  if (output !== undefined) refuseInputs(context.session, output);
  await writeDocument(output, await withProgress(reportOf(context)));
  return true;
}

async function compare(context: Context, path: string): Promise<boolean> {
  const text = inputText(path);
  const { blocks, edited } = await read(path, text);
  const checked = await withProgress(checkReport(context, blocks));
  process.stdout.write(checkText(checked, edited));
  return checked.differences.length === 0 && checked.incomplete.length === 0 && edited === undefined;
}

interface ReadReport {
  readonly blocks: readonly Block[];
  /** First line of an HTML page that was changed after it was written, counted from 1. */
  readonly edited: number | undefined;
}

/** @throws UsageError if the file is not a report */
async function read(path: string, text: string): Promise<ReadReport> {
  if (!isHtml(path)) return { blocks: blocksOf(text), edited: undefined };
  const { blocksOfHtml, htmlOf } = await import("../crash/report/html.ts");
  const blocks = blocksOfHtml(text);
  if (!blocks) throw new UsageError(`${path}: not a report that vmcore-debug wrote`);
  const [given, expected] = [text.split("\n"), htmlOf(blocks).split("\n")];
  const at = given.findIndex((line, index) => line !== expected[index]);
  return { blocks, edited: at < 0 && given.length === expected.length ? undefined : at + 1 };
}

/** Formats the result of a check. */
export function checkText({ commands, numbers, differences, incomplete }: CheckedReport, edited?: number): string {
  const lines = differences.flatMap(differenceLines);
  for (const command of incomplete)
    lines.push(
      `${oneLine(command)}: not compared, because a check of the analysis reached its time limit; run "report --check" again`,
    );
  if (edited !== undefined) lines.push(`line ${edited} of the page was changed after the report was written`);
  const wrong =
    differences.length === 0
      ? `all ${incomplete.length === 0 ? "" : "others "}agree with the dump`
      : `${differences.length} difference${differences.length === 1 ? "" : "s"}`;
  return `${[...lines, `${commands} commands and ${numbers} numbers of the text checked: ${wrong}`].map(printable).join("\n")}\n`;
}

const oneLine = (command: string): string => command.split("\n").join("; ");

function differenceLines({ command, line, reported, actual }: Difference): string[] {
  if (command === undefined) return [`number ${reported ?? ""} in the text is in no output of its section`];
  return [
    `${oneLine(command)}: line ${line}`,
    `  report: ${reported ?? "(no such line)"}`,
    `  dump:   ${actual ?? "(no such line)"}`,
  ];
}
