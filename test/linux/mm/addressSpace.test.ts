import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../../src/base/fault.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { arm64 } from "../../../src/arch/arm64/arm64.ts";
import { dentryPath } from "../../../src/linux/fs/dcache.ts";
import { swapAreas, swapPagesInUse } from "../../../src/linux/mm/swap.ts";
import { swapSlot } from "../../../src/linux/mm/swapEntry.ts";
import { findVma, fileOffset, vmaFlagTable, vmas } from "../../../src/linux/mm/vma.ts";
import { vmapAreaAt, vmapAreas } from "../../../src/linux/mm/vmalloc.ts";
import { toyKernel, type Toy } from "../../builders/kernel.ts";

const at = (index: number): bigint => 0xffff_8880_0000_0000n + BigInt(index) * 0x1000n;

const VMA = `struct vm_area_struct { unsigned long vm_start, vm_end, vm_pgoff; struct vm_area_struct *vm_next, *vm_prev; };
  struct mm_struct { struct vm_area_struct *mmap; };`;

test("before v6.1 memory areas are a list", () => {
  const kernel = toyKernel({
    types: VMA,
    memory: [
      ["struct mm_struct", at(0), { mmap: at(1) }],
      ["struct vm_area_struct", at(1), { vm_start: 0x1000, vm_end: 0x3000, vm_next: at(2), vm_pgoff: 4 }],
      ["struct vm_area_struct", at(2), { vm_start: 0x8000, vm_end: 0x9000, vm_prev: at(1) }],
    ],
  });
  const mm = kernel.object("struct mm_struct", at(0));
  assert.deepEqual([...vmas(mm)].map(({ address }) => address), [at(1), at(2)]); // prettier-ignore
  assert.deepEqual([0xfffn, 0x2fffn, 0x3000n, 0x8000n].map((a) => findVma(mm, a)?.address), [undefined, at(1), undefined, at(2)]); // prettier-ignore
  assert.equal(fileOffset(findVma(mm, 0x2000n)!, 0x2000n), 0x5000n);
  kernel.put("struct vm_area_struct", at(2), { vm_start: 0x8000, vm_end: 0x9000, vm_prev: at(3) });
  assert.throws(() => [...vmas(mm)], /list of memory areas is damaged/);
});

test("marks that a fork left in a maple tree are not memory areas", () => {
  const kernel = toyKernel({
    types: `struct maple_range_64 { void *parent; unsigned long pivot[15]; void *slot[16]; };
      struct maple_node { union { struct { void *parent; void *slot[31]; }; struct maple_range_64 mr64; }; };
      struct maple_tree { void *ma_root; }; struct vm_area_struct { long x; }; struct mm_struct { struct maple_tree mm_mt; };`,
    memory: [
      ["struct mm_struct", at(0), { mm_mt: { ma_root: at(1) | (1n << 3n) | 6n } }],
      ["struct maple_node", at(1), { mr64: { pivot: [0xfff, 0x1fff, 0x2fff], slot: [at(5), 0x406, at(6)] } }],
    ],
  });
  assert.deepEqual([...vmas(kernel.object("struct mm_struct", at(0)))].map(({ address }) => address), [at(5), at(6)]); // prettier-ignore
});

test("flags of memory areas have the names that the kernel itself prints", () => {
  const kernel = toyKernel({
    types:
      "struct trace_print_flags { unsigned long mask; const char *name; }; const struct trace_print_flags vmaflag_names[4];",
    symbols: { vmaflag_names: at(0) },
    memory: [["vmaflag_names", [{ mask: 1, name: "read" }, { mask: 0x8000000, name: "softdirty" }, {}]]],
  });
  assert.deepEqual(vmaFlagTable(kernel), [{ name: "READ", mask: 1n }, { name: "SOFTDIRTY", mask: 0x8000000n }]); // prettier-ignore
});

