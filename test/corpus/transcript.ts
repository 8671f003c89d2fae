import { mkdtempSync, readFileSync, rmSync, writeFileSync, existsSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cli, type CorpusDump, corpus } from "./corpus.ts";

/** One recorded command line and the file with crash's answer. */
export interface Recorded {
  readonly line: string;
  readonly file: string;
}

/** Internals of crash, its manual pages, the end of the session: not ours to agree with. */
const notCompared = /^(help|exit)\b/;

export function recorded(ref: string): Recorded[] {
  return readFileSync(join(ref, "commands.txt"), "utf8")
    .split("\n")
    .flatMap((line) => {
      const match = /^(.*) > (\S+)$/.exec(line);
      return match && !notCompared.test(line) ? [{ line: match[1]!, file: match[2]! }] : [];
    });
}

/**
 * Lines as they are compared: runs of white space are one, blank lines none.
 *
 * Two prefixes of paths are left out. gdb puts the directory of the compilation before relative names of source
 * files, and crash cuts it off at a "/./" or not at all; ours are as debuginfo spells them, below the source tree.
 * Modules' object files lie in another directory here than on the machine where crash was run.
 */
export const normal = (text: string): string[] =>
  text
    .split("\n")
    .map((line) =>
      line
        .replace(/\s+/g, " ")
        .trim()
        .replace(/\bdebian\/build\/build_\w+(?:-\w+)*\//g, "")
        .replace(/(?:\.\.\/)+(?=\w)/g, "")
        .replace(/(?<= )\S*\/(?=[\w-]+\.ko$)/, ""),
    )
    .filter((line) => line !== "");

export interface Session {
  /** Our answer to a recorded command line, normalised; undefined when the session did not get that far. */
  answer(file: string): string[] | undefined;
  readonly stderr: string;
  close(): void;
}

/** Runs the recorded lines as one session in their order: `mod -s` changes what follows. */
export function runSession(
  dump: CorpusDump,
  lines: readonly Recorded[],
  vmlinux: string | undefined,
  modules: string | undefined,
): Session {
  const folder = mkdtempSync(join(tmpdir(), "vmcore-session-"));
  const here = (line: string): string =>
    line
      .replace(/(?<= )modules\/(?=\w+\.ko)/, `${join(corpus, dump.family, "modules")}/`)
      .replace(/\/usr\/lib\/debug\/lib\/modules\/\S+/, modules ?? "$&");
  const input = join(folder, "input");
  writeFileSync(input, lines.map(({ line, file }) => `${here(line)} > ${join(folder, file)}`).join("\n") + "\nexit\n");
  const { stderr } = cli(...(vmlinux ? [vmlinux] : []), dump.vmcore, "--no-rc", "--no-search", "-s", "-i", input);
  return {
    stderr,
    answer(file) {
      const path = join(folder, file);
      return existsSync(path) ? normal(readFileSync(path, "utf8")) : undefined;
    },
    close: () => rmSync(folder, { recursive: true }),
  };
}

/** Which lines of `theirs` stand in `ours` in the same order: the longest common subsequence, as indexes. */
export function agreeing(
  ours: readonly string[],
  theirs: readonly string[],
): { ours: Set<number>; theirs: Set<number> } {
  const result = { ours: new Set<number>(), theirs: new Set<number>() };
  let start = 0;
  while (start < ours.length && start < theirs.length && ours[start] === theirs[start]) {
    result.ours.add(start);
    result.theirs.add(start++);
  }
  let [a, b] = [ours.length, theirs.length];
  while (a > start && b > start && ours[a - 1] === theirs[b - 1]) {
    result.ours.add(--a);
    result.theirs.add(--b);
  }
  const width = b - start + 1;
  const table = new Uint16Array((a - start + 1) * width);
  for (let i = a - 1; i >= start; i--) {
    for (let j = b - 1; j >= start; j--) {
      const at = (i - start) * width + (j - start);
      table[at] = ours[i] === theirs[j] ? table[at + width + 1]! + 1 : Math.max(table[at + width]!, table[at + 1]!);
    }
  }
  for (let i = start, j = start; i < a && j < b;) {
    const at = (i - start) * width + (j - start);
    if (ours[i] === theirs[j]) {
      result.ours.add(i++);
      result.theirs.add(j++);
    } else if (table[at + width]! >= table[at + 1]!) i++;
    else j++;
  }
  return result;
}
