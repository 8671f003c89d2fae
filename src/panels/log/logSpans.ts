/** The parts of a log line, as templates and as text. */
import { html, type TemplateResult } from "lit-html";
import { demangleRustIn } from "../../base/rust/demangle.ts";
import { link } from "../links.ts";
import { splitAtMatches, type LogSpan } from "./logText.ts";
import type { SelectedPiece } from "../selection.ts";

/**
 * Returns a part of a line with the search matches marked; a Rust symbol is demangled, with its mangled name as the
 * tooltip.
 */
export function spanContent({ text, target, kind }: LogSpan, pattern: RegExp | undefined): unknown {
  const shown = kind === "code" ? demangleRustIn(text) : text;
  const pieces = splitAtMatches(shown, pattern).map((piece, i) => (i % 2 === 1 ? html`<mark>${piece}</mark>` : piece));
  const marked = shown === text ? pieces : html`<span title=${text}>${pieces}</span>`;
  if (target === undefined || kind === undefined) return marked;
  return link(marked, target, LINKS[kind]);
}

const LINKS = { code: "place", address: "place", source: "source", pid: "task", module: "module" } as const;

/**
 * Returns a shorter source position: kernel sources keep their path in the source tree, absolute paths only the file
 * name.
 */
export const shortened = (source: string): string =>
  source.startsWith("/") ? source.slice(source.lastIndexOf("/") + 1) : source;

/** The separator between the position of an inlined call and the position that it is inlined at. */
export const INLINED_INTO = " < ";

/**
 * Returns the caller of a message; a task is a link. `T169` is a task, `C1` a CPU (kernel/printk/printk.c:
 * print_caller); T0 can be the idle task of any CPU.
 */
export function callerContent(caller: string): TemplateResult | string {
  const pid = /^T([1-9]\d*)$/.exec(caller)?.[1];
  return pid === undefined ? caller : link(caller, pid, "task");
}

/**
 * Returns a line in the format of the kernel's console: time of 12 characters, caller of 6 (kernel/printk/printk.c:
 * info_print_prefix).
 */
export function plainLine(time: string, caller: string | undefined, text: string): string {
  return `${stamp(time)}${caller === undefined ? "" : callerStamp(caller)} ${text}`;
}

const stamp = (time: string): string => `[${time.padStart(12)}]`;
const callerStamp = (caller: string): string => `[${caller.padStart(6)}]`;

/** Returns the text of a partly selected line; columns that are selected completely have the format of `plainLine`. */
export const selectedPart = (pieces: readonly SelectedPiece[]): string =>
  pieces
    .filter(({ text }) => text !== "")
    .map(({ element, text, isWhole }, i) => {
      const isTime = element.className === "time";
      const isCaller = element.className === "caller";
      if (isWhole && isTime) return stamp(text);
      if (isWhole && isCaller) return callerStamp(text);
      return i === 0 || isTime ? text : ` ${text}`;
    })
    .join("");
