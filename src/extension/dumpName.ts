/**
 * The names of dumps in the user interface. Dump files are usually named "vmcore", so the folder, the host and the
 * panic distinguish them. It imports nothing of vscode.
 */
import { basename, dirname } from "node:path";
import type { About } from "../protocol/custom.ts";

/** Maximum length of a title in characters, so that views have room for other text. */
const MAX_TITLE = 40;

/** Returns `202611211012/vmcore`. */
export function dumpName([first = ""]: readonly string[]): string {
  const folder = basename(dirname(first));
  return folder === "" || folder === "." ? basename(first) : `${folder}/${basename(first)}`;
}

/** Returns `202611211012/vmcore · web-07 · BUG: kernel NULL pointer dereference, a…`. */
export const crashName = (about: Pick<About, "vmcore" | "host" | "title" | "panicked">): string =>
  // Notifications show session names, and take `[label](command:id)` for a link.
  [dumpName(about.vmcore), about.host, shortTitle(about)].filter(Boolean).join(" · ").replaceAll("](", "] (");

/** Returns the oops or panic in a few words. */
export const titleOf = ({ title, panicked }: Pick<About, "title" | "panicked">): string =>
  title ?? (panicked === false ? "no panic" : "not known");

export function shortTitle(about: Pick<About, "title" | "panicked">): string {
  const title = titleOf(about);
  return title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title;
}

/** Whether a file's name matches a glob pattern of `editorAssociations`: `*`, `?` and `[0-9]`. */
export function matchesName(name: string, pattern: string): boolean {
  const source = pattern
    .replace(/[.+^${}()|\\]/g, "\\$&")
    .replace(/\*+/g, ".*")
    .replace(/\?/g, ".");
  try {
    return new RegExp(`^(?:${source})$`, "i").test(name);
  } catch (error) {
    if (error instanceof SyntaxError) return false;
    throw error;
  }
}
