/**
 * Lines in which we and crash legitimately differ, each with its reason: a kernel file, the disassembler's spelling,
 * a known fault of crash. A row explains lines of either side.
 */
export const transcriptDifferences: readonly {
  /** Which dumps, by "NAME vmlinux" or "NAME bare"; all unless given. */
  readonly dump?: RegExp;
  /** The command line as recorded. */
  readonly command: RegExp;
  /** The normalised line. */
  readonly pattern: RegExp;
  readonly reason: string;
}[] = [{ command: /^sys$/, pattern: /^(KERNEL|DUMPFILE): /, reason: "paths as they were given" }];
