import { attempt, Fault } from "../../../../base/fault.ts";
import { dentryAt, dentryPath } from "../../../../linux/fs/dcache.ts";
import { fileType } from "../../../../linux/fs/inode.ts";
import { mountNamespace, mountOfSuper } from "../../../../linux/fs/mount.ts";
import { findTask } from "../../../../linux/sched/task.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { addressCell, addressTitle } from "../../../say/addressCell.ts";
import { cell } from "../../../../say/cell.ts";
import { record, text, type Pieces } from "../../../../say/piece.ts";
import { typeColumn } from "./columns.ts";

/** `files -d`: one dentry. @throws Fault when none can be read there */
export function* dentryView(kernel: Kernel, address: bigint): Pieces {
  const dentry = dentryAt(kernel, address);
  const superBlock = dentry.at("d_sb").value();
  const own = addressCell(kernel, () => address);
  const inode = addressCell(kernel, () => dentry.at("d_inode").value());
  const type = cell(() => fileType(dentry.at("d_inode").deref()));
  const path = cell(() => dentryPath({ mount: mountedAs(kernel, superBlock), dentry }));
  const sb = addressCell(kernel, () => superBlock);
  const titles = ["DENTRY", "INODE", "SUPERBLK"].map((title) => addressTitle(kernel, title));
  yield text([{ as: "title", text: `${titles.join(" ")} TYPE PATH` }]);
  yield record({ dentry: own.json, inode: inode.json, superBlock: sb.json, type: type.json, path: path.json }, [
    own.span,
    " ",
    inode.span,
    " ",
    sb.span,
    " ",
    ...typeColumn(type),
    path.span,
  ]);
}

/** Where the first process sees the file system, if it does: a dentry alone does not say where it is mounted. */
function mountedAs(kernel: Kernel, superBlock: bigint): Obj | undefined {
  const init = findTask(kernel, 1);
  const mount = init && attempt(() => mountOfSuper(mountNamespace(init), superBlock));
  return mount instanceof Fault ? undefined : mount?.at("mnt");
}
