/** Mounts and mount namespaces. */
import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { dentryPath } from "./dcache.ts";
import { listEntries } from "../../kernel/list.ts";
import { rbtreeEntries } from "../../kernel/rbtree.ts";

/** include/linux/mount.h: a reader's position in the list of mounts, from v5.8 to v6.7. */
const MNT_CURSOR = 0x10000000;

/**
 * Yields the mounts of a `struct mnt_namespace`, `struct mount`, root first.
 * Since Linux kernel commit 2eea9ce4310d ("mounts: keep list of mounts in an rbtree") (in v6.8) they are in a tree
 * ordered by id; before, in a list in mount order. @throws Fault where the list or tree breaks
 */
export function* mounts(namespace: Obj<"struct mnt_namespace">): Generator<Obj<"struct mount">> {
  const { kernel } = namespace;
  if (namespace.has("mounts.rb_node")) {
    yield* rbtreeEntries(kernel, namespace.at("mounts"), "struct mount", "mnt_node");
    return;
  }
  for (const mount of listEntries(kernel, namespace.at("list"), "struct mount", "mnt_list"))
    if (!(mount.at("mnt.mnt_flags").number() & MNT_CURSOR)) yield mount;
}

/**
 * Returns the `struct mnt_namespace` of a task. @throws Fault also for an exiting task that has already released its
 * namespaces
 */
export function mountNamespace(task: Obj<"struct task_struct">): Obj<"struct mnt_namespace"> {
  const proxy = task.at("nsproxy");
  if (proxy.value() === 0n)
    throw Fault.at("unmapped", task.address, "the task has no mount namespace, because it is exiting");
  return proxy.at("mnt_ns").deref();
}

/**
 * Returns the first mount of a `struct super_block` in a namespace; undefined if it is not mounted there. @throws Fault
 */
export function mountOfSuper(
  namespace: Obj<"struct mnt_namespace">,
  superBlock: bigint,
): Obj<"struct mount"> | undefined {
  for (const mount of mounts(namespace)) if (mount.at("mnt.mnt_sb").value() === superBlock) return mount;
  return undefined;
}

/**
 * Returns the name of the mounted device, or the string that mount(2) got instead; "none" without one, as in
 * /proc/mounts. @throws Fault
 */
export function mountDevice(mount: Obj<"struct mount">): string {
  const name = mount.at("mnt_devname");
  return name.value() === 0n ? "none" : name.text();
}

/** Returns the mounted `struct super_block`. @throws Fault */
export const mountSuper = (mount: Obj<"struct mount">): Obj<"struct super_block"> => mount.at("mnt.mnt_sb").deref();

/** Returns the name of the file system type, such as "ext4". @throws Fault */
export const fileSystemName = (superBlock: Obj<"struct super_block">): string => superBlock.at("s_type.name").text();

/** Returns the path of the mount point; "/" for a namespace's root. @throws Fault */
export const mountPath = (mount: Obj<"struct mount">): string =>
  dentryPath({ mount: mount.at("mnt_parent.mnt"), dentry: mount.at("mnt_mountpoint").deref() });
