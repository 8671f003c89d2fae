/** The lists that `mount -i` and `-f` print below each file system: dirty inodes, and files that tasks have open. */
import { attempt, Fault, faultLast, untilFault } from "../../../../base/fault.ts";
import { filePath } from "../../../../linux/fs/dcache.ts";
import { openFiles } from "../../../../linux/fs/fdtable.ts";
import { mountSuper } from "../../../../linux/fs/mount.ts";
import { taskTable } from "../../../../linux/sched/task.ts";
import { dirtyInodes } from "../../../../linux/fs/writeback.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import type { Obj } from "../../../../model/object.ts";
import { typeColumn } from "../files/columns.ts";
import { addressCell } from "../../../say/addressCell.ts";
import { TableLayout } from "../../../../render/layout.ts";
import type { Table } from "../../../../say/table.ts";
import { faultCell } from "../../../../say/cell.ts";
import type { Json, Line } from "../../../../say/piece.ts";

/** Lines and the equivalent JSON. */
export interface Part {
  readonly data: readonly Json[];
  readonly lines: readonly Line[];
}

/** Lists the dirty inodes of a mount. @param mount `struct mount` */
export function dirtyPart(mount: Obj): Part {
  const superBlock = attempt(() => mountSuper(mount));
  const inodes = superBlock instanceof Fault ? [superBlock] : faultLast(dirtyInodes(superBlock));
  const cells = [...inodes].map((inode) =>
    inode instanceof Fault ? faultCell(inode) : addressCell(mount.kernel, () => inode.address),
  );
  if (cells.length === 0) return { data: [], lines: [["DIRTY INODES: (none)"]] };
  return { data: cells.map(({ json }) => json), lines: [["DIRTY INODES"], ...cells.map(({ span }) => [span])] };
}

/**
 * The open files, each `struct file` once, by the address of their super block, and why the lists may be incomplete.
 */
export interface OpenFiles {
  get(superBlock: bigint | undefined): readonly Obj[] | undefined;
  readonly faults: readonly Fault[];
}

/**
 * Collects the files that tasks have open. Since Linux kernel commit eee5cc2702929 ("get rid of s_files and
 * files_lock") (in v3.13) a super block has no list of its open files.
 */
export function openFilesBySuper(kernel: Kernel): OpenFiles {
  const files = new Map<bigint, Obj>();
  const tables = new Set<bigint>();
  const faults: Fault[] = [];
  const note = (fault: Fault): unknown => faults.push(fault);
  const { tasks, fault } = taskTable(kernel);
  if (fault) note(fault.within("list of tasks"));
  for (const task of tasks) {
    const table = attempt(() => task.at("files").value());
    if (table instanceof Fault) note(table);
    // Threads share one table, and several tasks can share a file.
    if (table instanceof Fault || tables.has(table)) continue;
    tables.add(table);
    for (const { file } of untilFault(openFiles(task), note)) files.set(file.address, file);
  }
  const bySuper = new Map<bigint, Obj[]>();
  for (const file of files.values()) {
    const superBlock = attempt(() => file.at("f_path.dentry.d_sb").value());
    if (superBlock instanceof Fault) note(superBlock);
    else {
      const same = bySuper.get(superBlock);
      if (same) same.push(file);
      else bySuper.set(superBlock, [file]);
    }
  }
  return { get: (superBlock) => bySuper.get(superBlock ?? 0n), faults };
}

/** The table of open files. A row is a `struct file`. */
export const openFilesTable: Table<Obj> = {
  columns: {
    dentry: {
      kind: "address",
      title: "DENTRY",
      titleAlign: "center",
      value: (file) => file.at("f_path.dentry").value(),
    },
    inode: {
      kind: "address",
      title: "INODE",
      titleAlign: "center",
      value: (file) => file.at("f_path.dentry.d_inode").value(),
    },
    type: typeColumn((file) => file.at("f_path.dentry")),
    path: { kind: "text", title: "PATH", value: filePath },
  },
};

export function openPart(kernel: Kernel, files: readonly Obj[]): Part {
  if (files.length === 0) return { data: [], lines: [["OPEN FILES: (none)"]] };
  const layout = new TableLayout(kernel, openFilesTable);
  const rows = files.map((file) => ({ data: layout.data(file), line: layout.line(file) }));
  return {
    data: rows.map(({ data }) => data),
    lines: [["OPEN FILES:"], layout.headingLine(), ...rows.map(({ line }) => line)],
  };
}
