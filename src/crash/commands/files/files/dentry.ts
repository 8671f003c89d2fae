/** Implements `files -d`: shows one dentry. */
import { attempt, Fault } from "../../../../base/fault.ts";
import { dentryAt, dentryPath } from "../../../../linux/fs/dcache.ts";
import { mountNamespace, mountOfSuper } from "../../../../linux/fs/mount.ts";
import { findTask } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { table } from "../../../../render/layout.ts";
import type { Pieces } from "../../../../say/piece.ts";
import type { Table } from "../../../../say/table.ts";
import { typeColumn } from "./columns.ts";

/** The table of dentries. A row is a `struct dentry`. */
export const dentriesTable: Table<Obj> = {
  columns: {
    dentry: { kind: "address", title: "DENTRY", titleAlign: "center", value: ({ address }) => address },
    inode: { kind: "address", title: "INODE", titleAlign: "center", value: (dentry) => dentry.at("d_inode").value() },
    superBlock: {
      kind: "address",
      title: "SUPERBLK",
      titleAlign: "center",
      value: (dentry) => dentry.at("d_sb").value(),
    },
    type: typeColumn((dentry) => dentry),
    path: {
      kind: "text",
      title: "PATH",
      value: (dentry) => dentryPath({ mount: mountedAs(dentry.kernel, dentry.at("d_sb").value()), dentry }),
    },
  },
};

/** Shows one dentry for `files -d`. @throws Fault if it cannot be read */
export const dentryView = (kernel: Kernel, address: bigint): Pieces =>
  table(kernel, dentriesTable, [dentryAt(kernel, address)]);

/**
 * Returns the mount of the file system in the namespace of the first process; undefined if it is not mounted there. A
 * dentry alone does not tell where it is mounted.
 */
function mountedAs(kernel: Kernel, superBlock: bigint): Obj | undefined {
  const init = findTask(kernel, 1);
  const mount = init && attempt(() => mountOfSuper(mountNamespace(init), superBlock));
  return mount instanceof Fault ? undefined : mount?.at("mnt");
}
