/** System V IPC. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ipcObjects, ipcOwner, ipcPermissions, segmentPages, segmentState } from "../../../src/linux/ipc/ipc.ts";
import { toyKernel } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

test("shared segments are found in their namespace, with their pages in memory and in swap", () => {
  const types = (uid: string, inode: string): string => `
    struct xa_node { unsigned char shift; void *slots[64]; };
    struct xarray { void *xa_head; };
    struct idr { struct xarray idr_rt; unsigned int idr_base; };
    typedef struct { unsigned int val; } kuid_t;
    struct kern_ipc_perm { int id; int key; ${uid} uid; unsigned short mode; };
    struct address_space { unsigned long nrpages; };
    struct hstate { unsigned int order; };
    struct hugetlbfs_sb_info { struct hstate *hstate; };
    struct super_block { void *s_fs_info; };
    struct inode { struct address_space *i_mapping; struct super_block *i_sb; };
    struct shmem_inode_info { unsigned long swapped; struct inode vfs_inode; };
    struct dentry { struct inode *d_inode; };
    struct path { struct dentry *dentry; };
    struct file_operations { int dummy; };
    struct file { struct path f_path; ${inode} const struct file_operations *f_op; };
    struct shmid_kernel { struct kern_ipc_perm shm_perm; struct file *shm_file; unsigned long shm_segsz; };
    struct ipc_ids { int in_use; struct idr ipcs_idr; };
    struct ipc_namespace { struct ipc_ids ids[3]; };
    struct file_operations hugetlbfs_file_operations;`;
  for (const [uid, inode, owner] of [
    ["kuid_t", "struct inode *f_inode;", { val: 1000 }],
    ["unsigned int", "", 1000],
  ] as const) {
    const kernel = toyKernel({
      types: types(uid, inode),
      symbols: { hugetlbfs_file_operations: { address: at(20), size: 8 } },
      memory: [
        ["struct ipc_namespace", at(1), { ids: [{}, {}, { ipcs_idr: { idr_rt: { xa_head: at(2) | 2n } } }] }],
        ["struct xa_node", at(2), { slots: [at(3), at(4)] }],
        ["struct shmid_kernel", at(3), { shm_perm: { id: 7, uid: owner, mode: 0o3640 }, shm_file: at(5) }],
        ["struct shmid_kernel", at(4), { shm_perm: { id: 8 }, shm_file: at(6) }],
        ["struct file", at(5), { f_path: { dentry: at(7) }, ...(inode ? { f_inode: at(9) + 8n } : {}) }],
        ["struct file", at(6), { f_path: { dentry: at(8) }, ...(inode ? { f_inode: at(10) } : {}), f_op: at(20) }],
        ["struct dentry", at(7), { d_inode: at(9) + 8n }],
        ["struct dentry", at(8), { d_inode: at(10) }],
        ["struct shmem_inode_info", at(9), { swapped: 5, vfs_inode: { i_mapping: at(11) } }],
        ["struct inode", at(10), { i_mapping: at(11), i_sb: at(12) }],
        ["struct address_space", at(11), { nrpages: 3 }],
        ["struct super_block", at(12), { s_fs_info: at(13) }],
        ["struct hugetlbfs_sb_info", at(13), { hstate: at(14) }],
        ["struct hstate", at(14), { order: 9 }],
      ],
    });
    const segments = [...ipcObjects(kernel.object("struct ipc_namespace", at(1)), "shm")];
    assert.deepEqual(
      segments.map((one) => ipcPermissions(one, "shm").at("id").number()),
      [7, 8],
    );
    const [ordinary, huge] = segments;
    assert.ok(ordinary && huge);
    assert.equal(ipcOwner(ipcPermissions(ordinary, "shm")), 1000);
    assert.deepEqual(segmentState(ordinary), ["dest", "locked"]);
    assert.deepEqual(segmentState(huge), []);
    assert.deepEqual(segmentPages(ordinary), { resident: 3, swapped: 5 });
    assert.deepEqual(segmentPages(huge), { resident: 3 * 512, swapped: 0 });
  }
});
