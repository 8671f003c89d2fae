import type { TextDocument } from "vscode-languageserver-textdocument";
import { type KernelLog, readKernelLog } from "./kernelLog.ts";

/** A document as lines, and what was read in it. */
export interface LogText {
  readonly lines: readonly string[];
  readonly log: KernelLog;
}

/** Documents read once a version. */
export class LogTexts {
  private readonly known = new Map<string, { version: number; text: LogText }>();

  of(document: TextDocument): LogText {
    const known = this.known.get(document.uri);
    if (known?.version === document.version) return known.text;
    // As the protocol and its documents count lines: `\r` alone ends one as well.
    const lines = document.getText().split(/\r\n|\n|\r/);
    const text = { lines, log: readKernelLog(lines) };
    this.known.set(document.uri, { version: document.version, text });
    return text;
  }

  forget(document: TextDocument): void {
    this.known.delete(document.uri);
  }
}
