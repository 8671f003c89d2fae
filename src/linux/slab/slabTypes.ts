import type { StructType } from "../../debuginfo/ctype.ts";
import type { Kernel } from "../../model/kernel.ts";
import { cacheName, isMerged, objectSize } from "./slab.ts";
import { type SlabObject, slabObjectAt } from "./slabObject.ts";

/** What caches hold whose names are not those of their structs, from the kmem_cache_create() calls that make them. */
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

/** By habit a cache is named for its struct, or for it and its being a cache: `inode_cache`, `signal_cache`. */
const candidates = (name: string): readonly string[] => {
  const bare = name.replace(/_(cache|cachep|slab)$/, "");
  return [STRUCTS[name], name, bare, `${bare}_struct`].filter((one) => one !== undefined);
};

/**
 * The struct that an object of a slab cache is, as far as the cache's name tells; undefined for the general caches,
 * and when the struct is longer than the objects are and only resembles the cache's name.
 * @throws Fault
 */
export function slabStruct(kernel: Kernel, { cache }: SlabObject): string | undefined {
  const [name, size] = [cacheName(cache), objectSize(cache)];
  return candidates(name).find((struct) => {
    if (!/^\w+$/.test(struct)) return false;
    const type = kernel.types.find("struct", struct);
    if (type?.kind !== "struct" || type.incomplete) return false;
    // A task_struct ends in the registers of its FPU, of which only what the CPU has is allotted.
    return type.size <= size || struct === name;
  });
}

/**
 * The structure that begins at an address, by the slab cache that it is an object of; undefined within an object, for
 * the general caches, and for caches that others were merged into. @throws Fault
 */
export function slabCacheType(kernel: Kernel, address: bigint): StructType | undefined {
  const object = slabObjectAt(kernel, address);
  if (object?.address !== address || isMerged(object.cache)) return undefined;
  const name = slabStruct(kernel, object);
  const type = name === undefined ? undefined : kernel.types.find("struct", name);
  return type?.kind === "struct" ? type : undefined;
}
