/** Converts the sentences of findings to lines with links. */
import { hex, hex0x } from "../../../../base/hex.ts";
import type { Reference, Sentence } from "../../../../insight/finding.ts";
import { type Line, type Span, spanText } from "../../../../say/piece.ts";

/** Converts a sentence to a line with links. */
export const sentenceSpans = (sentence: Sentence): Line =>
  sentence.map((part) => (typeof part === "string" ? part : referenceSpan(part)));

export const sentenceText = (sentence: Sentence): string => sentenceSpans(sentence).map(spanText).join("");

function referenceSpan(reference: Reference): Span {
  switch (reference.kind) {
    case "address":
      return { as: "address", text: hex(reference.address), address: reference.address };
    case "symbol":
      return { as: "symbol", text: reference.name, address: reference.address };
    case "task":
      return { as: "task", text: `${reference.comm} [${reference.pid}]`, address: reference.address };
    case "cpu":
      return `CPU ${reference.cpu}`;
    case "source":
      return {
        as: "source",
        text: `${reference.file}:${reference.line}`,
        file: reference.file,
        line: reference.line,
      };
    case "log":
      return `"${reference.text.trim()}"`;
    case "module":
      return reference.name;
    case "lock":
      return {
        as: "address",
        text: reference.name ?? `${reference.type} ${hex0x(reference.address)}`,
        address: reference.address,
      };
    case "page":
      return `page frame ${reference.pfn}`;
    case "code":
      return reference.text;
    case "command":
      return reference.line;
  }
}
