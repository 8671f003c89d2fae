/** Columns that tables of files have in common. */
import { fileType } from "../../../../linux/fs/inode.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Column } from "../../../../say/table.ts";

/** The type of a dentry's file, in the width of "SOCK". */
export const typeColumn = <Row>(dentry: (row: Row) => Obj): Column<Row> => ({
  kind: "text",
  title: "TYPE",
  about: "null for inodes of the kernel's own",
  width: 4,
  value: (row) => fileType(dentry(row).at("d_inode").deref()),
  absent: "UNKN",
});
