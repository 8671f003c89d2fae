/** `kind|first line`. */
const TEXT = `
hard-lockup|NMI watchdog: Watchdog detected hard LOCKUP on cpu 3
hard-lockup|watchdog: Watchdog detected hard LOCKUP on cpu 3
hard-lockup|watchdog: CPU0: Watchdog detected hard LOCKUP on cpu 3
hard-lockup|watchdog: CPU 10 self-detected hard LOCKUP @ plpar_hcall_norets+0x1c/0x28
hard-lockup|watchdog: CPU 10 detected hard LOCKUP on other CPUs 3
hard-lockup|Watchdog CPU:3 Hard LOCKUP
hard-lockup|Watchdog CPU:3 detected Hard LOCKUP other CPUS:5
soft-lockup|BUG: soft lockup - CPU#0 stuck for 67s! [foo bar:123]
workqueue-lockup|BUG: workqueue lockup - pool cpus=1 node=0 flags=0x0 nice=0 stuck for 31s!
rcu-stall|INFO: rcu_sched self-detected stall on CPU
rcu-stall|INFO: rcu_sched detected stalls on CPUs/tasks: { 1} (detected by 0, t=60002 jiffies, g=1, c=2, q=3)
rcu-stall|rcu: INFO: rcu_preempt detected expedited stalls on CPUs/tasks: { 2-... } 123 jiffies s: 1
rcu-stall|INFO: rcu_tasks detected stalls on tasks:
rcu-stall|INFO: rcu_bh detected stall on CPU 1 (t=0 jiffies)
rcu-stall|INFO: rcu_sched_state detected stall on CPU 0 (t=6500 jiffies)
hung-task|INFO: task jbd2/sda1-8:245 blocked in I/O wait for more than 122 seconds.
oom|Out of memory: Kill process 123 (foo) score 900 or sacrifice child
oom|Memory cgroup out of memory: Killed process 4242 (acmed) total-vm:1kB
oom|foo bar invoked oom-killer: gfp_mask=0x201da, order=0, oom_adj=0
allocation-failure|foo: page allocation failure. order:1, mode:0x20
allocation-failure|kworker/u8:1: page allocation failure: order:4, mode:0x40cc0
allocation-failure|foo: page allocation stalls for 10012ms, order:0, mode:0x1
bad-page|BUG: Bad page state in process foo bar  pfn:12345
bad-page-map|BUG: Bad page map in process foo  pte:800000012345 pmd:12345067
mm-counter|BUG: Bad rss-counter state mm:0000000012345678 type:MM_ANONPAGES val:3
mm-counter|BUG: non-zero pgtables_bytes on freeing mm: 4096
slab|BUG kmalloc-64 (Not tainted): Right Redzone overwritten
slab|BUG task_struct(123:foo.service) (Tainted: G    B): Poison overwritten
list-corruption|list_add corruption. prev->next should be next (ffff888100000000), but was ffff888100000008. (prev=ffff888100000010).
list-corruption|list_add double add: new=ffff888100000000, prev=ffff888100000000, next=ffff888100000010.
list-corruption|list_del corruption, ffff888100000000->next is LIST_POISON1 (dead000000000100)
list-corruption|list_add corruption. next is NULL.
warning|WARNING: at kernel/foo.c:12 bar+0x1/0x2()
warning|WARNING: kernel/foo.c:12 at bar+0x1/0x2, CPU#1: comm/123
warning|WARNING: CPU: 3 PID: 55 at f.c:1 g+0x1/0x2()
warning|WARNING: [x != 0] kernel/foo.c:12 at bar+0x1/0x2, CPU#1: comm/123
spinlock|BUG: spinlock bad magic on CPU#0, swapper/0/1
spinlock|BUG: rwlock recursion on CPU#1, foo/12
spinlock|BUG: spinlock lockup on CPU#0, swapper/0, c3358724
unhandled-fault|Unhandled fault: synchronous external abort (0x96000210) at 0xffff000012340000
unhandled-fault|Unhandled fault: imprecise external abort (0x1406) at 0x00000000
oops|Internal error: synchronous external abort: 0000000096000210 [#1] SMP
oops|Internal error: Oops - BUG: 0 [#1] PREEMPT SMP ARM
oops|Internal error: Oops - undefined instruction: 0 [#1] SMP ARM
serror|SError Interrupt on CPU0, code 0xbf000002 -- SError
machine-check|mce: [Hardware Error]: CPU 0: Machine Check: 0 Bank 5: b200000000800400
machine-check|[Hardware Error]: CPU 2: Machine Check Exception: 5 Bank 4: b200000000070f0f
machine-check|CPU 0: Machine Check Exception: 0000000000000004
machine-check|[Hardware Error]: CPU:0 (17:71:0) MC27_STATUS[Over|CE|MiscV|-|-|-|SyndV|-|-|-]: 0xd82000000002080b
machine-check|[Hardware Error]: Corrected error, no action required.
edac|EDAC MC0: 1 CE memory read error on CPU_SrcID#0_MC#0_Chan#1_DIMM#0 (channel:1 slot:0 page:0x12345 offset:0x0 grain:32 syndrome:0x0)
edac|EDAC MC1: 1 UE ie31200 UE on any memory ( page:0x0 offset:0x0 grain:8)
firmware-error|{1}[Hardware Error]: Hardware error from APEI Generic Hardware Error Source: 4
pcie-error|pcieport 0000:00:1c.5: AER: Corrected error received: 0000:03:00.0
pcie-error|pcieport 0000:00:1c.5: AER: Multiple Uncorrected (Fatal) error message received from 0000:03:00.0
pcie-error|iwlwifi 0000:03:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer, (Receiver ID)
pcie-error|pcieport 0000:00:1c.5: PCIe Bus Error: severity=Uncorrected (Non-Fatal), type=Transaction Layer, id=00e5(Requester ID)
nmi|Uhhuh. NMI received for unknown reason 3d on CPU 0.
nmi|NMI: IOCK error (debug interrupt?) for reason 71 on CPU 0.
nmi|NMI: PCI system error (SERR) for reason b1 on CPU 0.
stack-overflow|Insufficient stack space to handle exception!
stack-overflow|Kernel stack overflow.
netdev-watchdog|NETDEV WATCHDOG: eth0 (e1000e): transmit queue 0 timed out
netdev-watchdog|r8169 0000:02:00.0 eth0: NETDEV WATCHDOG: CPU: 2: transmit queue 0 timed out 5000 ms
conntrack-full|nf_conntrack: nf_conntrack: table full, dropping packet
conntrack-full|nf_conntrack: table full, dropping packet.
sched-ext|sched_ext: BPF scheduler "simple" disabled (runtime error)
rust-panic|rust_kernel: panicked at drivers/a.rs:1:2:
xen-panic|(XEN) Panic on CPU 0:
xen-panic|(XEN) Xen BUG at foo.c:12
sysrq|SysRq : Show State
sysrq|sysrq: Show Blocked State
sysrq|sysrq: Show backtrace of all active CPUs
oops|Bad mode in Error handler detected on CPU3, code 0xbf000002 -- SError
oops|Unhandled 64-bit el1h sync exception on CPU0, ESR 0x0000000034000003 -- BTI
page-fault|Unable to handle kernel execute from non-executable memory at virtual address ffff800012345678
page-fault|Unable to handle kernel write to read-only memory at virtual address ffff800012345678
page-fault|Unable to handle kernel paging request for data at address 0xc000000012345678
page-fault|Kernel attempted to read user page (0) - exploit attempt? (uid: 0)
page-fault|BUG: Unable to handle kernel instruction fetch
oops|Oops: Exception in kernel mode, sig: 5 [#1]
oops|Oops: Machine check, sig: 7 [#1]
oops|illegal operation: 0001 ilc:1 [#1] SMP
oops|Kernel bug detected[#1]:
oops|Reserved instruction in kernel code[#1]:
oops|Unhandled kernel unaligned access[#1]:
oops|Data bus error, epc == 80012345, ra == 80012349
oops|Oops - illegal instruction [#1]
kernel-bug|Kernel BUG [#1]
page-fault|CPU 1 Unable to handle kernel paging request at virtual address 0000000000000010, era == 9000000000123456, ra == 9000000000123460
general-protection|Oops: general protection fault, probably for non-canonical address 0xdffffc0000000003: 0000 [#1] SMP KASAN
cfi|CFI failure at acme_call+0x1c/0x30 (target: acme_bad+0x0/0x10; expected type: 0x12345678)
remark|unchecked MSR access error: RDMSR from 0x1a0 at rIP: 0xffffffff81234567 (native_read_msr+0x5/0x20)
inodes-busy|VFS: Busy inodes after unmount of sda1 (ext4)
irq-nobody|irq 16: nobody cared (try booting with the "irqpoll" option)
usercopy|usercopy: Kernel memory overwrite attempt detected to SLUB object 'kmalloc-64' (offset 1, size 200)!
usercopy|usercopy: kernel memory exposure attempt detected from ffff880012345678 (kmalloc-64) (96 bytes)
ubsan|UBSAN: shift-out-of-bounds in fs/a.c:1:2
lock-cycle|[ INFO: possible circular locking dependency detected ]
lock-order|[ INFO: HARDIRQ-safe -> HARDIRQ-unsafe lock order detected ]
lock-context|[ BUG: Invalid wait context ]
lock-freed|[ BUG: held lock freed! ]
lock-balance|[ BUG: bad unlock balance detected! ]
rcu-usage|[ INFO: suspicious RCU usage. ]
stack-corrupted|Kernel panic - not syncing: stack-protector: Kernel stack is corrupted in: acme_open+0x1c/0x30
panic|Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)
memory-leak|unreferenced object 0xffff888012345678 (size 64):
kfence|BUG: KFENCE: use-after-free read in acme+0x1/0x2
kcsan|BUG: KCSAN: data-race in a / b
kmsan|BUG: KMSAN: uninit-value in acme+0x1/0x2
none|mce: CPU0: Core temperature above threshold, cpu clock throttled (total events = 1)
none|WARNING: You are running an unsupported firmware
none|User process fault: interruption code 0010 ilc:3 in acme[2aa12340000+1000]
none|acmed[812]: segfault at 0 ip 000055d4c0ffee00 sp 00007ffd error 4 in acmed[55d4c0ff0000+1000]
none|traps: acmed[812] general protection fault ip:55d4c0ffee00 sp:7ffd error:0 in acmed[55d4c0ff0000+1000]
none|Kernel command line: panic_on_oops=1
none|Oops: efitime: can't read time!
none|NMI watchdog: Enabled. Permanently consumes one hw-PMU counter.
none|EDAC MC: Ver: 3.0.0
none|pcieport 0000:00:1c.0: AER: enabled with IRQ 122
none|rcu: Hierarchical RCU implementation.
`;

/** First lines of reports as the kernel prints them, old and new wording, with their kind; "none" is no report. */
export const logHeadlines: readonly { readonly kind: string; readonly text: string }[] = TEXT.trim()
  .split("\n")
  .map((row) => ({ kind: row.slice(0, row.indexOf("|")), text: row.slice(row.indexOf("|") + 1) }));
