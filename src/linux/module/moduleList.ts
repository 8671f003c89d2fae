/** The list of loaded modules. */
import { headOf, namedHead } from "../../kernel/listHead.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { mountNamespace, mounts, mountSuper } from "../fs/mount.ts";

/**
 * Returns the head of the list of modules. A kernel without CONFIG_KALLSYMS_ALL does not name it: then it is found from
 * the module of a file system. @throws Fault
 */
export const moduleList = derived("module list", (kernel): Obj<"struct list_head"> =>
  namedHead(kernel, "modules", () => {
    const module = moduleOfFileSystem(kernel);
    // Each module refers to itself (kernel/module/sysfs.c, mod_sysfs_init).
    return module && headOf(module, "list", (one) => one.at("mkobj.mod").value() === one.address);
  }),
);

/** Maximum numbers of mounts and of registered file systems that are examined. */
const MAX_MOUNTS = 256;
const MAX_TYPES = 256;

/**
 * Returns the module of the first registered file system that has one; undefined if none has. `init_task` is exported.
 * @throws Fault
 */
function moduleOfFileSystem(kernel: Kernel): Obj<"struct module"> | undefined {
  const address = kernel.symbols.find("init_task")?.address;
  if (address === undefined) return undefined;
  let count = 0;
  for (const mount of mounts(mountNamespace(kernel.object("struct task_struct", address)))) {
    if (count++ >= MAX_MOUNTS) break;
    let type = mountSuper(mount).at("s_type");
    for (let i = 0; i < MAX_TYPES && type.value() !== 0n; i++) {
      const owner = type.at("owner");
      if (owner.value() !== 0n) return owner.deref().as("struct module");
      type = type.at("next");
    }
  }
  return undefined;
}
