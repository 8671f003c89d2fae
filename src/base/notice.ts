/** Text of editor notifications. */
import { printable } from "./printable.ts";

/**
 * Escapes text for a VS Code notification, in which `[label](command:id)` would be a link that runs a command
 * (parseLinkedText in src/vs/base/common/linkedText.ts).
 */
export const noticeText = (text: string): string =>
  text
    .split("\n")
    .map(printable)
    .join("\n")
    .replace(/\]\((?=https?:|command:|file:)/gi, "] (");
