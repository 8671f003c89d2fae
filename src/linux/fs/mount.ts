import { Fault } from "../../base/fault.ts";
import type { Obj } from "../../model/object.ts";
import { dentryPath } from "./dcache.ts";
import { listEntries } from "../../kernel/list.ts";
import { rbtreeEntries } from "../../kernel/rbtree.ts";

/** include/linux/mount.h: a reader's mark among the mounts, from v5.8 to v6.7. */
const MNT_CURSOR = 0x10000000;

/**
 * Mounts of a `struct mnt_namespace`, `struct mount`, the root first. @throws Fault where their list or tree breaks
 *
 * Since Linux kernel commit 2eea9ce4310d ("mounts: keep list of mounts in an rbtree") (in v6.8) they form a tree by
 * their ids; a list in the order of mounting before.
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

/** The `struct mnt_namespace` of a task. @throws Fault also for one that has left its namespaces to exit */
export function mountNamespace(task: Obj<"struct task_struct">): Obj<"struct mnt_namespace"> {
  const proxy = task.at("nsproxy");
  if (proxy.value() === 0n) throw Fault.at("unmapped", task.address, "the task has no namespaces any more");
  return proxy.at("mnt_ns").deref();
}

/** The first mount of a `struct super_block` in a namespace; undefined for what is not mounted there. @throws Fault */
export function mountOfSuper(
  namespace: Obj<"struct mnt_namespace">,
  superBlock: bigint,
): Obj<"struct mount"> | undefined {
  for (const mount of mounts(namespace)) if (mount.at("mnt.mnt_sb").value() === superBlock) return mount;
  return undefined;
}

/** Name of the mounted device, or what was given in its place; "none" for nothing, as /proc/mounts says. @throws Fault */
export function mountDevice(mount: Obj<"struct mount">): string {
  const name = mount.at("mnt_devname");
  return name.value() === 0n ? "none" : name.text();
}

/** The mounted `struct super_block`. @throws Fault */
export const mountSuper = (mount: Obj<"struct mount">): Obj<"struct super_block"> => mount.at("mnt.mnt_sb").deref();

/** "ext4". @throws Fault */
export const fileSystemName = (superBlock: Obj<"struct super_block">): string => superBlock.at("s_type.name").text();

/** Path of the directory it covers, "/" for a namespace's root. @throws Fault */
export const mountPath = (mount: Obj<"struct mount">): string =>
  dentryPath({ mount: mount.at("mnt_parent.mnt"), dentry: mount.at("mnt_mountpoint").deref() });
