/** Columns that several tables of files share. */
import { fileType } from "../../../../linux/fs/inode.ts";
import type { Obj } from "../../../../model/object.ts";
import type { Column } from "../../../../say/table.ts";

/** A column with the type of a dentry's file, as wide as "SOCK". */
export const typeColumn = <Row>(dentry: (row: Row) => Obj): Column<Row> => ({
  kind: "text",
  title: "TYPE",
  about: "null for inodes that the kernel uses internally",
  width: 4,
  value: (row) => fileType(dentry(row).at("d_inode").deref()),
  absent: "UNKN",
});
