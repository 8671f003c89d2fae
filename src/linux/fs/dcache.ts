/** Dentries and paths. */
import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** A position in the file tree: `struct vfsmount *` and `struct dentry *`, like `struct path`. */
export interface VfsPath {
  /** `struct vfsmount`; undefined if only the dentry is known. Then the path starts at the root of its file system. */
  readonly mount: Obj<"struct vfsmount"> | undefined;
  /** `struct dentry`. */
  readonly dentry: Obj<"struct dentry">;
}

/** Maximum number of names of a path, because a damaged one can be a loop. PATH_MAX is 4096. */
const MAX_NAMES = 2048;
/** Maximum length of a name. NAME_MAX is 255, but the kernel's names for sockets and memfds can be longer. */
const MAX_NAME = 4096;

/**
 * Returns the `struct dentry` at an address that a user entered. It is valid if its parent belongs to the same super
 * block. @throws Fault "corrupt" if it is not a dentry
 */
export function dentryAt(kernel: Kernel, address: bigint): Obj<"struct dentry"> {
  const dentry = kernel.object("struct dentry", address);
  dentry.bytes();
  const parent = attempt(() => dentry.at("d_parent.d_sb").value());
  const block = attempt(() => dentry.at("d_sb.s_type").value());
  const isOne =
    parent === dentry.at("d_sb").value() && typeof block === "bigint" && kernel.memory.isKernelAddress(block);
  if (!isOne) throw Fault.at("corrupt", address, "not a dentry");
  return dentry;
}

/** Shown for the name of a file that was erased from the dump (`distill --scrub-names`, makedumpfile). */
const ERASED_NAME = "<erased>";

/** Returns the last name of a dentry. @throws Fault */
export function dentryName(dentry: Obj<"struct dentry">): string {
  const name = dentry.at("d_name");
  const length = Math.min(name.at("len").number(), MAX_NAME);
  const text = dentry.kernel.memory.cString(name.at("name").value(), length);
  // The kernel has no names without characters; only the root of a file system that is never mounted is "".
  return text === "" && length > 0 ? ERASED_NAME : text;
}

/**
 * Returns the path of a position, from the root of its mount namespace and across mounts, like `d_path()`
 * (fs/d_path.c). A dentry on a mount that is not visible, such as anonymous shared memory, has only a name. @throws
 * Fault
 */
export function dentryPath({ mount, dentry }: VfsPath): string {
  const names: string[] = [];
  let at = dentry;
  let mounted = mount && mountOf(mount);
  for (let i = 0; i < MAX_NAMES; i++) {
    const parent = at.at("d_parent").deref();
    const isMountRoot = mounted !== undefined && mounted.at("mnt.mnt_root").value() === at.address;
    if (isMountRoot || parent.address === at.address) {
      const above = mounted && isMountRoot ? mounted.at("mnt_parent").deref() : undefined;
      if (!mounted || !above || above.address === mounted.address) return join(names, at, isMountRoot);
      at = mounted.at("mnt_mountpoint").deref();
      mounted = above;
      continue;
    }
    names.push(dentryName(at));
    at = parent;
  }
  throw Fault.at(
    "corrupt",
    dentry.address,
    `the path has no root within ${MAX_NAMES} names; a parent is probably damaged`,
  );
}

/** Returns the `struct mount` that contains a vfsmount. */
const mountOf = (vfsmount: Obj<"struct vfsmount">): Obj<"struct mount"> => vfsmount.containerOf("struct mount", "mnt");

function join(names: readonly string[], root: Obj<"struct dentry">, isMountRoot: boolean): string {
  const path = names.toReversed().join("/");
  const name = isMountRoot ? "/" : dentryName(root);
  return name === "/" ? `/${path}` : [name, path].filter((part) => part !== "").join("/");
}

/** Returns the position in a `struct path`. @throws Fault */
export const vfsPath = (path: Obj<"struct path">): VfsPath => ({
  mount: path.at("mnt").deref(),
  dentry: path.at("dentry").deref(),
});

/** Returns the path of an open file (`struct file`). @throws Fault */
export const filePath = (file: Obj<"struct file">): string => dentryPath(vfsPath(file.at("f_path")));

/**
 * Returns the path of a task's root or working directory (include/linux/fs_struct.h), from the root of its mounts;
 * undefined for an exiting task that has already released them. @throws Fault
 */
export function fsPath(task: Obj<"struct task_struct">, which: "root" | "pwd"): string | undefined {
  const fs = task.at("fs");
  return fs.value() === 0n ? undefined : dentryPath(vfsPath(fs.at(which)));
}
