/** Keeps the parsed text of open documents. */
import { TextDocument } from "vscode-languageserver-textdocument";
import type { TextDocumentContentChangeEvent, TextDocumentsConfiguration } from "vscode-languageserver/node";
import { KernelLog } from "../log/kernelLog.ts";
import { splitLines } from "../log/lines.ts";

/** The lines of a document, and the log parsed from them. */
export interface LogText {
  readonly lines: readonly string[];
  readonly log: KernelLog;
}

/** Parses documents as logs: completely when opened, and around each edit. */
export class LogTexts {
  private readonly known = new Map<string, LogText>();

  /** Creates and updates documents, and parses them. */
  readonly configuration: TextDocumentsConfiguration<TextDocument> = {
    create: (uri, language, version, content) => {
      this.known.set(uri, textOf(splitLines(content)));
      return TextDocument.create(uri, language, version, content);
    },
    update: (document, changes, version) => {
      let text = this.known.get(document.uri);
      for (const change of changes) text = text && changed(text, change);
      const updated = TextDocument.update(document, changes, version);
      // An edit between the CR and LF of a line end changes more lines than its range states; parse the whole text
      // again.
      const isSame = text !== undefined && text.lines.length === updated.lineCount;
      this.known.set(document.uri, isSame && text ? text : textOf(splitLines(updated.getText())));
      return updated;
    },
  };

  of({ uri }: TextDocument): LogText {
    return this.known.get(uri) ?? textOf([]);
  }

  forget({ uri }: TextDocument): void {
    this.known.delete(uri);
  }
}

const textOf = (lines: readonly string[]): LogText => ({ lines, log: KernelLog.of(lines) });

function changed({ lines, log }: LogText, change: TextDocumentContentChangeEvent): LogText {
  if (!("range" in change)) return textOf(splitLines(change.text));
  const last = lines.length - 1;
  const { start, end } = change.range;
  const from = Math.min(start.line, last);
  const to = Math.min(end.line, last);
  const before = start.line > last ? (lines[from] ?? "") : (lines[from] ?? "").slice(0, start.character);
  const after = end.line > last ? "" : (lines[to] ?? "").slice(end.character);
  const given = splitLines(before + change.text + after);
  return {
    lines: lines.slice(0, from).concat(given, lines.slice(to + 1)),
    log: log.edited(from, to - from + 1, given),
  };
}
