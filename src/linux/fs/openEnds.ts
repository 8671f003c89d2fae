/** Which tasks have pipes, sockets and devices open. */
import { attempt } from "../../base/fault.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { taskTable } from "../sched/task.ts";
import { openFiles } from "./fdtable.ts";
import { fileType } from "./inode.ts";

/** An open end of a pipe, socket or device. */
export interface OpenEnd {
  /** The first task, by pid, of those that share the table of files: address of a `task_struct`. */
  readonly task: bigint;
  readonly reads: boolean;
  readonly writes: boolean;
  /** `struct inode`. */
  readonly inode: Obj<"struct inode">;
}

/** Maximum number of open files that are looked at. */
const MAX_FILES = 1 << 21;

/** FMODE_READ and FMODE_WRITE of include/linux/fs.h. */
const FMODE_READ = 1;
const FMODE_WRITE = 2;

const ends = derived("open ends of pipes, sockets and devices", (kernel) => {
  const found = new Map<bigint, OpenEnd[]>();
  const tables = new Set<bigint>();
  let files = 0;
  for (const task of taskTable(kernel).tasks) {
    const table = attempt(() => task.at("files").value());
    if (typeof table !== "bigint" || table === 0n || tables.has(table)) continue;
    tables.add(table);
    attempt(() => {
      for (const { file } of openFiles(task)) {
        if (++files > MAX_FILES) return;
        attempt(() => addEnd(found, task.address, file));
      }
    });
  }
  return found;
});

function addEnd(found: Map<bigint, OpenEnd[]>, task: bigint, file: Obj<"struct file">): void {
  const inode = fileInode(file);
  const object = objectOf(file, inode);
  if (object === undefined || object === 0n) return;
  const mode = file.at("f_mode").number();
  const end = { task, reads: (mode & FMODE_READ) !== 0, writes: (mode & FMODE_WRITE) !== 0, inode };
  const known = found.get(object);
  if (known) known.push(end);
  else found.set(object, [end]);
}

/**
 * Returns the `pipe_inode_info` of a pipe, the `sock` of a socket, the private data of a device's file; undefined for
 * other files. @throws Fault
 */
function objectOf(file: Obj<"struct file">, inode: Obj<"struct inode">): bigint | undefined {
  switch (fileType(inode)) {
    case "FIFO":
      return inode.at("i_pipe").value();
    case "SOCK":
      return inode.containerOf("struct socket_alloc", "vfs_inode").at("socket.sk").value();
    case "CHR":
      return file.at("private_data").value();
    default:
      return undefined;
  }
}

/** Returns the inode of an open file. Old kernels have no `f_inode`. @throws Fault */
export const fileInode = (file: Obj<"struct file">): Obj<"struct inode"> =>
  file.at(file.has("f_inode") ? "f_inode" : "f_path.dentry.d_inode").deref();

/**
 * Returns who has an object open. All open files of all tasks are read once. @param object address of a
 * `pipe_inode_info`, a `sock`, or the private data of a character device's file
 */
export const openEnds = (kernel: Kernel, object: bigint): readonly OpenEnd[] => ends(kernel).get(object) ?? [];

/** Yields the addresses of all objects that `openEnds` knows. */
export const openObjects = (kernel: Kernel): Iterable<bigint> => ends(kernel).keys();
