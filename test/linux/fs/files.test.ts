import type { Obj } from "../../../src/model/object.ts";
/** Open files, mounts, the page cache, dirty inodes: shapes that changed from kernel to kernel. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault, faultLast } from "../../../src/base/fault.ts";
import { openFiles } from "../../../src/linux/fs/fdtable.ts";
import { fsPath } from "../../../src/linux/fs/dcache.ts";
import { fileType, pageCache } from "../../../src/linux/fs/inode.ts";
import { lockedFiles } from "../../../src/linux/fs/lockd.ts";
import { mountDevice, mountOfSuper, mountPath, mounts } from "../../../src/linux/fs/mount.ts";
import { dirtyInodes } from "../../../src/linux/fs/writeback.ts";
import { toyKernel } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

/** What a walk yields, and last why it ended if it did not end by itself. */
const told = <T>(walk: Iterable<T>, show: (one: T) => string): string[] =>
  Array.from(faultLast(walk), (one) => (one instanceof Fault ? `${one.kind}: ${one.message}` : show(one)));

const tableTypes = `
  struct file { int dummy; };
  struct fdtable { unsigned int max_fds; struct file **fd; unsigned long *open_fds; };
  struct files_struct { struct fdtable *fdt; };
  struct task_struct { struct files_struct *files; };`;

function taskWithFiles(limit: number, open: readonly bigint[], files: { readonly [fd: number]: bigint }) {
  const kernel = toyKernel({
    types: tableTypes,
    memory: [
      ["struct task_struct", at(1), { files: at(2) }],
      ["struct files_struct", at(2), { fdt: at(3) }],
      ["struct fdtable", at(3), { max_fds: limit, fd: at(4), open_fds: at(6) }],
      [`struct file *[256]`, at(4), Array.from({ length: 256 }, (_, fd) => files[fd] ?? 0n)],
      [`unsigned long [${open.length}]`, at(6), open],
    ],
  });
  return kernel.object("struct task_struct", at(1));
}
const fds = (task: ReturnType<typeof taskWithFiles>): string[] =>
  told(openFiles(task), ({ fd, file }) => `${fd}:${(file.address - BASE).toString(16)}`);

test("open files are those that the bitmap names and the table holds, over more than one word", () => {
  const task = taskWithFiles(256, [0b1011n, 0n, 1n << 63n, 0n], { 0: at(16), 1: at(17), 2: at(18), 191: at(19) });
  // Descriptor 3 is reserved and has no file yet, 2 has been closed.
  assert.deepEqual(fds(task), ["0:10000", "1:11000", "191:13000"]);
});

test("a table that ends within a word is not read beyond its end", () => {
  assert.deepEqual(fds(taskWithFiles(8, [0xffffn], { 7: at(16), 8: at(17) })), ["7:10000"]);
});

test("files before a missing page are listed, and a table with an impossible limit is reported as damaged", () => {
  const task = taskWithFiles(65536, [1n], { 0: at(16) });
  assert.deepEqual(fds(task).slice(0, 1), ["0:10000"]);
  assert.match(fds(task)[1] ?? "", /^missing: |^unmapped: |^excluded: /);
  assert.match(
    fds(taskWithFiles(0x7fff_ffff, [1n], {}))[0] ?? "",
    /^corrupt: max_fds of 2147483647 exceeds the limit of 67108864/,
  );
});

test("an exiting task without files or directories has none", () => {
  const kernel = toyKernel({
    types: `${tableTypes} struct path { void *mnt; void *dentry; }; struct fs_struct { struct path root; struct path pwd; };
      struct exited { struct files_struct *files; struct fs_struct *fs; };`,
    memory: [["struct exited", at(1), {}]],
  });
  const task: Obj = kernel.object("struct exited", at(1));
  assert.deepEqual(
    told(openFiles(task), () => "a file"),
    [],
  );
  assert.equal(fsPath(task, "pwd"), undefined);
});

test("an inode's mode gives its type; internal inodes have their own", () => {
  const kernel = toyKernel({ types: "struct inode { unsigned short i_mode; };" });
  const typeOf = (mode: number) => {
    kernel.put("struct inode", at(1), { i_mode: mode });
    return fileType(kernel.object("struct inode", at(1)));
  };
  assert.deepEqual([0o100644, 0o140777, 0o010600, 0o600].map(typeOf), ["REG", "SOCK", "FIFO", undefined]);
});

