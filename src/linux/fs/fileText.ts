/** Short texts for open files and inodes. */
import type { Obj } from "../../model/object.ts";
import { socketText } from "../net/socketText.ts";
import { dentryPath, filePath } from "./dcache.ts";
import { fileType } from "./inode.ts";
import { fileInode } from "./openEnds.ts";

/**
 * Returns the text for an open file: its path, `pipe:[1234]`, `anon_inode:[eventfd]`, or the ends of a socket. @throws
 * Fault
 */
export function fileText(file: Obj<"struct file">): string {
  const inode = fileInode(file);
  switch (inode.at("i_sb.s_type.name").text()) {
    case "pipefs":
      return `pipe:[${inode.at("i_ino").value()}]`;
    case "sockfs":
      return socketText(inode.containerOf("struct socket_alloc", "vfs_inode").at("socket.sk").deref());
    case "anon_inodefs":
      return `anon_inode:${filePath(file)}`;
    default:
      return filePath(file);
  }
}

/**
 * Returns one of the paths of an inode within its file system, such as `vda1:/etc/passwd`; its number if it has no
 * name. @throws Fault
 */
export function inodeText(inode: Obj<"struct inode">): string {
  const { kernel } = inode;
  const number = inode.at("i_ino").value();
  if (fileType(inode) === "FIFO" && inode.at("i_sb.s_type.name").text() === "pipefs") return `pipe:[${number}]`;
  const device = inode.at("i_sb.s_id").text();
  const first = inode.at("i_dentry.first").value();
  if (first === 0n) return `${device}, inode ${number}`;
  const dentry = kernel.object("struct dentry", 0n);
  // The member is in d_u since Linux kernel commit 946e51f2bf37 ("move d_rcu from overlapping d_child to overlapping
  // d_alias") (in v3.19); in kernels of 2026 it is directly in the struct.
  const member = ["d_u.d_alias", "d_alias"].find((path) => dentry.has(path)) ?? "d_alias";
  const alias = kernel.object("struct dentry", first - dentry.at(member).address);
  return `${device}:${dentryPath({ mount: undefined, dentry: alias })}`;
}
