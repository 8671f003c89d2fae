/** The verb `man`: prints the manual page vmcore-debug(1). */
import manifest from "../../../package.json" with { type: "json" };
import { commands } from "../../crash/commands.ts";
import { EXIT_ANSWERED } from "../exit.ts";
import { commonFlags, paragraphs, SUMMARIES, synopses, usageLines } from "./synopsis.ts";

/** Runs `vmcore-debug man`. @returns the exit status */
export function man(): number {
  process.stdout.write(manPage());
  return EXIT_ANSWERED;
}

/** Text for troff: backslashes and hyphens escaped, and no control character at the start of a line (groff(7)). */
const roff = (text: string): string =>
  text
    .replace(/\\/g, "\\e")
    .replace(/-/g, "\\-")
    .replace(/^(?=[.'])/gm, "\\&");

const section = (title: string, ...lines: readonly string[]): string => [`.SH ${title}`, ...lines].join("\n");
const entry = (term: string, text: string): string => `.TP\n.B ${roff(term)}\n${roff(text)}`;

/** Returns the page in the macros of man(7). */
export function manPage(): string {
  const { before, after } = paragraphs();
  return `${[
    `.TH VMCORE\\-DEBUG 1 "" "vmcore\\-debug ${roff(manifest.version)}" "User Commands"`,
    section("NAME", "vmcore\\-debug \\- debug Linux kernel crash dumps"),
    section("SYNOPSIS", ...usageLines().map((line) => `.B vmcore\\-debug\n${roff(line)}\n.br`)),
    section("DESCRIPTION", roff(before)),
    section("VERBS", ...synopses().map(({ verb }) => entry(verb, SUMMARIES[verb] ?? ""))),
    section("OPTIONS", ...commonFlags().map(({ names, value, help }) => entry([names.join(", "), value].filter(Boolean).join(" "), help))), // prettier-ignore
    section("COMMANDS", 'Commands of the prompt, of \\-c and of \\-i. "help NAME" explains one.', ...commands().map(({ name, summary }) => entry(name, summary))), // prettier-ignore
    section("NOTES", roff(after.trim())),
    section(
      "FILES",
      entry("~/.vmcoredebugrc, ~/.crashrc", "commands that run first"),
      entry("~/.cache/vmcore-debug", "indexes of debuginfo, copies of source archives, compiled code; may be deleted"),
    ),
    section(
      "ENVIRONMENT",
      entry("DEBUGINFOD_URLS", "servers from which missing debuginfo is downloaded"),
      entry("XDG_CACHE_HOME", "the directory of the cache instead of ~/.cache"),
    ),
    section("SEE ALSO", ".BR crash (8),\n.BR makedumpfile (8),\n.BR kdump\\-config (8),\n.BR debuginfod\\-find (1)"),
  ].join("\n")}\n`;
}
