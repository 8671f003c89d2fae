import type { FileType } from "../../../../linux/fs/inode.ts";
import type { Cell } from "../../../../say/cell.ts";
import { left } from "../../../../render/pad.ts";
import type { Span } from "../../../../say/piece.ts";

/** Width of "SOCK" and of "UNKN", which stands for inodes of the kernel's own. */
const TYPE_WIDTH = 4;

/** The column of a file's type, and the blank behind it. */
export const typeColumn = ({ span, json }: Cell): readonly Span[] => [
  ...left(json === undefined ? ("UNKN" satisfies Exclude<string, FileType>) : span, TYPE_WIDTH),
  " ",
];