const VMAP =
  "struct list_head { struct list_head *next, *prev; }; struct vm_struct { void *addr; }; struct vmap_area { unsigned long va_start, va_end; struct list_head list; struct vm_struct *vm; };";
const area = (start: number, next: bigint, vm = 0n) => ({
  va_start: start,
  va_end: start + 0x1000,
  vm,
  list: { next },
});

test("vmalloc areas are in one list, or since v6.9 in one per node", () => {
  const link = (index: number): bigint => at(index) + 16n;
  const one = toyKernel({
    types: `${VMAP} struct list_head vmap_area_list;`,
    symbols: { vmap_area_list: at(0) },
    memory: [
      ["vmap_area_list", { next: link(1) }],
      ["struct vmap_area", at(1), area(0x5000, link(2), at(9))],
      ["struct vmap_area", at(2), area(0x2000, at(0))],
    ],
  });
  assert.deepEqual(vmapAreas(one).areas.map(({ start, vm }) => [start, vm?.address]), [[0x2000n, undefined], [0x5000n, at(9)]]); // prettier-ignore
  assert.deepEqual([0x1fffn, 0x2000n, 0x3000n, 0x5fffn].map((a) => vmapAreaAt(one, a)?.start), [undefined, 0x2000n, undefined, 0x5000n]); // prettier-ignore
  const nodes = toyKernel({
    types: `${VMAP} struct rb_list { void *root; struct list_head head; }; struct vmap_node { long pool; struct rb_list busy; }; struct vmap_node *vmap_nodes; int nr_vmap_nodes;`,
    symbols: { vmap_nodes: at(0), nr_vmap_nodes: at(0) + 8n },
    memory: [
      ["vmap_nodes", at(3)],
      ["nr_vmap_nodes", 2],
      ["struct vmap_node [2]", at(3), [{ busy: { head: { next: link(1) } } }, { busy: { head: { next: link(2) } } }]],
      ["struct vmap_area", at(1), area(0x5000, at(3) + 16n)],
      ["struct vmap_area", at(2), area(0x2000, at(3) + 48n)],
    ],
  });
  assert.deepEqual(vmapAreas(nodes).areas.map(({ start }) => start), [0x2000n, 0x5000n]); // prettier-ignore
});

test("a 32-bit kernel has one node without a pointer to it", () => {
  const kernel = toyKernel({
    types: `${VMAP} struct rb_list { void *root; struct list_head head; }; struct vmap_node { long pool; struct rb_list busy; }; struct vmap_node single;`,
    symbols: { single: { address: at(3), size: 32 } },
    memory: [
      ["struct vmap_node", at(3), { busy: { head: { next: at(1) + 16n } } }],
      ["struct vmap_area", at(1), area(0x5000, at(3) + 16n)],
    ],
  });
  assert.deepEqual(vmapAreas(kernel).areas.map(({ start }) => start), [0x5000n]); // prettier-ignore
});

test("areas before a broken link are listed, with the reason why there may be more", () => {
  const kernel = toyKernel({
    types: `${VMAP} struct list_head vmap_area_list;`,
    symbols: { vmap_area_list: at(0) },
    memory: [["vmap_area_list", { next: at(1) + 16n }], ["struct vmap_area", at(1), area(0x5000, at(7))]], // prettier-ignore
  });
  const { areas, fault } = vmapAreas(kernel);
  assert.deepEqual([areas.length, fault?.kind], [1, "excluded"]);
});

const SWAP = `typedef struct { long counter; } atomic_long_t; struct file; struct swap_info_struct { unsigned long flags; int prio; unsigned int max, pages; INUSE inuse_pages; struct file *swap_file; };
  struct swap_info_struct *swap_info[4]; unsigned int nr_swapfiles;`;
