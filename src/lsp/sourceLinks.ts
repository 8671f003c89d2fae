import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DocumentLink } from "vscode-languageserver/node";
import { fileUri } from "./hover.ts";
import { type Word, wordsOf } from "./word.ts";

/** Directories that source files are looked for in, and what was found. */
export class SourceRoots {
  private readonly roots: readonly string[];
  private readonly found = new Map<string, string | undefined>();

  constructor(roots: readonly string[]) {
    this.roots = roots;
  }

  /** `kernel/panic.c` on this machine. A log is no one to name files outside of the roots. */
  find(file: string): string | undefined {
    if (!this.found.has(file)) {
      const isWithin = !file.startsWith("/") && !file.split("/").includes("..");
      const paths = isWithin ? this.roots.map((root) => join(root, file)) : [];
      this.found.set(
        file,
        paths.find((path) => existsSync(path)),
      );
    }
    return this.found.get(file);
  }
}

/** Links of `file.c:123` to files that are there, and of kernel addresses, where a line's are, to what lies there. */
export function documentLinks(
  lines: readonly string[],
  roots: SourceRoots,
  isLinked: (line: number) => boolean,
): DocumentLink[] {
  const links: DocumentLink[] = [];
  lines.forEach((text, line) => {
    for (const word of wordsOf(text)) {
      const target = targetOf(word, roots, isLinked(line));
      if (target === undefined) continue;
      const range = { start: { line, character: word.start }, end: { line, character: word.end } };
      links.push({ range, ...target });
    }
  });
  return links;
}

function targetOf(word: Word, roots: SourceRoots, isLinked: boolean): { target: string; tooltip?: string } | undefined {
  if (word.kind === "source") {
    const path = roots.find(word.file);
    return path === undefined ? undefined : { target: `${fileUri(path)}#L${word.line}` };
  }
  if (word.kind !== "address" || !isLinked || !isKernelAddress(word.value)) return undefined;
  const argument = encodeURIComponent(JSON.stringify([`0x${word.value.toString(16)}`]));
  return { target: `command:vmcore.goTo?${argument}`, tooltip: "Go to this address in the open dump" };
}

/** Upper half of 64 bits. Other words of a log may be addresses too, but need not. */
const isKernelAddress = (value: bigint): boolean => value >= 0xff00000000000000n && value < 0xfffffffffffff000n;
