import { attempt, Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** A place in the tree of files: `struct vfsmount *` and `struct dentry *`, as `struct path` pairs them. */
export interface Place {
  /** `struct vfsmount`; undefined where only the dentry is known: the path then ends at its file system's root. */
  readonly mount: Obj<"struct vfsmount"> | undefined;
  /** `struct dentry`. */
  readonly dentry: Obj<"struct dentry">;
}

/** PATH_MAX is 4096: no path has more names; damage may close a ring. */
const MAX_NAMES = 2048;
/** NAME_MAX is 255; names made up by the kernel, of sockets and memfds, may be longer. */
const MAX_NAME = 4096;

/**
 * The `struct dentry` that a user named: the root of its file system belongs to the same super block.
 * @throws Fault corrupt where there is none
 */
export function dentryAt(kernel: Kernel, address: bigint): Obj<"struct dentry"> {
  const dentry = kernel.object("struct dentry", address);
  dentry.bytes();
  const parent = attempt(() => dentry.at("d_parent.d_sb").value());
  const block = attempt(() => dentry.at("d_sb.s_type").value());
  const isOne =
    parent === dentry.at("d_sb").value() && typeof block === "bigint" && kernel.memory.isKernelAddress(block);
  if (!isOne) throw Fault.at("corrupt", address, "no dentry");
  return dentry;
}

/** The last name of a dentry. @throws Fault */
export function dentryName(dentry: Obj<"struct dentry">): string {
  const name = dentry.at("d_name");
  const length = Math.min(name.at("len").number(), MAX_NAME);
  return dentry.kernel.memory.cString(name.at("name").value(), length);
}

/**
 * The path of a place from its namespace's root down, mounts crossed, as `d_path()` walks (fs/d_path.c). What hangs
 * on no mount that people see, such as memory shared without a name, is told by its name alone.
 * @throws Fault
 */
export function dentryPath({ mount, dentry }: Place): string {
  const names: string[] = [];
  let at = dentry;
  let mounted = mount && containing(mount);
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
  throw Fault.at("corrupt", dentry.address, "path has no root");
}

/** The kernel's own `struct mount` around a vfsmount. */
const containing = (vfsmount: Obj<"struct vfsmount">): Obj<"struct mount"> =>
  vfsmount.containerOf("struct mount", "mnt");

function join(names: readonly string[], root: Obj<"struct dentry">, isMountRoot: boolean): string {
  const path = names.toReversed().join("/");
  const name = isMountRoot ? "/" : dentryName(root);
  return name === "/" ? `/${path}` : [name, path].filter((part) => part !== "").join("/");
}

/** The place of a `struct path`. @throws Fault */
export const pathPlace = (path: Obj<"struct path">): Place => ({
  mount: path.at("mnt").deref(),
  dentry: path.at("dentry").deref(),
});

/** The path of an open file (`struct file`). @throws Fault */
export const filePath = (file: Obj<"struct file">): string => dentryPath(pathPlace(file.at("f_path")));

/**
 * Path of a task's root or working directory (include/linux/fs_struct.h), as the root of its mounts sees it; undefined
 * for a task that has let go of them to exit.
 * @throws Fault
 */
export function fsPath(task: Obj<"struct task_struct">, which: "root" | "pwd"): string | undefined {
  const fs = task.at("fs");
  return fs.value() === 0n ? undefined : dentryPath(pathPlace(fs.at(which)));
}
