/** Converts the sentences of findings to lines with links. */
import { type Reference, referenceText, type Sentence } from "../../../../insight/finding.ts";
import type { Line, Span } from "../../../../say/piece.ts";

/** Converts a sentence to a line with links. */
export const sentenceSpans = (sentence: Sentence): Line =>
  sentence.map((part) => (typeof part === "string" ? part : referenceSpan(part)));

function referenceSpan(reference: Reference): Span {
  const text = referenceText(reference);
  switch (reference.kind) {
    case "address":
    case "lock":
      return { as: "address", text, address: reference.address };
    case "symbol":
    case "task":
      return { as: reference.kind, text, address: reference.address };
    case "source":
      return { as: "source", text, file: reference.file, line: reference.line };
    default:
      return text;
  }
}
