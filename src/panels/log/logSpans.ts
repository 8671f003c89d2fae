import { html, type TemplateResult } from "lit-html";
import { demangleRustIn } from "../../base/rust/demangle.ts";
import { link } from "../links.ts";
import { hits, type LogSpan } from "./logText.ts";
import type { SelectedPiece } from "../selection.ts";

/** The pieces of a line of the log, as the page shows them and as text. */

/** A piece of a line, with what is searched marked; a Rust symbol demangled, its own name on hover. */
export function spanContent({ text, target, kind }: LogSpan, pattern: RegExp | undefined): unknown {
  const shown = kind === "code" ? demangleRustIn(text) : text;
  const pieces = hits(shown, pattern).map((piece, i) => (i % 2 === 1 ? html`<mark>${piece}</mark>` : piece));
  const marked = shown === text ? pieces : html`<span title=${text}>${pieces}</span>`;
  if (target === undefined || kind === undefined) return marked;
  return link(marked, target, LINKS[kind]);
}

const LINKS = { code: "place", address: "place", source: "source", pid: "task", module: "module" } as const;

/** Kernel sources are named from the root of their tree; of others the name is enough. */
export const shortened = (source: string): string =>
  source.startsWith("/") ? source.slice(source.lastIndexOf("/") + 1) : source;

/** Between the place of what is inlined and the place that it is inlined at. */
export const INLINED_INTO = " < ";

/** `T169` is a task, `C1` a CPU (kernel/printk/printk.c: print_caller); T0 may be any CPU's idle task. */
export function callerContent(caller: string): TemplateResult | string {
  const pid = /^T([1-9]\d*)$/.exec(caller)?.[1];
  return pid === undefined ? caller : link(caller, pid, "task");
}

/** A line as the kernel's console has it: time of 12 characters, caller of 6 (kernel/printk/printk.c: info_print_prefix). */
export function plainLine(time: string, caller: string | undefined, text: string): string {
  return `${stamp(time)}${caller === undefined ? "" : callerStamp(caller)} ${text}`;
}

const stamp = (time: string): string => `[${time.padStart(12)}]`;
const callerStamp = (caller: string): string => `[${caller.padStart(6)}]`;

/** A line of which not all is selected: its columns, those that are whole as `plainLine` has them. */
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
