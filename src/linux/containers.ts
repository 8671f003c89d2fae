/** Element types of the kernel's lists, trees and arrays. */

/** The type of which the nodes of a list, tree or array are members, or to which its entries point. */
export interface Contained {
  /** "struct task_struct". */
  readonly type: string;
  /** Path of the node within the type; undefined if entries are pointers to the type. */
  readonly member: string | undefined;
}

/**
 * Lists, trees and arrays of the kernel with known elements. In C the head is only a `struct list_head`; comments in
 * the declarations of these structs and globals name the elements. If a kernel does not have a type, its line is not
 * used.
 */
const CONTAINED: readonly (readonly [head: string, type: string, member?: string])[] = [
  // include/linux/sched.h, include/linux/sched/signal.h
  ["task_struct.tasks", "task_struct", "tasks"],
  ["task_struct.children", "task_struct", "sibling"],
  ["task_struct.sibling", "task_struct", "sibling"],
  ["task_struct.ptraced", "task_struct", "ptrace_entry"],
  ["task_struct.thread_group", "task_struct", "thread_group"],
  ["task_struct.thread_node", "task_struct", "thread_node"],
  ["signal_struct.thread_head", "task_struct", "thread_node"],
  ["cfs_rq.tasks_timeline", "sched_entity", "run_node"],
  ["rq.cfs_tasks", "task_struct", "se.group_node"],
  // include/linux/mm_types.h, include/linux/fs.h
  ["mm_struct.mm_mt", "vm_area_struct"],
  ["mm_struct.mm_rb", "vm_area_struct", "vm_rb"],
  ["address_space.i_mmap", "vm_area_struct", "shared.rb"],
  ["address_space.i_pages", "page"],
  ["vm_area_struct.anon_vma_chain", "anon_vma_chain", "same_vma"],
  ["anon_vma.rb_root", "anon_vma_chain", "rb"],
  ["vmap_area_root", "vmap_area", "rb_node"],
  ["vmap_area_list", "vmap_area", "list"],
  ["super_blocks", "super_block", "s_list"],
  ["super_block.s_list", "super_block", "s_list"],
  ["super_block.s_inodes", "inode", "i_sb_list"],
  ["super_block.s_mounts", "mount", "mnt_instance"],
  ["file_system_type.fs_supers", "super_block", "s_instances"],
  ["inode.i_dentry", "dentry", "d_u.d_alias"],
  ["inode.i_sb_list", "inode", "i_sb_list"],
  ["dentry.d_subdirs", "dentry", "d_child"],
  ["dentry.d_children", "dentry", "d_sib"],
  ["mnt_namespace.list", "mount", "mnt_list"],
  ["mnt_namespace.mounts", "mount", "mnt_node"],
  ["mount.mnt_mounts", "mount", "mnt_child"],
  ["mount.mnt_child", "mount", "mnt_child"],
  ["eventpoll.rbr", "epitem", "rbn"],
  ["eventpoll.rdllist", "epitem", "rdllink"],
  // mm/slab.h
  ["slab_caches", "kmem_cache", "list"],
  ["kmem_cache.list", "kmem_cache", "list"],
  ["kmem_cache_node.partial", "slab", "slab_list"],
  ["kmem_cache_node.full", "slab", "slab_list"],
  // include/linux/module.h
  ["modules", "module", "list"],
  ["module.list", "module", "list"],
  ["module.source_list", "module_use", "source_list"],
  ["module.target_list", "module_use", "target_list"],
  // Waiting: include/linux/wait.h, kernel/locking
  ["wait_queue_head.head", "wait_queue_entry", "entry"],
  ["mutex.wait_list", "mutex_waiter", "list"],
  ["rw_semaphore.wait_list", "rwsem_waiter", "list"],
  ["semaphore.wait_list", "semaphore_waiter", "list"],
  ["rt_mutex_base.waiters", "rt_mutex_waiter", "tree.entry"],
  // kernel/workqueue.c
  ["workqueues", "workqueue_struct", "list"],
  ["workqueue_struct.list", "workqueue_struct", "list"],
  ["workqueue_struct.pwqs", "pool_workqueue", "pwqs_node"],
  ["worker_pool.worklist", "work_struct", "entry"],
  ["worker_pool.idle_list", "worker", "entry"],
  ["worker_pool.workers", "worker", "node"],
  // Time: include/linux/timerqueue.h, kernel/time/timer.c
  ["timerqueue_head.rb_root", "timerqueue_node", "node"],
  ["timer_base.vectors", "timer_list", "entry"],
  // include/net/net_namespace.h, include/linux/netdevice.h
  ["net_namespace_list", "net", "list"],
  ["net.list", "net", "list"],
  ["net.dev_base_head", "net_device", "dev_list"],
  ["net_device.napi_list", "napi_struct", "dev_list"],
  // Control groups, devices, interrupts
  ["css_set.tasks", "task_struct", "cg_list"],
  ["cgroup_subsys_state.children", "cgroup_subsys_state", "sibling"],
  ["pci_root_buses", "pci_bus", "node"],
  ["pci_bus.devices", "pci_dev", "bus_list"],
  ["pci_bus.children", "pci_bus", "node"],
  ["cgroup_roots", "cgroup_root", "root_list"],
  ["bdi_tree", "backing_dev_info", "rb_node"],
  ["bdi_list", "backing_dev_info", "bdi_list"],
  ["pid_namespace.idr", "pid"],
  ["irq_desc_tree", "irq_desc"],
  ["sparse_irqs", "irq_desc"],
];

const table: ReadonlyMap<string, Contained> = new Map(
  CONTAINED.map(([head, type, member]) => [head, { type: `struct ${type}`, member }]),
);

/**
 * Returns the type of the elements of a list, tree or array; undefined if it is not known. @param struct name of the
 * struct that the head is a member of; undefined for a global @param name name of the member or global
 */
export const containedIn = (struct: string | undefined, name: string): Contained | undefined =>
  table.get(struct === undefined ? name : `${struct}.${name}`);