const swapping = (inuse: string, value: bigint | { counter: bigint }, more: Toy = {}) =>
  toyKernel({
    types: SWAP.replace("INUSE", inuse),
    symbols: { swap_info: at(0), nr_swapfiles: at(0) + 64n },
    memory: [
      ["swap_info", [at(1), at(2)]],
      ["nr_swapfiles", 2],
      ["struct swap_info_struct", at(1), { flags: 0 }],
      ["struct swap_info_struct", at(2), { flags: 3, max: 1000, pages: 999, inuse_pages: value, swap_file: at(5) }],
    ],
    ...more,
  });

test("swap areas in use keep their numbers; the count in use may have a flag above it", () => {
  const plain = [...swapAreas(swapping("unsigned int", 7n))];
  assert.deepEqual(plain.map(({ type, area }) => [type, area.address, swapPagesInUse(area)]), [[1, at(2), 7]]); // prettier-ignore
  const [atomic] = swapAreas(swapping("atomic_long_t", { counter: (1n << 30n) | 9n }));
  assert.equal(swapPagesInUse(atomic!.area), 9);
});

test("the layout of swap entries is the one that names a place in an area in use", () => {
  const pteOf = (arch: typeof x86_64): Toy => ({ arch: { ...arch } });
  const x86 = swapping("unsigned int", 0n, pteOf(x86_64));
  const inverted = (1n << 59n) | ((BigInt.asUintN(64, ~(5n << 14n)) >> 5n) & ((1n << 59n) - 1n) & ~0x1ffn);
  assert.equal(swapSlot(x86, inverted)?.offset, 5n);
  assert.equal(swapSlot(x86, (1n << 9n) | (6n << 14n))?.offset, 6n);
  const arm = swapping("unsigned int", 0n, pteOf(arm64));
  assert.equal(swapSlot(arm, (1n << 6n) | (7n << 12n))?.offset, 7n);
  assert.equal(swapSlot(arm, (1n << 3n) | (300n << 8n))?.offset, 300n);
  assert.equal(swapSlot(x86, 0xfffn << 50n), undefined);
});

const DENTRY = `struct qstr { unsigned int hash, len; const unsigned char *name; }; struct dentry { struct dentry *d_parent; struct qstr d_name; };
  struct vfsmount { struct dentry *mnt_root; }; struct mount { struct mount *mnt_parent; struct dentry *mnt_mountpoint; struct vfsmount mnt; };`;
const dentry = (name: string, parent: bigint) => ({ d_parent: parent, d_name: { len: name.length, name } });

test("a path crosses mounts up to the root", () => {
  const kernel = toyKernel({
    types: DENTRY,
    memory: [
      ["struct dentry", at(1), dentry("/", at(1))],
      ["struct dentry", at(2), dentry("mnt", at(1))],
      ["struct dentry", at(3), dentry("/", at(3))],
      ["struct dentry", at(4), dentry("data", at(3))],
      ["struct mount", at(10), { mnt_parent: at(10), mnt: { mnt_root: at(1) } }],
      ["struct mount", at(11), { mnt_parent: at(10), mnt_mountpoint: at(2), mnt: { mnt_root: at(3) } }],
      ["struct dentry", at(5), dentry("dev/zero", at(5))],
      ["struct dentry", at(6), dentry("a", at(7))],
      ["struct dentry", at(7), dentry("b", at(6))],
    ],
  });
  const object = (index: number) => kernel.object("struct dentry", at(index));
  const mount = (index: number) => kernel.object("struct mount", at(index)).at("mnt");
  assert.equal(dentryPath({ mount: mount(11), dentry: object(4) }), "/mnt/data");
  assert.equal(dentryPath({ mount: mount(11), dentry: object(3) }), "/mnt");
  assert.equal(dentryPath({ mount: mount(10), dentry: object(1) }), "/");
  assert.equal(dentryPath({ mount: mount(10), dentry: object(5) }), "dev/zero");
  const ring = attempt(() => dentryPath({ mount: mount(10), dentry: object(6) }));
  assert.ok(ring instanceof Fault && ring.kind === "corrupt");
});
