import { printable } from "./printable.ts";

/**
 * Sentences for an editor's notification, with what a dump or a file's name says as it is: in those of VS Code
 * `[label](command:id)` is a link that runs a command (parseLinkedText in src/vs/base/common/linkedText.ts).
 */
export const noticeText = (text: string): string =>
  text
    .split("\n")
    .map(printable)
    .join("\n")
    .replace(/\]\((?=https?:|command:|file:)/gi, "] (");
