import { isUnreadable } from "./openError.ts";
import { readBytes } from "../../base/file.ts";
import { Fault } from "../../base/fault.ts";
import { isText } from "../../dump/recognize.ts";
import { openNamed } from "./vmlinux.ts";

/** Whether a file that was taken for a dump is text; false where it cannot be read. */
export function isTextFile(path: string): boolean {
  try {
    const file = openNamed(path, "dump");
    try {
      const head = readBytes(file, 0, 512);
      return !(head instanceof Fault) && isText(head);
    } finally {
      file.close();
    }
  } catch (error) {
    // Why it cannot be opened was said already.
    if (isUnreadable(error)) return false;
    throw error;
  }
}
