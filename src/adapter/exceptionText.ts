import type { Summary } from "../log/summary.ts";
import type { Oops } from "../linux/printk/oops.ts";

/**
 * A crash in the few lines that an editor has room for below the faulting one. Registers have their scope, the stack
 * its view, and the log has the whole report.
 */

/** Characters that fit beside the side bar of a small window. */
const MAX_LENGTH = 90;

/** What no line of a report that is shown comes near to, so that no pattern below meets more. */
const MAX_READ = 400;

/** Where the crash was, as each architecture's show_regs() begins: on which CPU and in which task, and at what code. */
const WHERE: readonly RegExp[] = [/^CPU: \d+ /, /^(RIP: |EIP: |pc : |PC is at |Krnl PSW : |NIP \[|epc : )/];

/** Where a report happened, in the kernel's own words. */
export function whereText({ lines }: Oops): string[] {
  return WHERE.flatMap((pattern) => lines.find((line) => pattern.test(line)) ?? []).map(exceptionLine);
}

/** What the report means, in the first sentence of its explanation. */
export const meaningLine = ({ explanation }: Summary): string =>
  exceptionLine(explanation.replaceAll("`", "").replace(/(?<=\w{2}[)”"]?\.) [A-Z][^]*$/, ""));

/**
 * A line with nothing in it that an editor takes for the path of a file: sizes of functions and folders of sources are
 * left out, what else has a slash gets one that looks the same (U+2215).
 */
export function exceptionLine(text: string): string {
  const line = plain(
    text
      .slice(0, MAX_READ)
      .replace(/(\+0x[0-9a-f]+)\/0x[0-9a-f]+/g, "$1")
      .replace(/(?:[\w.-]{1,64}\/){1,16}([\w.-]{1,64}\.[chS]\b)/g, "$1"),
  );
  return line.length > MAX_LENGTH ? `${line.slice(0, MAX_LENGTH - 1)}…` : line;
}

/** Each slash is replaced by one that looks the same: an editor takes a text with slashes for the path of a file. */
const plain = (text: string): string => text.replace(/\s+/g, " ").trim().replaceAll("/", "∕");
