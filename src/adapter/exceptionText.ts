/** Shortens lines of an oops for the exception widget of the editor. */
import type { Summary } from "../log/summary.ts";
import { siteOf } from "../log/machines.ts";
import type { Oops } from "../linux/printk/oops.ts";

/** Maximum number of characters per line that fit into a small window with the side bar open. */
const MAX_LINE_LENGTH = 90;

/** Maximum number of characters of a line that the patterns read. */
const MAX_READ = 400;

/** The lines with CPU, task and code location that each architecture's show_regs() prints first. */
const PLACE_LINES: readonly RegExp[] = [/^CPU: \d+ /, /^(RIP: |EIP: |pc : |PC is at |Krnl PSW : |NIP \[|epc : )/];

/**
 * Returns the lines of the oops that say where it happened, in the kernel's words. Registers of user mode do not: they
 * are those of the system call in which the task was.
 */
export function whereText({ lines }: Pick<Oops, "lines">): string[] {
  return PLACE_LINES.flatMap(
    (pattern) => lines.find((line) => pattern.test(line) && siteOf(line)?.isUser !== true) ?? [],
  ).map(exceptionLine);
}

/** Returns the first sentence of the explanation of the report. */
export const meaningLine = ({ explanation }: Summary): string =>
  exceptionLine(explanation.replaceAll("`", "").replace(/(?<=\w{2}[)”"]?\.) [A-Z][^]*$/, ""));

/**
 * Shortens a line and removes text that an editor takes for a file path: drops the sizes of functions (`/0x40`) and the
 * folders of source files, and replaces each remaining slash by U+2215.
 */
export function exceptionLine(text: string): string {
  const line = withoutLinks(
    text
      .slice(0, MAX_READ)
      .replace(/(\+0x[0-9a-f]+)\/0x[0-9a-f]+/g, "$1")
      .replace(/(?:[\w.-]{1,64}\/){1,16}([\w.-]{1,64}\.[chS]\b)/g, "$1"),
  );
  return line.length > MAX_LINE_LENGTH ? `${line.slice(0, MAX_LINE_LENGTH - 1)}…` : line;
}

/** Replaces slashes by U+2215, which looks the same, because the editor makes a link of text with slashes. */
const withoutLinks = (text: string): string => text.replace(/\s+/g, " ").trim().replaceAll("/", "∕");
