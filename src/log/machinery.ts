/** Functions that are not the guilty one of a report, each group with its reason. */
import type { ReportKind } from "./kinds.ts";

/** A kind of report; a wrong free that KASAN reports is apart, because there the function that frees is wanted. */
export type MachineryKind = ReportKind | "kasan-free";

/**
 * Functions that are on top of a stack because of how a report is made, or because all code calls them: none of them is
 * the guilty one, and the first function that is not in this list is. The patterns were chosen with syzkaller's lists
 * at hand (pkg/report/linux.go, Apache-2.0; see ThirdPartyNotices.md).
 */
export interface Machinery {
  readonly names: RegExp;
  readonly reason: string;
  /** The kinds of report for which it is machinery; all kinds when absent. */
  readonly kinds?: readonly MachineryKind[];
}

export const machinery: readonly Machinery[] = [
  {
    names:
      /__sanitizer|__asan|kasan|hwasan|__msan|kmsan|kcsan_setup_watchpoint|kcsan_|check_memory_region|check_heap_object|check_object|read_word_at_a_time|(?:read|write)_once_.*nocheck|print_address_description|print_report|ubsan/,
    reason: "the sanitizer that found it",
  },
  {
    names:
      /panic|invalid_op|report_bug|fixup_bug|handle_bug|do_error|_trap$|do_trap|^die$|^__die|assertfail|__fortify_report|program_check_(?:exception|common)|print_tainted|^get_taint$|^oops_|^bad_page_fault$|^df_debug$|double_fault|^rust_helper_BUG$|rust_begin_unwind|^spl_(?:panic|dumpstack)$|^libcfs_(?:debug_dumpstack|call_trace)$|^lbug_with_loc$/,
    reason: "how the kernel reports a failure and stops",
  },
  {
    names:
      /show_stack|dump_stack|walk_stack|dump_backtrace|^unwind_backtrace$|arch_stack_walk|stack_trace_(?:save|consume_entry)|save_stack|show_regs|^show_trace|nmi_cpu_backtrace|nmi_trigger/,
    reason: "how a stack is printed",
  },
  {
    names:
      /^el[01]\w{0,12}_(?:irq|sync|error|fiq|interrupt)(?:_handler)?$|^do_serror$|^(?:die_)?kernel_serror|^ret_to_user$/,
    reason: "the entry of an exception or an interrupt",
  },
  { names: /warn_slowpath|warn_alloc|warn_bogus|__warn/, reason: "how a warning is printed" },
  {
    names:
      /do_(?:kernel|translation|page)_fault$|^do_bad_area|do_mem_abort|do_DataAbort|el1_abort|el1h_64_sync(?:_handler)?|^__do_kernel_fault/,
    reason: "how a fault is delivered",
  },
  {
    names:
      /alloc_page|^cache_grow|k?v?[mzc]alloc|krealloc|kmem_cache|allocate_slab|__alloc_frozen_pages_noprof|folio_(?:alloc|unlock)|filemap_alloc_folio|__filemap_get_folio|find_or_create_page|do_read_cache_folio|read_cache_page|pagecache_get_page|grab_cache_page_write_begin|slab_|memdup|strdup|strndup|^kv?free$|kfree_skb|ida_free/,
    reason: "an allocator, which serves all callers",
  },
  {
    names: /debug_object|timer_is_static_object|work_is_static_object|debug_(?:print|check)/,
    reason: "debugging of objects, which found it",
  },
  {
    names:
      /__might_fault|might_fault|might_sleep|__might_resched|print_unlock|imbalance_bug|print_usage_bug|lockdep|lock_acquire|lock_release|lock_class|mark_lock|mark_usage|^valid_state$|^mark_irqflags$|^validate_chain$|^check_(?:prevs?_add|deadlock|usage|irq_usage)|(?:reacquire|mark)_held_locks|(?:trace|lockdep)_(?:hard|soft)irq|bh_enable|bh_disable|perf_trace|check_noncircular|print_\w*_bug|check_preemption_disabled|__schedule_bug/,
    reason: "the lock validator and other checks of context",
  },
  {
    names:
      /raw_spin_rq|spin_lock|spin_trylock|spin_unlock|read_lock|read_trylock|write_lock|write_trylock|read_unlock|write_unlock|^down$|down_(?:read|write|trylock)|up_(?:read|write)|^mutex_|^__mutex_|^rt_mutex_|owner_on_cpu|osq_(?:un)?lock|seqprop_assert|^(?:un)?lock_page|^queued_spin|^native_queued|^pv_queued|^rwsem_|^do_raw_/,
    reason: "a lock, of which the caller matters",
  },
  {
    names:
      /atomic(?:64)?_(?:dec|inc|read|set|or|xor|and|add|sub|fetch|xchg|cmpxchg|try)|(?:set|clear|change|test)_bit|^refcount_|^kref_|ref_tracker/,
    reason: "an atomic operation or a reference count of the caller's",
  },
  {
    names:
      /memcpy|memcmp|memset|memchr|memmove|str(?:cmp|ncmp|cpy|lcpy|ncpy|scpy|len|str|nstr|nlen|chr)|string|hex_dump_to_buffer|print_hex_dump|^crc\d+|crc_itu_t/,
    reason: "memory or a string of the caller's",
  },
  {
    names:
      /copy_(?:to|from)_(?:user|iter)|copy_page_(?:to|from)_iter|copy_folio_to_iter|^copy(?:in|out)$|put_user|get_user|extract_(?:user|iter)_to_sg/,
    reason: "a copy to or from user space",
  },
  {
    names:
      /list_(?:add|del|replace|move|splice)|^rb_|^__rb_|^klist_|xas_(?:start|load|find)|rhashtable_lookup|_indirect_thunk_/,
    reason: "a list or a tree of the caller's",
  },
  {
    names:
      /pointer|snprintf|scnprintf|kv?asprintf|printk|va_format|dev_(?:info|notice|warn|err|alert|crit|emerg)|^console_(?:unlock|flush|emit|cont|trylock)|add_uevent_var/,
    reason: "printing",
  },
  {
    names:
      /^_*(?:try_to_)?del_timer|^__mod_timer|^lock_timer_base|^_*timer_delete|^detach_(?:timer|if_pending)$|^sk_stop_timer_sync|^_*flush_(?:delayed_)?work|^_*cancel_(?:delayed_)?work|^try_to_grab_pending|^_*(?:flush|drain|destroy)_workqueue|^_*queue_work|^insert_work|^_*queue_delayed_work|^finish_wait|^__wake_up|^complete$|wait_for_completion|^kthread_stop|^cleanup_srcu_struct/,
    reason: "a timer, a work item or a wait of the caller's",
  },
  {
    names:
      /kobject_|get_device_parent|device_(?:add|del|unregister|destroy|release)|devres_release_all|hwrng_unregister|i2c_del_adapter|__unregister_client|device_for_each_child|rollback_registered|unregister_netdev|sysfs_remove|device_remove_file|tty_unregister_device|^put_device$/,
    reason: "the driver core, which works for drivers",
  },
  {
    names: /dummy_urb_enqueue|usb_kill_urb|usb_kill_anchored_urbs|usb_control_msg|usb_hcd_submit_urb|usb_submit_urb/,
    reason: "USB's core, which works for drivers",
  },
  {
    names: /(?:read|write)[bwlq]$|logic_(?:in|out)/,
    reason: "an access to a device's registers",
  },
  {
    names:
      /^iput$|^iput_final$|^ihold$|drop_nlink|fast_dput|dput|mark_buffer_dirty|find_lock_entries|truncate_inode_pages_range|__phys_addr/,
    reason: "a reference to an inode, an entry or a page, of the caller's",
  },
  {
    names: /serial8250|io_serial_|wait_for_xmitr/,
    reason: "the console, to which a report is written",
    kinds: ["soft-lockup", "hard-lockup", "rcu-stall", "hung-task"],
  },
  // Machinery for some kinds only.
  {
    names: /slab_|kfree|vunmap|vfree/,
    reason: "the function that frees is wanted, not the allocator",
    kinds: ["kasan-free"],
  },
  {
    names: /kernel_fault|tag_check|mem_abort|^el1_|^el1h_/,
    reason: "hardware tags are reported by the fault's handler",
    kinds: ["kasan"],
  },
  {
    names:
      /alloc_skb|netlink_ack|netlink_rcv_skb|_encrypt$|^(?:crypto|cipher|drbg|rng)_|usb_(?:submit_urb|start_wait_urb|bulk_msg|interrupt_msg|control_msg)/,
    reason: "generic code that handles bytes of its caller",
    kinds: ["kmsan"],
  },
  {
    names:
      /^object_err$|^_*slab_(?:err|bug|fix)$|^free_to_partial_list$|^_*slab_free$|^(?:free|alloc)_(?:debug_processing|consistency_checks)$|^check_bytes_and_report$|^cache_from_obj$/,
    reason: "the allocator's own checks, which found it",
    kinds: ["slab", "warning"],
  },
  { names: /spin_|_lock|_unlock/, reason: "a lock, of which the caller matters", kinds: ["spinlock"] },
  {
    names: /schedule|retint_kernel|^[mfs]sleep|^usleep_range/,
    reason: "the scheduler, which found it, and sleeps, whose caller must not sleep",
    kinds: ["atomic-schedule"],
  },
  {
    names:
      /(?:free|put|get|update|release)_page|free_unref|^_*folio|truncate_inode_pages|page_frag_free|alloc|vmap|page_owner/,
    reason: "the page allocator, which found it",
    kinds: ["bad-page"],
  },
  {
    names: /dump_stack|preemption|preempt|debug_|processor_id|this_cpu/,
    reason: "the check itself",
    kinds: ["preemptible"],
  },
  {
    names:
      /kmemleak|mmap|kmem|slab|alloc|create_object|idr_get|list_lru_init|kv?asprintf|pcpu_create|strdup|strndup|memdup/,
    reason: "an allocator, which serves all callers",
    kinds: ["memory-leak", "allocation-failure"],
  },
  {
    names: /lock_sock|release_sock/,
    reason: "a lock, of which the caller matters",
    kinds: ["lock-context", "lock-bug"],
  },
  { names: /stack|lock|IRQ/, reason: "the lock validator", kinds: ["lock-key"] },
  { names: /rcu|kmem|slab/, reason: "RCU's own functions, of which the caller matters", kinds: ["rcu-usage"] },
  { names: /usercopy|__check/, reason: "the check itself", kinds: ["usercopy"] },
  { names: /refcount|kobject_/, reason: "the counter, of which the caller matters", kinds: ["refcount"] },
  {
    names: /debug_|rcu|hrtimer_|timer_|work_|percpu_|vunmap|vfree|__free_|kobject_/,
    reason: "users of debugged objects, which serve their callers",
    kinds: ["odebug"],
  },
  { names: /^skb_/, reason: "helpers of buffers, which serve their callers", kinds: ["kernel-bug"] },
  { names: /ubsan|overflow/, reason: "the sanitizer that found it", kinds: ["ubsan"] },
  { names: /apic_timer_interrupt|rcu/, reason: "the tick in which the stall was seen", kinds: ["rcu-stall"] },
  {
    names: /bad_stack|stack_chk|schedule|retint_kernel/,
    reason: "the check that found it",
    kinds: ["stack-overflow", "stack-corrupted"],
  },
  {
    names: /process_one_work|(?:flush|drain|destroy)_workqueue/,
    reason: "locks of work items are taken by the workqueue",
    kinds: ["lock-cycle"],
  },
  {
    names: /rust_begin_unwind|^_RNv\w*rust_begin_unwind/,
    reason: "how Rust's panic is reported",
    kinds: ["rust-panic"],
  },
];

