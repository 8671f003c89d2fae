/** Types of slab objects, derived from cache names. */
import type { StructType } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import { cacheName, isMerged, objectSize } from "./slab.ts";
import { type SlabObject, slabObjectAt } from "./slabObject.ts";

/** Struct names for caches whose name differs from their struct's, from the kmem_cache_create() calls. */
const STRUCTS: Readonly<Record<string, string>> = {
  bdev_cache: "bdev_inode", // block/bdev.c
  blkdev_ioc: "io_context", // block/blk-ioc.c
  cred_jar: "cred", // kernel/cred.c
  ext4_inode_cache: "ext4_inode_info", // fs/ext4/super.c
  file_lock_cache: "file_lock", // fs/locks.c
  filp: "file", // fs/file_table.c
  files_cache: "files_struct", // kernel/fork.c
  fs_cache: "fs_struct", // kernel/fork.c
  hugetlbfs_inode_cache: "hugetlbfs_inode_info", // fs/hugetlbfs/inode.c
  jbd2_journal_head: "journal_head", // fs/jbd2/journal.c
  key_jar: "key", // security/keys/key.c
  mnt_cache: "mount", // fs/namespace.c
  mqueue_inode_cache: "mqueue_inode_info", // ipc/mqueue.c
  net_namespace: "net", // net/core/net_namespace.c
  numa_policy: "mempolicy", // mm/mempolicy.c
  RAW: "raw_sock", // net/ipv4/raw.c
  RAWv6: "raw6_sock", // net/ipv6/raw.c
  radix_tree_node: "xa_node", // lib/radix-tree.c
  shared_policy_node: "sp_node", // mm/mempolicy.c
  shmem_inode_cache: "shmem_inode_info", // mm/shmem.c
  skbuff_head_cache: "sk_buff", // net/core/skbuff.c
  sock_inode_cache: "socket_alloc", // net/socket.c
  TCP: "tcp_sock", // net/ipv4/tcp_ipv4.c
  TCPv6: "tcp6_sock", // net/ipv6/tcp_ipv6.c
  UDP: "udp_sock", // net/ipv4/udp.c
  UDPv6: "udp6_sock", // net/ipv6/udp.c
  UNIX: "unix_sock", // net/unix/af_unix.c
  "UNIX-STREAM": "unix_sock", // net/unix/af_unix.c
  xfs_inode: "xfs_inode", // fs/xfs/xfs_super.c
};

/**
 * Returns possible struct names for a cache name. By convention a cache has the name of its struct, with or without a
 * suffix: `inode_cache`, `signal_cache`.
 */
const candidates = (name: string): readonly string[] => {
  const bare = name.replace(/_(cache|cachep|slab)$/, "");
  return [STRUCTS[name], name, bare, `${bare}_struct`].filter((one) => one !== undefined);
};

/**
 * Returns the name of the struct that the objects of a slab cache have, derived from the cache's name. Undefined for
 * general-purpose caches, and if the struct is larger than the objects and only resembles the cache's name. @throws
 * Fault
 */
export function slabStruct(kernel: Kernel, { cache }: SlabObject): string | undefined {
  const [name, size] = [cacheName(cache), objectSize(cache)];
  return candidates(name).find((struct) => {
    if (!/^\w+$/.test(struct)) return false;
    const type = kernel.types.find("struct", struct);
    if (type?.kind !== "struct" || type.incomplete) return false;
    // A task_struct ends with the FPU registers, of which only those that the CPU has are allocated.
    return type.size <= size || struct === name;
  });
}

/**
 * Returns the struct type of the slab object that starts at an address. Undefined for an address within an object, for
 * general-purpose caches, and for merged caches. @throws Fault
 */
export function slabCacheType(kernel: Kernel, address: bigint): StructType | undefined {
  const object = slabObjectAt(kernel, address);
  if (object?.address !== address || isMerged(object.cache)) return undefined;
  const name = slabStruct(kernel, object);
  const type = name === undefined ? undefined : kernel.types.find("struct", name);
  return type?.kind === "struct" ? type : undefined;
}
