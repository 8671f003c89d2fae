import type { Column } from "./cells.ts";

/** Why a cell falls short. Each was looked into; a cell without a cause fails the matrix. */
export const causes: readonly {
  /** Names of rows. */
  readonly row: RegExp;
  readonly column: Column;
  readonly mode?: "vmlinux" | "bare";
  readonly cause: string;
}[] = [
  {
    row: /^arm64-(?!6\.12$)/,
    column: "kmem -i",
    mode: "bare",
    cause:
      "the kernel has no CONFIG_KALLSYMS_ALL: the dump does not name the variables of swap and of the commit limit",
  },
];
