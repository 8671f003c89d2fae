/** Links source files and addresses in logs. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import type { DocumentLink } from "vscode-languageserver/node";
import { hex0x } from "../base/hex.ts";
import { fileUri } from "../base/markdown.ts";
import { treePath } from "./treePath.ts";
import { type Word, wordsOf } from "../log/words.ts";

/** Directories to search for source files, with a cache of the results. */
export class SourceRoots {
  private readonly roots: readonly string[];
  private readonly found = new Map<string, string | undefined>();

  constructor(roots: readonly string[]) {
    this.roots = roots;
  }

  /**
   * Returns the path of a file such as `kernel/panic.c` on this machine; undefined if there is none. Files outside the
   * roots are refused, because a log is not trusted.
   */
  find(file: string): string | undefined {
    if (!this.found.has(file)) {
      // The directories of the build machine do not exist here: `/build/linux-6.1/kernel/panic.c`.
      const names = file.split("/").includes("..") ? [] : [file, treePath(file) ?? file];
      const paths = names
        .filter((name) => !name.startsWith("/"))
        .flatMap((name) => this.roots.map((root) => join(root, name)));
      this.found.set(
        file,
        paths.find((path) => existsSync(path)),
      );
    }
    return this.found.get(file);
  }
}

/** Maximum number of files that are looked for in the open dump. A stack names about a hundred files. */
const MAX_REQUESTS = 500;

/** Matches lines that may name a source file; others are not split into words. */
const MENTIONS_SOURCE = /\.(?:[chS]|rs): ?\d/;

/** Finds the source files that lines name: under the roots, or else with `ask`, which looks for one in the open dump. */
export async function sourceFiles(
  lines: readonly string[],
  roots: SourceRoots,
  ask: ((file: string) => Promise<string | undefined>) | undefined,
): Promise<ReadonlyMap<string, string>> {
  const named = new Set<string>();
  for (const text of lines) {
    if (!MENTIONS_SOURCE.test(text)) continue;
    for (const word of wordsOf(text)) if (word.kind === "source") named.add(word.file);
  }
  const found = new Map<string, string>();
  let asked = 0;
  for (const file of named) {
    const path = roots.find(file) ?? (asked++ < MAX_REQUESTS ? await ask?.(file) : undefined);
    if (path !== undefined) found.set(file, path);
  }
  return found;
}

/**
 * Returns links of `file.c:123` to existing files, and of kernel addresses to the dump on lines that `isLinked`
 * accepts.
 */
export function documentLinks(
  lines: readonly string[],
  files: ReadonlyMap<string, string>,
  isLinked: (line: number) => boolean,
): DocumentLink[] {
  const links: DocumentLink[] = [];
  lines.forEach((text, line) => {
    const linked = isLinked(line);
    if (!linked && !MENTIONS_SOURCE.test(text)) return;
    for (const word of wordsOf(text)) {
      const target = targetOf(word, files, linked);
      if (target === undefined) continue;
      // The link covers the value of a register, not its name.
      const start = word.kind === "register" ? word.end - trailingDigits(text.slice(word.start, word.end)) : word.start;
      const range = { start: { line, character: start }, end: { line, character: word.end } };
      links.push({ range, ...target });
    }
  });
  return links;
}

/** Returns the number of hexadecimal digits at the end of a text. */
const trailingDigits = (text: string): number => /(?<![0-9a-fx])[0-9a-fx]*$/.exec(text)?.[0].length ?? 0;

function targetOf(
  word: Word,
  files: ReadonlyMap<string, string>,
  isLinked: boolean,
): { target: string; tooltip?: string } | undefined {
  if (word.kind === "source") {
    const path = files.get(word.file);
    return path === undefined ? undefined : { target: `${fileUri(path)}#L${word.line}` };
  }
  const isAddress = word.kind === "address" || word.kind === "register";
  if (!isAddress || !isLinked || !isKernelAddress(word.value)) return undefined;
  const argument = encodeURIComponent(JSON.stringify([hex0x(word.value)]));
  return { target: `command:vmcore.goTo?${argument}`, tooltip: "Go to this address in the open dump" };
}

/**
 * Whether a value is an address of the kernel on every 64-bit machine whose kernel has the highest 2^56 bytes; the last page
 * is left out, because it has errors in pointers. Other values may be addresses too, those of ppc64le begin with 0xc,
 * but registers of other machines have such values as well.
 */
const isKernelAddress = (value: bigint): boolean => value >= 0xff00000000000000n && value < 0xfffffffffffff000n;
