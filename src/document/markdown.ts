/** Writes blocks as Markdown, and reads them from it. */
import { markdownBlock } from "../base/markdown.ts";
import type { Block } from "./block.ts";

/** Name of the fenced blocks that contain commands. */
const COMMAND_FENCE = "crash";
/** Name of the fenced block with the output of the commands above it. */
const OUTPUT_FENCE = "text";

const MARKS = { 1: "#", 2: "##", 3: "###" } as const;

/** Returns a document as Markdown. Each command is in a fence named `crash`, its output in a fence named `text` below. */
export const markdownOf = (blocks: readonly Block[]): string => `${blocks.map(blockMarkdown).join("\n\n")}\n`;

function blockMarkdown(block: Block): string {
  switch (block.kind) {
    case "heading":
      return `${MARKS[block.level]} ${block.text}`;
    case "text":
      return block.text;
    case "command": {
      const commands = markdownBlock(block.lines.split("\n"), COMMAND_FENCE);
      return block.output === undefined
        ? commands
        : `${commands}\n\n${markdownBlock(block.output === "" ? [] : block.output.split("\n"), OUTPUT_FENCE)}`;
    }
  }
}

/** A part of a Markdown file: a fenced block, or the lines between two of them. */
interface Part {
  /** Name after the opening fence; undefined for lines outside of fences. */
  readonly fence: string | undefined;
  readonly lines: readonly string[];
  /** The part as it is in the file. */
  readonly raw: readonly string[];
}

/**
 * Reads a document. A `text` fence directly after a `crash` fence is the output of its commands; any other fence is
 * text.
 */
export function blocksOf(markdown: string): Block[] {
  const blocks: Block[] = [];
  const parts = partsOf(markdown.split(/\r?\n/));
  for (let at = 0; at < parts.length; at++) {
    const part = parts[at]!;
    if (part.fence !== COMMAND_FENCE) {
      blocks.push(...textBlocks(part.raw, part.fence === undefined));
      continue;
    }
    const next = parts[at + 1]?.fence === undefined && isBlank(parts[at + 1]) ? at + 2 : at + 1;
    const output = parts[next]?.fence === OUTPUT_FENCE ? parts[next] : undefined;
    blocks.push({ kind: "command", lines: part.lines.join("\n"), output: output?.lines.join("\n") });
    if (output) at = next;
  }
  return joined(blocks);
}

const isBlank = (part: Part | undefined): boolean =>
  part !== undefined && part.lines.every((line) => line.trim() === "");

function partsOf(lines: readonly string[]): Part[] {
  const parts: Part[] = [];
  let at = 0;
  while (at < lines.length) {
    const open = /^(`{3,})([\w-]*)[^`]*$/.exec(lines[at]!);
    let end = at + 1;
    if (open) {
      const [, ticks = "", name = ""] = open;
      while (end < lines.length && !isClosing(lines[end]!, ticks.length)) end++;
      parts.push({ fence: name, lines: lines.slice(at + 1, end), raw: lines.slice(at, end + 1) });
      at = end + 1;
    } else {
      while (end < lines.length && !/^`{3,}[^`]*$/.test(lines[end]!)) end++;
      const text = lines.slice(at, end);
      parts.push({ fence: undefined, lines: text, raw: text });
      at = end;
    }
  }
  return parts;
}

function isClosing(line: string, ticks: number): boolean {
  const trimmed = line.trimEnd();
  return trimmed.length >= ticks && /^`+$/.test(trimmed);
}

/** Splits lines at headings. @param hasHeadings false for a fenced block, in which `#` begins no heading */
function textBlocks(lines: readonly string[], hasHeadings: boolean): Block[] {
  const blocks: Block[] = [];
  let text: string[] = [];
  const end = (): void => {
    const whole = text
      .join("\n")
      .replace(/^\s*\n/, "")
      .trimEnd();
    if (whole !== "") blocks.push({ kind: "text", text: whole });
    text = [];
  };
  for (const line of lines) {
    const [, marks = "", title = ""] = (hasHeadings && /^(#{1,3}) +(.*)$/.exec(line)) || [];
    if (marks === "") text.push(line);
    else {
      end();
      blocks.push({ kind: "heading", level: marks.length as 1 | 2 | 3, text: title.trimEnd() });
    }
  }
  end();
  return blocks;
}

/** Joins text blocks that follow each other, because a fence that is text was read as a block of its own. */
function joined(blocks: readonly Block[]): Block[] {
  const result: Block[] = [];
  for (const block of blocks) {
    const last = result.at(-1);
    if (block.kind === "text" && last?.kind === "text")
      result[result.length - 1] = { kind: "text", text: `${last.text}\n\n${block.text}` };
    else result.push(block);
  }
  return result;
}