/** Functions that dispatch to the code that loops: the function that they called represents the whole loop. */
export const ANCHORS =
  /process_one_work|do_syscall_|do_fast_syscall_|sysenter_dispatch|tracesys_phase2|el0_svc_handler|invoke_syscall|ret_fast_syscall|netif_receive_skb|do_softirq|call_timer_fn|_run_timers|run_timer_softirq|hrtimer_run|run_ksoftirqd|smpboot_thread_fn|^kthread$|start_secondary|cpu_startup_entry|ret_from_fork|vfs_write|vfs_read|vfs_iter_read|vfs_iter_write|do_iter_read|do_iter_write|call_read_iter|call_write_iter|new_sync_read|new_sync_write|vfs_ioctl|ksys_ioctl|compat_ioctl|compat_sys_ioctl|blkdev_driver_ioctl|blkdev_ioctl|do_iter_readv_writev|^call_mmap|mmap_region|do_mmap|do_dentry_open|vfs_open|^sock_sendmsg|^sock_recvmsg|^sock_release|^__sock_release|^setsockopt$|kernel_setsockopt|sock_common_setsockopt|^listen$|kernel_listen|sk_common_release|^sock_mmap|^accept$|kernel_accept|^sock_do_ioctl|^sock_ioctl|^compat_sock_ioctl|^nfnetlink_rcv_msg|^rtnetlink_rcv_msg|^netlink_dump|^(?:sys_)?(?:socketpair|connect|ioctl)|__do_fault|do_page_fault|^page_fault$|__fput|task_work_run|exit_to_usermode|smp_call_function|tasklet_action|tasklet_hi_action/;

