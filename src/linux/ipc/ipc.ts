import { Fault } from "../../base/fault.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { hugePagePages } from "../mm/hugetlb.ts";
import { idrEntries } from "../../kernel/idr.ts";

/** System V IPC by the place of its ids in an ipc_namespace (ipc/util.h), and the struct around each kern_ipc_perm. */
const FACILITIES = {
  sem: { ids: 0, type: "struct sem_array", perm: "sem_perm" },
  msg: { ids: 1, type: "struct msg_queue", perm: "q_perm" },
  shm: { ids: 2, type: "struct shmid_kernel", perm: "shm_perm" },
} as const;

export type IpcFacility = keyof typeof FACILITIES;

/** The `struct ipc_namespace` of a task. @throws Fault also for one that has left its namespaces to exit */
export function ipcNamespace(task: Obj<"struct task_struct">): Obj<"struct ipc_namespace"> {
  const proxy = task.at("nsproxy");
  if (proxy.value() === 0n) throw Fault.at("unmapped", task.address, "the task has no namespaces any more");
  return proxy.at("ipc_ns").deref();
}

/** @throws Fault */
export const initIpcNamespace = (kernel: Kernel): Obj<"struct ipc_namespace"> => kernel.variable("init_ipc_ns");

/** The semaphore arrays (`struct sem_array`), message queues (`msg_queue`) or shared segments (`shmid_kernel`). @throws Fault */
export function* ipcObjects(namespace: Obj<"struct ipc_namespace">, facility: IpcFacility): Generator<Obj> {
  const { kernel } = namespace;
  const { ids, type, perm } = FACILITIES[facility];
  for (const { entry } of idrEntries(kernel, namespace.at(`ids[${ids}].ipcs_idr`)))
    yield kernel.object("struct kern_ipc_perm", entry).containerOf(type, perm);
}

/** The `struct kern_ipc_perm` of one of them. @throws Fault */
export const ipcPermissions = (object: Obj, facility: IpcFacility): Obj<"struct kern_ipc_perm"> =>
  object.at(FACILITIES[facility].perm);

/** The owner's id as the initial user namespace has it: a kuid_t since v3.14, a number before. @throws Fault */
export const ipcOwner = (perm: Obj<"struct kern_ipc_perm">): number =>
  perm.at(perm.has("uid.val") ? "uid.val" : "uid").number();

/** include/uapi/linux/shm.h: flags in the mode of a shared segment. */
const SHM_STATES = [
  [0o1000, "dest"],
  [0o2000, "locked"],
] as const;

/** What ipcs(1) says of a shared segment: that it is to be destroyed, that it is locked into memory. @throws Fault */
export function segmentState(shmid: Obj<"struct shmid_kernel">): readonly string[] {
  const mode = shmid.at("shm_perm.mode").number();
  return SHM_STATES.filter(([bit]) => mode & bit).map(([, name]) => name);
}

/** The inode that holds a shared segment's pages. @throws Fault */
export function segmentInode(shmid: Obj<"struct shmid_kernel">): Obj<"struct inode"> {
  const file = shmid.at("shm_file");
  return file.at(file.has("f_inode") ? "f_inode" : "f_path.dentry.d_inode").deref();
}

/** Pages of a shared segment in memory and in swap, as ipc/shm.c: shm_add_rss_swap counts them. @throws Fault */
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