test("the page cache yields pages and skips shadow entries, as a radix tree and as an xarray", () => {
  for (const [member, tree, tag] of [
    ["i_pages", "struct xarray { void *xa_head; }; struct xa_node { unsigned char shift; void *slots[64]; };", 2n],
    [
      "page_tree",
      "struct xarray { void *rnode; }; struct radix_tree_node { unsigned char shift; void *slots[64]; };",
      1n,
    ],
  ] as const) {
    const kernel = toyKernel({
      types: `${tree} struct address_space { struct xarray ${member}; unsigned long nrpages; };`,
      memory: [
        ["struct address_space", at(1), { [member]: { [tag === 2n ? "xa_head" : "rnode"]: at(2) | tag } }],
        [
          tag === 2n ? "struct xa_node" : "struct radix_tree_node",
          at(2),
          { slots: [at(10), tag === 2n ? 0x123n : 0x122n, 0n, at(11)] },
        ],
      ],
    });
    const pages = told(
      pageCache(kernel.object("struct address_space", at(1))),
      ({ index, page }) => `${index}:${page - BASE}`,
    );
    assert.deepEqual(pages, [`0:${0xa000}`, `3:${0xb000}`], member);
  }
});

const listTypes = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
  struct hlist_head { struct hlist_node *first; };
  struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right; struct rb_node *rb_left; };
  struct rb_root { struct rb_node *rb_node; };`;

const mountTypes = `
  struct qstr { unsigned int len; const char *name; };
  struct dentry { struct dentry *d_parent; struct qstr d_name; };
  struct super_block { int dummy; };
  struct vfsmount { struct dentry *mnt_root; struct super_block *mnt_sb; int mnt_flags; };`;

/** A root mount and one on its directory "mnt", by page. */
const [ROOT, MNT, ROOT_DENTRY, MNT_DENTRY, TOP_DENTRY] = [at(1), at(2), at(10), at(11), at(12)];
const dentries = [
  ["struct dentry", ROOT_DENTRY, { d_parent: ROOT_DENTRY, d_name: { len: 1, name: "/" } }],
  ["struct dentry", MNT_DENTRY, { d_parent: ROOT_DENTRY, d_name: { len: 3, name: "mnt" } }],
  ["struct dentry", TOP_DENTRY, { d_parent: TOP_DENTRY, d_name: { len: 1, name: "/" } }],
] as const;

test("mounts of a list leave out the marks of readers", () => {
  const kernel = toyKernel({
    types: `${listTypes}${mountTypes}
      struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt;
        struct list_head mnt_list; const char *mnt_devname; };
      struct mnt_namespace { unsigned int mounts; struct list_head list; };`,
  });
  const link = kernel.object("struct mount", 0n).at("mnt_list").address;
  const head = kernel.object("struct mnt_namespace", at(5)).at("list").address;
  kernel.put("struct mnt_namespace", at(5), { mounts: 2, list: { next: ROOT + link } });
  for (const [type, address, value] of dentries) kernel.put(type, address, value);
  const mnt = { mnt_root: ROOT_DENTRY, mnt_sb: at(20) };
  kernel.put("struct mount", ROOT, {
    mnt_parent: ROOT,
    mnt_mountpoint: ROOT_DENTRY,
    mnt,
    mnt_list: { next: at(3) + link },
  });
  kernel.put("struct mount", at(3), { mnt: { mnt_flags: 0x10000000 }, mnt_list: { next: MNT + link } });
  kernel.put("struct mount", MNT, {
    mnt_parent: ROOT,
    mnt_mountpoint: MNT_DENTRY,
    mnt: { mnt_root: TOP_DENTRY, mnt_sb: at(21) },
    mnt_list: { next: head },
    mnt_devname: "/dev/vda",
  });
  const namespace = kernel.object("struct mnt_namespace", at(5));
  assert.deepEqual(
    told(mounts(namespace), (mount) => `${mountDevice(mount)} on ${mountPath(mount)}`),
    ["none on /", "/dev/vda on /mnt"],
  );
  assert.equal(mountOfSuper(namespace, at(21))?.address, MNT);
  assert.equal(mountOfSuper(namespace, at(22)), undefined);
});

test("since v6.8 mounts form a tree", () => {
  const kernel = toyKernel({
    types: `${listTypes}${mountTypes}
      struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt;
        union { struct rb_node mnt_node; struct list_head mnt_list; }; const char *mnt_devname; };
      struct mnt_namespace { struct rb_root mounts; struct list_head list; };`,
  });
  const link = kernel.object("struct mount", 0n).at("mnt_node").address;
  kernel.put("struct mnt_namespace", at(5), { mounts: { rb_node: MNT + link } });
  kernel.put("struct mount", MNT, { mnt_node: { rb_left: ROOT + link }, mnt_devname: "second" });
  kernel.put("struct mount", ROOT, { mnt_node: { __rb_parent_color: MNT + link }, mnt_devname: "first" });
  assert.deepEqual(told(mounts(kernel.object("struct mnt_namespace", at(5))), mountDevice), ["first", "second"]);
});

test("dirty inodes are those of the file system, on every list of every cgroup that writes to its device", () => {
  const lists = "struct list_head b_dirty; struct list_head b_io; struct list_head b_more_io;";
  const kernel = toyKernel({
    types: `${listTypes}
      struct super_block { struct backing_dev_info *s_bdi; };
      struct bdi_writeback { struct list_head bdi_node; ${lists} struct list_head b_dirty_time; };
      struct backing_dev_info { struct list_head wb_list; };
      struct inode { struct super_block *i_sb; struct list_head i_io_list; struct list_head i_wb_list; };`,
  });
  const head = (writeback: bigint, list: string): bigint =>
    kernel.object("struct bdi_writeback", writeback).at(list).address;
  const empty = (writeback: bigint) =>
    Object.fromEntries(
      ["b_dirty", "b_io", "b_more_io", "b_dirty_time"].map((list) => [list, { next: head(writeback, list) }]),
    );
  kernel.put("struct super_block", at(1), { s_bdi: at(2) });
  kernel.put("struct backing_dev_info", at(2), { wb_list: { next: at(3) } });
  // bdi_node and i_io_list: the node is the first member of the one, 8 bytes into the other.
  kernel.put("struct bdi_writeback", at(3), {
    ...empty(at(3)),
    bdi_node: { next: at(4) },
    b_dirty: { next: at(10) + 8n },
  });
  kernel.put("struct bdi_writeback", at(4), {
    ...empty(at(4)),
    bdi_node: { next: at(2) },
    b_dirty_time: { next: at(12) + 8n },
  });
  kernel.put("struct inode", at(10), { i_sb: at(1), i_io_list: { next: at(11) + 8n } });
  kernel.put("struct inode", at(11), { i_sb: at(99), i_io_list: { next: head(at(3), "b_dirty") } });
  kernel.put("struct inode", at(12), { i_sb: at(1), i_io_list: { next: head(at(4), "b_dirty_time") } });
  const found = told(dirtyInodes(kernel.object("struct super_block", at(1))), ({ address }) =>
    String((address - BASE) / 0x1000n),
  );
  assert.deepEqual(found, ["10", "12"]);
});

test("files of the lock server are listed with the clients that hold locks on them", () => {
  for (const shape of [
    {
      file: "struct file *f_file;",
      lock: "struct list_head fl_list; void *fl_owner;",
      list: "fl_list",
      owner: "fl_owner",
    },
    {
      file: "struct file *f_file[2];",
      lock: "struct { struct list_head flc_list; void *flc_owner; } c;",
      list: "c.flc_list",
      owner: "c.flc_owner",
    },
  ]) {
    const kernel = toyKernel({
      types: `${listTypes}
        struct nlm_host { char *h_name; };
        struct nlm_lockowner { struct nlm_host *host; };
        struct file_lock { ${shape.lock} void *fl_lmops; };
        struct file_lock_context { struct list_head flc_posix; };
        struct inode { struct file_lock_context *i_flctx; };
        struct file { struct inode *f_inode; };
        struct nlm_file { struct hlist_node f_list; ${shape.file} };
        struct hlist_head nlm_files[128]; int nlmsvc_lock_operations;`,
      symbols: { nlm_files: at(1), nlmsvc_lock_operations: at(2) },
    });
    const isArray = shape.file.includes("[2]");
    kernel.put(
      "struct hlist_head [128]",
      at(1),
      Array.from({ length: 128 }, (_, i) => ({ first: i === 5 ? at(3) : 0n })),
    );
    kernel.put("struct nlm_file", at(3), { f_file: isArray ? [0n, at(4)] : at(4) });
    kernel.put("struct file", at(4), { f_inode: at(5) });
    kernel.put("struct inode", at(5), { i_flctx: at(6) });
    kernel.put("struct file_lock_context", at(6), { flc_posix: { next: at(7) } });
    kernel.put("struct file_lock", at(7), { [shape.list]: { next: at(8) }, [shape.owner]: at(9), fl_lmops: at(2) });
    kernel.put("struct file_lock", at(8), { [shape.list]: { next: at(6) }, [shape.owner]: at(9), fl_lmops: 0n });
    kernel.put("struct nlm_lockowner", at(9), { host: at(10) });
    kernel.put("struct nlm_host", at(10), { h_name: "client.example" });
    assert.deepEqual(
      told(lockedFiles(kernel), ({ file, clients }) => `${(file.address - BASE) / 0x1000n} ${clients.join()}`),
      ["4 client.example"],
      shape.file,
    );
  }
  assert.deepEqual([...lockedFiles(toyKernel())], []);
});