/** Entries from user space, which call all other functions (x86). */
export const FROM_USER = /^entry_(?:SYSCALL|SYSENTER|INT80)/;

/** Functions that put a task to sleep on behalf of their caller: a hung task waits in the function that called them. */
export const SLEEPS =
  /sched|_lock|_slowlock|down|rwsem|completion|kthread|wait|synchronize|context_switch|__switch_to|cancel_delayed_work|rcu_barrier/;

/**
 * Functions that have a name like machinery, although they only use it. syzkaller's titles skip them; the guilty
 * function can be one of them.
 */
const USERS = /^test_[a-z]|^sget_userns$|[a-z]_timer_(?:expiry|handler|callback|fn|func)$/;

/** Whether a function only has a name like machinery. */
export const isUserOfMachinery = (name: string): boolean => USERS.test(name) && !/^delayed_work_timer_fn$/.test(name);

const patterns = new Map<MachineryKind, RegExp>();

/** Whether a function is machinery of a report of a kind. */
export function isMachinery(name: string, kind: MachineryKind, skip?: RegExp): boolean {
  if (skip?.test(name) === true) return true;
  let pattern = patterns.get(kind);
  if (!pattern) {
    const rows = machinery.filter(({ kinds }) => kinds === undefined || kinds.includes(kind));
    pattern = new RegExp(rows.map(({ names }) => names.source).join("|"));
    patterns.set(kind, pattern);
  }
  return pattern.test(name);
}

const WRAPPERS =
  /^(?:SYSC_|SyS_|sys_|__x64_|__ia32_|__arm64_|____sys_|___sys_|__sys_|__se_sys_|__se_|__do_sys_|compat_SYSC_|compat_SyS_|ksys_)/;

/**
 * Returns a function's name without the prefix of SYSCALL_DEFINE and of the machine, so that the title is the same on
 * all machines.
 */
export const withoutWrapper = (name: string): string => name.replace(WRAPPERS, "");
