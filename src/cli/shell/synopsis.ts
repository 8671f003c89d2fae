/** Reads the usage text: the verbs with their options, and the options that all verbs have. */
import { usageText } from "../options.ts";

/** An option of the command line. */
export interface Flag {
  /** `--vmlinux`, `-c`. */
  readonly names: readonly string[];
  /** `FILE`, or the first form of a value with several, such as `[HOST:]PORT`; undefined for an option without a value. */
  readonly value: string | undefined;
  /** Empty for an option of a synopsis. */
  readonly help: string;
}

/** A verb of `vmcore-debug VERB ...`. */
export interface Synopsis {
  readonly verb: string;
  /** The lines after `vmcore-debug`. */
  readonly lines: readonly string[];
  readonly flags: readonly Flag[];
}

/** What each verb does. A test compares the names with those of the usage text. */
export const SUMMARIES: Readonly<Record<string, string>> = {
  analyze: "print what stopped the kernel, where and why",
  compare: "say whether two dumps show the same bug",
  completions: "print the completions for a shell",
  dap: "start the debug adapter",
  debuginfo: "list the debuginfo of a dump, and where it was searched",
  distill: "write a small dump to send",
  docs: "print a page of the documentation",
  doctor: "say whether this machine can write a crash dump",
  info: "describe a dump file by its headers",
  log: "explain the reports in a kernel log",
  man: "print the manual page",
  mcp: "serve tools for language models",
  notebook: "run a crash notebook",
  query: "answer a question in SQL",
  report: "write a document about the crash, or check one",
  sample: "open the sample dump",
  symbols: "list or remove files in the cache",
  triage: "record many dumps, grouped by bug",
};

/** The synopses without the first word, one for each line of the usage text. */
export const usageLines = (): readonly string[] =>
  [...usageText.matchAll(/^(?:Usage:|      ) vmcore-debug (.*)$/gm)].map(([, line = ""]) => line);

/** The verbs in the order of the usage text. */
export function synopses(): readonly Synopsis[] {
  const byVerb = new Map<string, string[]>();
  for (const line of usageLines()) {
    const verb = /^[a-z]+(?= |$)/.exec(line)?.[0];
    if (verb !== undefined) byVerb.set(verb, [...(byVerb.get(verb) ?? []), line]);
  }
  return [...byVerb].map(([verb, lines]) => ({ verb, lines, flags: lines.flatMap(flagsIn) }));
}

/** The options in a synopsis: `[--jobs N]`, `[-v | --markdown]`, `-o FILE`. */
function flagsIn(line: string): readonly Flag[] {
  return [...line.matchAll(/(?<![\w-])(--?[a-z][a-z-]*)(?: "?((?:\[HOST:\])?[A-Z]+(?:[/.|]+[A-Z]+)*))?/g)].map(
    ([, name = "", value]) => ({
      names: [name],
      value,
      help: "",
    }),
  );
}

/** The options with a line of their own, which all verbs with a dump have. */
export const commonFlags = (): readonly Flag[] =>
  [...usageText.matchAll(/^ {2}(?:(-\w), |    )(--[a-z-]+)(?: ([A-Z]+))? {2,}(.*(?:\n {20,}.*)*)$/gm)].map(
    ([, short, long = "", value, help = ""]) => ({
      names: short === undefined ? [long] : [short, long],
      value,
      help: help.replace(/\s+/g, " "),
    }),
  );

/** The sentences of the usage text between the synopses and the options, and after the options. */
export function paragraphs(): { readonly before: string; readonly after: string } {
  const [, before = "", , after = ""] = usageText.split("\n\n");
  return { before, after };
}
