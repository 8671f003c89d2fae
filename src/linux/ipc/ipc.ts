/** System V IPC. */
import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { hugePagePages } from "../mm/hugetlb.ts";
import { idrEntries } from "../../kernel/idr.ts";

/** Index of each facility's ids in an ipc_namespace (ipc/util.h), and the struct that contains each kern_ipc_perm. */
const FACILITIES = {
  sem: { ids: 0, type: "struct sem_array", perm: "sem_perm" },
  msg: { ids: 1, type: "struct msg_queue", perm: "q_perm" },
  shm: { ids: 2, type: "struct shmid_kernel", perm: "shm_perm" },
} as const;

export type IpcFacility = keyof typeof FACILITIES;

/**
 * Returns the `struct ipc_namespace` of a task. @throws Fault also for an exiting task that has already released its
 * namespaces
 */
export function ipcNamespace(task: Obj<"struct task_struct">): Obj<"struct ipc_namespace"> {
  const proxy = task.at("nsproxy");
  if (proxy.value() === 0n)
    throw Fault.at("unmapped", task.address, "the task has no IPC namespace, because it is exiting");
  return proxy.at("ipc_ns").deref();
}

/** Returns the initial IPC namespace. @throws Fault */
export const initIpcNamespace = (kernel: Kernel): Obj<"struct ipc_namespace"> => kernel.variable("init_ipc_ns");

/**
 * Yields the semaphore arrays (`struct sem_array`), message queues (`msg_queue`) or shared memory segments
 * (`shmid_kernel`). @throws Fault
 */
export function* ipcObjects(namespace: Obj<"struct ipc_namespace">, facility: IpcFacility): Generator<Obj> {
  const { kernel } = namespace;
  const { ids, type, perm } = FACILITIES[facility];
  for (const { entry } of idrEntries(kernel, namespace.at(`ids[${ids}].ipcs_idr`)))
    yield kernel.object("struct kern_ipc_perm", entry).containerOf(type, perm);
}

/** Returns the `struct kern_ipc_perm` of an IPC object. @throws Fault */
export const ipcPermissions = (object: Obj, facility: IpcFacility): Obj<"struct kern_ipc_perm"> =>
  object.at(FACILITIES[facility].perm);

/** Returns the owner's user id in the initial user namespace: a kuid_t since v3.14; before, a number. @throws Fault */
export const ipcOwner = (perm: Obj<"struct kern_ipc_perm">): number =>
  perm.at(perm.has("uid.val") ? "uid.val" : "uid").number();

/** include/uapi/linux/shm.h: flags in the mode of a shared memory segment. */
const SHM_STATES = [
  [0o1000, "dest"],
  [0o2000, "locked"],
] as const;

/**
 * Returns the state that ipcs(1) shows for a shared memory segment: "dest" (to be destroyed), "locked" (in memory).
 * @throws Fault
 */
export function segmentState(shmid: Obj<"struct shmid_kernel">): readonly string[] {
  const mode = shmid.at("shm_perm.mode").number();
  return SHM_STATES.filter(([bit]) => mode & bit).map(([, name]) => name);
}

/** Returns the inode that has a shared memory segment's pages. @throws Fault */
export function segmentInode(shmid: Obj<"struct shmid_kernel">): Obj<"struct inode"> {
  const file = shmid.at("shm_file");
  return file.at(file.has("f_inode") ? "f_inode" : "f_path.dentry.d_inode").deref();
}

/**
 * Returns the pages of a shared memory segment in memory and in swap, counted like ipc/shm.c: shm_add_rss_swap. @throws
 * Fault
 */
export function segmentPages(shmid: Obj<"struct shmid_kernel">): {
  readonly resident: number;
  readonly swapped: number;
} {
  const { kernel } = shmid;
  const inode = segmentInode(shmid);
  const cached = inode.at("i_mapping.nrpages").number();
  const operations = kernel.symbols.at(shmid.at("shm_file.f_op").value())?.name;
  if (operations?.startsWith("hugetlbfs") && kernel.types.find("struct", "hugetlbfs_sb_info")) {
    const info = kernel.object("struct hugetlbfs_sb_info", inode.at("i_sb.s_fs_info").value());
    return { resident: cached * hugePagePages(info.at("hstate").deref()), swapped: 0 };
  }
  const swapped = inode.containerOf("struct shmem_inode_info", "vfs_inode").at("swapped").number();
  return { resident: cached, swapped };
}
