import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { headOf, namedHead } from "../../src/kernel/listHead.ts";
import { moduleList } from "../../src/linux/module/moduleList.ts";
import { modules } from "../../src/linux/module/module.ts";
import { slabCaches } from "../../src/linux/slab/slab.ts";
import { toyKernel, type ToyKernel } from "../builders/kernel.ts";

const at = (index: number): bigint => 0xffff_8880_0000_0000n + BigInt(index) * 0x1000n;
const LIST = "struct list_head { struct list_head *next, *prev; };";

const MODULES = `${LIST}
  struct module_kobject { struct module *mod; };
  struct module { struct list_head list; struct module_kobject mkobj; };
  struct file_system_type { struct module *owner; struct file_system_type *next; };
  struct super_block { struct file_system_type *s_type; };
  struct vfsmount { struct super_block *mnt_sb; int mnt_flags; };
  struct mount { struct vfsmount mnt; struct list_head mnt_list; };
  struct mnt_namespace { struct list_head list; };
  struct nsproxy { struct mnt_namespace *mnt_ns; };
  struct task_struct { struct nsproxy *nsproxy; };`;

/** Two modules, of which a file system that is not mounted names the second; init_task is known. */
function bareKernel(symbols: { readonly [name: string]: bigint } = {}): ToyKernel {
  return toyKernel({
    types: MODULES,
    symbols: { init_task: at(0), ...symbols },
    memory: [
      ["struct task_struct", at(0), { nsproxy: at(1) }],
      ["struct nsproxy", at(1), { mnt_ns: at(2) }],
      ["struct mnt_namespace", at(2), { list: { next: at(3) + 16n } }],
      ["struct mount", at(3), { mnt: { mnt_sb: at(4) }, mnt_list: { next: at(2) } }],
      ["struct super_block", at(4), { s_type: at(5) }],
      ["struct file_system_type", at(5), { next: at(6) }],
      ["struct file_system_type", at(6), { owner: at(8) }],
      ["struct list_head", at(10), { next: at(7) }],
      ["struct module", at(7), { list: { next: at(8) }, mkobj: { mod: at(7) } }],
      ["struct module", at(8), { list: { next: at(10) }, mkobj: { mod: at(8) } }],
    ],
  });
}

test("the list of modules is found from the module of a file system when the kernel does not name it", () => {
  const kernel = bareKernel();
  assert.equal(moduleList(kernel).address, at(10));
  assert.deepEqual([...modules(kernel)].map(({ address }) => address), [at(7), at(8)]); // prettier-ignore
});

test("without a module to begin at the fault names the variable", () => {
  const kernel = bareKernel();
  kernel.put("struct file_system_type", at(6), { owner: 0 });
  assert.throws(() => moduleList(kernel), (error) => error instanceof Fault && /modules/.test(error.message)); // prettier-ignore
});

test("a list with two nodes that are not entries has no head", () => {
  const kernel = bareKernel();
  kernel.put("struct module", at(7), { list: { next: at(8), prev: at(10) }, mkobj: { mod: 1 } });
  const module = kernel.object("struct module", at(8));
  assert.throws(() => headOf(module, "list", (one) => one.at("mkobj.mod").value() === one.address), /2 nodes/);
});

test("a list that the kernel names begins at its variable", () => {
  const kernel = toyKernel({ types: `${LIST} struct list_head modules;`, symbols: { modules: at(1) } });
  assert.equal(namedHead(kernel, "modules", () => assert.fail()).address, at(1));
});

test("the list of slab caches is found from the caches of kmalloc()", () => {
  const kernel = toyKernel({
    types: `${LIST} struct kmem_cache { const char *name; unsigned int size, object_size; struct list_head list; };`,
    symbols: { kmalloc_caches: at(0) },
    memory: [
      ["unsigned long [3]", at(0), [0, at(2), at(3)]],
      ["struct list_head", at(1), { next: at(2) + 16n }],
      ["struct kmem_cache", at(2), { name: "kmalloc-8", size: 8, object_size: 8, list: { next: at(3) + 16n } }],
      ["struct kmem_cache", at(3), { name: "kmalloc-16", size: 16, object_size: 16, list: { next: at(1) } }],
    ],
  });
  assert.deepEqual([...slabCaches(kernel)].map(({ address }) => address), [at(2), at(3)]); // prettier-ignore
});
