/** What is done to a guest so that it crashes in one particular way. */
export interface Recipe {
  /** Modules of this folder that are loaded before `run`. */
  readonly modules?: readonly string[];
  /** Modules of the shared guest's kernel that are loaded before them. */
  readonly drivers?: readonly string[];
  /** Builds the modules in another way: with these options of the compiler, and their lines moved down. */
  readonly compiled?: string;
  /** Shell commands in the guest, once its workload runs; `$S` is /proc/sys/kernel. */
  readonly run?: string;
  /** Shell commands that process 1 goes on with once the workload runs. */
  readonly asInit?: string;
  /** Words for the kernel's command line. */
  readonly kernel?: string;
  /** Boots without an initramfs: nothing of the guest's set-up runs. */
  readonly isBare?: true;
  /** What the machine does to the guest, `seconds` after its console says `after`. */
  readonly machine?: { readonly after: string; readonly seconds: number; readonly does: "nmi" | "stall-disk" };
  /** "health": the shared guest's, made for a test of its own and without a truth file. Else the only kernel of platform.ts that it is made on; the shared guest's and others when absent. */
  readonly on?: "newest" | "instrumented" | "health";
  /** MB; default 256. */
  readonly memory?: number;
  /** Default 180. */
  readonly timeout?: number;
}

/** Tasks that are blocked for 6 seconds are a panic. */
const hung = "echo 6 > $S/hung_task_timeout_secs; echo 1 > $S/hung_task_panic";
/** A CPU that is held for 6 seconds is a panic. */
const locked = "echo 3 > $S/watchdog_thresh; echo 1 > $S/softlockup_panic";
/** A grace period that lasts 5 seconds is a panic. */
const stalled =
  "echo 0 > $S/watchdog; echo 5 > /sys/module/rcupdate/parameters/rcu_cpu_stall_timeout; echo 1 > $S/panic_on_rcu_stall";
/** Writes each request to the module's control file; each in a process of its own that stays. */
const asked = (module: string, ...requests: string[]): string =>
  requests.map((request) => `setsid sh -c 'echo ${request} > /proc/${module}; sleep 1000' & sleep 0.5`).join("\n");

const routecache = (request: string, kernel: string): Recipe => ({
  modules: ["routecache"],
  run: `echo ${request} > /proc/routecache`,
  kernel: `slab_nomerge ${kernel}`.trim(),
});
const sensors = (request: string): Recipe => ({
  modules: ["sensors"],
  run: `echo ${request} > /proc/sensors`,
  kernel: "slab_nomerge",
});
const ports = (request: string): Recipe => ({
  modules: ["ports"],
  run: `echo ${request} > /proc/ports`,
  kernel: "slab_nomerge",
});
const pktqueue = (request: string, run = ""): Recipe => ({
  modules: ["pktqueue"],
  run: `${run}echo ${request} > /proc/pktqueue`,
  kernel: "slab_nomerge",
});
const handover = (request: string, more: Partial<Recipe> = {}): Recipe => ({
  modules: ["handover"],
  run: `echo ${request} > /proc/handover; sleep 20`,
  ...more,
});
const courier = (request: string, more: Partial<Recipe> = {}): Recipe => ({
  modules: ["courier"],
  run: `echo ${request} > /proc/courier`,
  kernel: "slab_nomerge",
  ...more,
});
const harbour = (request: string, more: Partial<Recipe> = {}): Recipe => ({
  modules: ["harbour"],
  run: `echo ${request} > /proc/harbour`,
  kernel: "slab_nomerge",
  ...more,
});
const orchard = (request: string, more: Partial<Recipe> = {}): Recipe => ({
  modules: ["orchard"],
  run: `echo ${request} > /proc/orchard; sleep 20`,
  kernel: "slab_nomerge",
  ...more,
});
const ferry = (request: string, more: Partial<Recipe> = {}): Recipe => ({
  modules: ["ferry"],
  run: `echo ${request} > /proc/ferry; sleep 20`,
  kernel: "slab_nomerge",
  ...more,
});
const brewery = (request: string, more: Partial<Recipe> = {}): Recipe => ({
  modules: ["brewery"],
  run: `echo ${request} > /proc/brewery; sleep 20`,
  kernel: "slab_nomerge",
  ...more,
});
const foundry = (request: string, needs: string): Recipe => ({
  modules: ["foundry"],
  run: `${needs}; echo ${request} > /proc/foundry; sleep 20`,
});
const valves = (request: string, run = ""): Recipe => ({
  modules: ["valves"],
  run: `${run}echo ${request} > /proc/valves; sleep 5`,
  kernel: "slab_nomerge",
});
const warned = "echo 1 > $S/panic_on_warn; ";
const tracked = { kernel: "slub_debug=FPU,kmalloc-256" };

/** The made crashes, by their names. */
export const recipes: Readonly<Record<string, Recipe>> = {
  // Objects
  "use-after-free": routecache("expire", ""),
  "use-after-free-debug": routecache("expire", "slub_debug=FPU,route"),
  "double-free": routecache("drop", ""),
  uninitialised: routecache("clone", "slub_debug=P,route"),
  "neighbour-overrun": routecache("rename", "slub_debug=FZ,route_alias"),
  "wrong-type": sensors("spin"),
  "kasan-use-after-free": { ...routecache("expire", "kasan.fault=panic"), on: "instrumented" },
  "kasan-out-of-bounds": { ...routecache("rename", "kasan.fault=panic"), on: "instrumented" },
  "kasan-double-free": { ...routecache("drop", "kasan.fault=panic slub_debug=FZPU,route"), on: "instrumented" },
  "double-free-tracked": {
    ...routecache("drop", "slub_debug=FZPU,route"),
    run: "echo 1 > $S/panic_on_warn; echo drop > /proc/routecache",
    on: "newest",
  },
  // Pointers
  "null-member": sensors("probe"),
  "null-call": sensors("calibrate"),
  "user-jump": sensors("offer"),
  "bit-flip-function": sensors("strike"),
  "err-ptr": sensors("limit"),
  truncated: ports("send"),
  "text-address": ports("count"),
  "divide-by-zero": sensors("rate"),
  bug: sensors("check"),
  // Lists and references
  "list-corruption": pktqueue("discard"),
  "list-double-add": pktqueue("requeue"),
  "bit-flip-list": pktqueue("strike"),
  "refcount-underflow": pktqueue("put", "echo 1 > $S/panic_on_warn; "),
  // The stack
  "stack-overflow": { modules: ["outline"], run: "echo number > /proc/outline" },
  // CPUs
  "interrupts-off": {
    modules: ["poller"],
    run: "echo drain > /proc/poller",
    kernel: "unknown_nmi_panic",
    machine: { after: "made: done", seconds: 6, does: "nmi" },
  },
  "soft-lockup": { modules: ["poller"], run: `${locked}; echo scan > /proc/poller` },
  "spinlock-held": { modules: ["poller"], run: `${locked}; echo configure > /proc/poller` },
  "rcu-reader": { modules: ["poller"], run: `${stalled}; echo scan > /proc/poller` },
  "rcu-starved": {
    modules: ["poller"],
    run: `${stalled}
echo -1 > $S/sched_rt_runtime_us
rcu=$(ps | awk '$NF == "[rcu_preempt]" { print $1 }')
taskset -p 2 $rcu
echo update > /proc/poller
sleep 1
echo hurry > /proc/poller`,
  },
  // Who waits for whom
  "rwsem-reader": { modules: ["depot"], run: `${hung}\n${asked("depot", "search", "update", "search")}` },
  "mutex-owner-exited": {
    modules: ["depot"],
    run: `${hung}
setsid sh -c 'sh -c "echo audit > /proc/depot" & exec sleep 1000' &
sleep 1
${asked("depot", "write", "write")}`,
  },
  "completion-lost": { modules: ["depot"], run: `${hung}\n${asked("depot", "deliver", "receive")}` },
  "flush-deadlock": { modules: ["depot"], run: `${hung}; echo order > /proc/depot` },
  "two-locks": { modules: ["depot"], run: `${hung}; echo swap > /proc/depot` },
  "three-locks": { modules: ["depot"], run: `${hung}; echo rotate > /proc/depot` },
  "disk-stalled": {
    run: `${hung}; echo 'made: writing'; sleep 3
setsid sh -c 'i=0; while :; do echo $i >> /mnt/data/growing; sync /mnt/data/growing; i=$((i+1)); done' &`,
    machine: { after: "made: writing", seconds: 1, does: "stall-disk" },
  },
  "loop-stalled": {
    run: `${hung}
dd if=/dev/zero of=/mnt/data/volume.img bs=1M count=16 2>/dev/null
modprobe loop; sleep 1; losetup /dev/loop0 /mnt/data/volume.img
mke2fs -F /dev/loop0 > /dev/null; mkdir -p /mnt/volume; mount -t ext2 /dev/loop0 /mnt/volume; losetup -a; grep volume /proc/mounts
sync; echo 'made: mounted'; sleep 3
setsid sh -c 'dd if=/dev/zero of=/mnt/volume/report bs=4k count=64 conv=fsync' &`,
    machine: { after: "made: mounted", seconds: 1, does: "stall-disk" },
  },
  // Memory
  "oom-global": { run: "echo 1 > /proc/sys/vm/panic_on_oom; workload oom", memory: 192 },
  "oom-memcg": {
    run: `echo 2 > /proc/sys/vm/panic_on_oom; echo 16M > /sys/fs/cgroup/lab/a/memory.max
echo 0 > /sys/fs/cgroup/lab/a/memory.swap.max
sh -c 'echo $$ > /sys/fs/cgroup/lab/a/cgroup.procs; exec workload oom'`,
  },
  "slab-leak": {
    modules: ["jobs"],
    run: "echo 1 > /proc/sys/vm/panic_on_oom; echo run > /proc/jobs",
    kernel: "slab_nomerge",
    memory: 192,
  },
  "page-leak": {
    modules: ["printer"],
    run: "echo 1 > /proc/sys/vm/panic_on_oom; echo print > /proc/printer",
    kernel: "page_owner=on",
    on: "instrumented",
  },
  // What the guest's own files say; their lines go to the console
  allocations: {
    modules: ["archive"],
    run: `killall workload; echo fill > /proc/archive; sleep 4; echo 1 > $S/printk
for pass in 1 2; do
  while read -r bytes calls rest; do [ "$bytes" -gt 0 ] 2>/dev/null && echo "$bytes $calls $rest"; done < /proc/allocinfo > /dev/shm/allocinfo
  sleep 3
done
while read -r line; do echo "allocinfo: $line"; done < /dev/shm/allocinfo
echo c > /proc/sysrq-trigger`,
    on: "instrumented",
  },
  traced: {
    modules: ["archive"],
    run: `echo fill > /proc/archive; rmmod archive; mount -t tracefs t /sys/kernel/tracing; cd /sys/kernel/tracing
echo 0 > tracing_on; echo 96 > buffer_size_kb
mkdir instances/functions instances/graph
echo 24 > instances/functions/buffer_size_kb; echo 24 > instances/graph/buffer_size_kb; echo 24 > instances/kept/buffer_size_kb
echo 'p:opened do_sys_openat2 dfd=%di:s32 name=+0(%si):ustring' > kprobe_events
echo 'p:closed filp_close file=%di' >> kprobe_events
for event in sched/sched_switch sched/sched_waking sched/sched_process_exit irq timer/timer_start kmem/kmalloc kmem/mm_page_alloc syscalls/sys_enter_openat syscalls/sys_exit_openat workqueue block; do echo 1 > events/$event/enable; done
echo 1 > events/kprobes/enable; echo 1 > instances/kept/events/sched/enable
echo 1 > instances/functions/options/func_stack_trace
echo vfs_open vfs_statx > instances/functions/set_ftrace_filter; echo function > instances/functions/current_tracer
echo vfs_open do_dentry_open path_openat > instances/graph/set_ftrace_filter; echo function_graph > instances/graph/current_tracer
echo 1 > tracing_on; sleep 1; echo 'begin of the workload' > trace_marker; ls -lR /bin > /dev/null; sleep 0.2
echo 'end of the workload' > trace_marker; ls -l /proc/1 > /dev/null
for folder in . instances/functions instances/graph instances/kept; do echo 0 > $folder/tracing_on; done
echo 1 > $S/printk
sed 's/^/trace: /' trace
for name in functions graph kept; do sed "s/^/trace $name: /" instances/$name/trace; done
echo c > /proc/sysrq-trigger`,
    kernel: "reserve_mem=2M:4096:kept trace_instance=kept@kept",
    on: "instrumented",
    timeout: 400,
  },
  "traced-shared": {
    run: `mount -t tracefs t /sys/kernel/tracing; cd /sys/kernel/tracing
echo 0 > tracing_on; echo 96 > buffer_size_kb
for event in sched irq timer/timer_start kmem/kmalloc kmem/mm_page_alloc syscalls block workqueue; do echo 1 > events/$event/enable; done
echo 1 > tracing_on; ls -lR /bin > /dev/null; echo 'end of the workload' > trace_marker; dd if=/dev/vda of=/dev/null bs=64k count=4 iflag=direct; ls -l /proc/1 > /dev/null
echo 0 > tracing_on; echo 1 > $S/printk
sed 's/^/trace: /' trace
echo c > /proc/sysrq-trigger`,
    on: "health",
  },
  // Health
  healthy: { run: "sleep 2; echo c > /proc/sysrq-trigger", on: "health" },
  unhealthy: {
    modules: ["poller"],
    run: `echo 176 > $S/sysrq; echo 0 > $S/watchdog; echo -1 > $S/sched_rt_runtime_us; echo on > $S/printk_devkmsg
echo 0 > $S/panic_on_oops
echo 16M > /sys/fs/cgroup/lab/a/memory.max; echo 0 > /sys/fs/cgroup/lab/a/memory.swap.max
sh -c 'echo $$ > /sys/fs/cgroup/lab/a/cgroup.procs; exec dd if=/dev/zero of=/dev/shm/fill bs=1M count=64'
i=0; while [ $i -lt 3000 ]; do echo "<7>filler $i ............................................................"; i=$((i+1)); done > /dev/kmsg
setsid taskset 2 sh -c 'while :; do :; done' &
echo hurry > /proc/poller
setsid sh -c 'sleep 1; echo 1 > /proc/sys/vm/stat_refresh' &
echo 'made: writing'; sleep 3
setsid sh -c 'i=0; while :; do echo $i >> /mnt/data/growing; sync /mnt/data/growing; i=$((i+1)); done' &
sleep 45; echo c > /proc/sysrq-trigger`,
    machine: { after: "made: writing", seconds: 1, does: "stall-disk" },
    on: "health",
  },
  // A stopped server, a client that writes to it, a full swap file, a backlog of one packet. The console has the kernel's
  // figures. Data is sent until a packet was dropped; the crash waits for the console, which loses lines otherwise.
  strained: {
    run: `echo 1 > /proc/sys/net/core/netdev_max_backlog
swapoff -a; dd if=/dev/zero of=/mnt/data/small bs=1M count=8; chmod 600 /mnt/data/small; mkswap /mnt/data/small; swapon /mnt/data/small
echo 16M > /sys/fs/cgroup/lab/a/memory.max
sh -c 'echo $$ > /sys/fs/cgroup/lab/a/cgroup.procs; exec dd if=/dev/zero of=/dev/shm/fill bs=1M count=40'
httpd -f -p 127.0.0.1:5003 & server=$!
sleep 1; kill -STOP $server
setsid sh -c 'exec nc 127.0.0.1 5003 < /dev/zero' & sleep 0.5
for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14; do setsid sh -c 'sleep 1000 | nc 127.0.0.1 5003' & done
sleep 4
for port in 10 11 12 13 14 15 16 17 18 19 20 21; do
  cut -d ' ' -f 2 /proc/net/softnet_stat | grep -qv 00000000 && break
  nc -l -p 60$port > /dev/null & sleep 0.3; timeout 1 nc 127.0.0.1 60$port < /dev/zero
done; sleep 1
sed 's/^/swaps: /' /proc/swaps; sed 's/^/tcp: /' /proc/net/tcp; sed 's/^/softnet: /' /proc/net/softnet_stat
sleep 1
echo c > /proc/sysrq-trigger`,
    on: "health",
  },
  // Lines, queues, timers and locks that do not go on. The console has the kernel's figures. A panic would release the
  // lock of the consoles: the guest says the words that make.ts waits for, and is dumped as it runs.
  stuck: {
    modules: ["turnstile", "messenger"],
    drivers: ["sunrpc"],
    run: `taskset -p 1 $$; for line in /proc/irq/*/smp_affinity; do echo 1 > $line; done; echo 0 > $S/watchdog; echo 1 > $S/printk
httpd -f -p 127.0.0.1:5004 & server=$!
sleep 1; kill -STOP $server; echo send > /proc/messenger
echo open > /proc/turnstile; ifconfig barrier 10.9.9.1 up; ping -c 1 -W 1 10.9.9.2
echo ring > /proc/turnstile
sleep 15
sed 's/^/timeouts: /' /sys/class/net/barrier/queues/tx-0/tx_timeout
line=$(awk '$NF == "gate" { sub(":", "", $1); print $1 }' /proc/interrupts); sed "s/^/spurious $line: /" /proc/irq/$line/spurious
echo write > /proc/turnstile; sleep 1; setsid cat /proc/consoles & sleep 1
echo watch > /proc/turnstile; sleep 14
echo "made: running, without an end Kernel panic"; sleep 1000`,
    on: "health",
  },
  // The same bugs in other builds of the modules
  "null-member-small": { ...sensors("probe"), compiled: "-Os", on: "health" },
  "use-after-free-small": { ...routecache("expire", ""), compiled: "-Os", on: "health" },
  "two-locks-plain": {
    modules: ["depot"],
    run: `${hung}; echo swap > /proc/depot`,
    compiled: "-O1 -fno-inline",
    on: "health",
  },
  // Start and end
  "init-killed": { asInit: "exec supervisor" },
  "root-not-found": { isBare: true, kernel: "root=/dev/vda7 ro" },
  // The kernel's own functions fault
  "timer-freed": handover("leave", tracked),
  "work-freed": handover("report", tracked),
  "waiter-freed": handover("depart", tracked),
  "wake-null": handover("notify"),
  "timer-uninitialised": handover("pace"),
  "lock-err-ptr": handover("rewind"),
  "bit-flip-tree": handover("unsort"),
  "bio-without-device": handover("load"),
  "packet-without-device": handover("send"),
  // Contexts, checks and copies
  "timer-null": valves("tick"),
  "work-null": valves("inspect"),
  "mutex-self": { modules: ["valves"], run: `${hung}\n${asked("valves", "adjust")}` },
  "text-pointer": valves("describe"),
  fortified: valves("format"),
  "stack-smashed": { modules: ["wells"], run: "echo format > /proc/wells" },
  "rodata-write": { modules: ["wells"], run: "echo raise > /proc/wells" },
  "data-called": valves("actuate"),
  "panic-called": valves("stop"),
  warned: valves("verify", warned),
  "bug-in-interrupt": valves("ring"),
  "divide-inlined": { modules: ["wells"], run: "echo share > /proc/wells" },
  "sleep-in-atomic": valves("drain", warned),
  usercopy: valves("note"),
  "rwsem-writer": { modules: ["valves"], run: `${hung}\n${asked("valves", "plan")}` },
  "refcount-revived": valves("open", warned),
  "tail-called": { modules: ["wells"], run: "echo reset > /proc/wells" },
  "callback-unloaded": courier("retire", { run: "echo retire > /proc/courier; rmmod courier; sleep 20" }),
  "attribute-freed": courier("dismiss", {
    run: "echo dismiss > /proc/courier; cat /sys/kernel/yard/load",
    kernel: "slab_nomerge slub_debug=FPU,carrier",
  }),
  "packet-overrun": courier("pack"),
  "dentry-operations": courier("seal"),
  "inode-mapping": courier("archive", {
    run: "echo dear > /mnt/data/letter; sync; echo archive > /proc/courier; cat /mnt/data/letter",
  }),
  "timer-overwritten": courier("reroute"),
  "list-walked": courier("weigh"),
  "switch-stack": courier("stray", { run: "taskset -p 1 $$; echo stray > /proc/courier; sleep 20" }),
  // Pointers that are no pointers where they are used
  "percpu-offset": harbour("count"),
  "area-freed": harbour("audit"),
  "index-huge": harbour("slot"),
  "thread-memory": harbour("measure", { run: "echo measure > /proc/harbour; sleep 20" }),
  "hook-freed": harbour("leave", {
    run: "echo leave > /proc/harbour; ping -c 1 127.0.0.1",
    kernel: "slab_nomerge slub_debug=FPU,berth",
  }),
  // CPUs that wait for themselves and for each other
  "spinlock-self": harbour("swing", { run: `${locked}; echo swing > /proc/harbour` }),
  "spinlocks-crossed": harbour("cross", { run: `${locked}; echo cross > /proc/harbour` }),
  "spinlock-interrupt": harbour("survey", { run: `${locked}; echo survey > /proc/harbour` }),
  // Cycles through more than locks
  "work-crossed": { modules: ["mill"], run: `${hung}\n${asked("mill", "stop")}` },
  "grace-crossed": { modules: ["mill"], run: `${hung}\n${asked("mill", "change")}` },
  "stop-crossed": { modules: ["mill"], run: `${hung}\n${asked("mill", "end")}` },
  "disk-frozen": { run: `${hung}; fsfreeze --freeze /mnt/data\nsetsid sh -c 'echo late > /mnt/data/late' & sleep 20` },
  // Locks without an owner, and one that lost it
  "percpu-rwsem": { modules: ["quarry"], run: `${hung}\n${asked("quarry", "descend", "blast", "descend")}` },
  "page-locked": {
    modules: ["quarry"],
    run: `${hung}\necho stones > /mnt/data/map; sync\n${asked("quarry", "open", "read", "read", "read")}`,
  },
  "semaphore-kept": { modules: ["quarry"], run: `${hung}\n${asked("quarry", "hoist", "hoist", "hoist")}` },
  "mutex-erased": { modules: ["quarry"], run: `${hung}\n${asked("quarry", "enter", "enter", "enter", "reset")}` },
  // Locks of files, work of its own, memory of nobody, calls without an end
  "inode-crossed": orchard("label", { run: `${hung}; echo label > /proc/orchard; sleep 20` }),
  "xarray-freed": orchard("fell", { kernel: "slab_nomerge slub_debug=FPU,orchard_tree" }),
  "cancel-self": orchard("prune", { run: `${hung}; echo prune > /proc/orchard; sleep 20` }),
  "spinlock-nmi": orchard("press", {
    kernel: "unknown_nmi_panic",
    machine: { after: "made: pressing", seconds: 8, does: "nmi" },
    run: "echo 0 > $S/watchdog; echo press > /proc/orchard; echo 'made: pressing'; sleep 20",
  }),
  "oom-vmalloc": orchard("harvest", {
    run: "echo 1 > /proc/sys/vm/panic_on_oom; echo harvest > /proc/orchard",
    memory: 192,
  }),
  "oom-shmem": {
    run: `echo 1 > /proc/sys/vm/panic_on_oom; swapoff -a; mount -o remount,size=100% /dev/shm
dd if=/dev/zero of=/dev/shm/cider bs=1M`,
    memory: 192,
  },
  "kfree-stack": orchard("carry"),
  "rwsem-downgraded": orchard("mend", { run: `${hung}; echo mend > /proc/orchard; sleep 20` }),
  "notifier-recursion": orchard("ring"),
  // What is given back twice, left behind, or was never there
  "rwsem-released-twice": ferry("turn", { run: `${hung}\n${asked("ferry", "sound", "turn")}` }),
  "file-closed": ferry("settle", {
    run: "echo dear > /mnt/data/ledger; sync; echo settle > /proc/ferry; sleep 20",
    kernel: "slab_nomerge slub_debug=FPU,filp",
  }),
  "list-empty": ferry("depart"),
  "sleep-on-cpu": ferry("count", { run: `${warned}echo count > /proc/ferry; sleep 20` }),
  "socket-callback": ferry("flash"),
  "completion-left": ferry("hail"),
  // One step too far, twice too often
  "callback-cleared": brewery("age"),
  "area-overrun": brewery("write"),
  "return-overwritten": brewery("print"),
  "lock-freed": brewery("pour", {
    run: `${locked}; echo pour > /proc/brewery; sleep 20`,
    kernel: "slab_nomerge slub_debug=FPU,cask",
  }),
  "invalid-opcode": brewery("heat"),
  "bug-compound": brewery("check"),
  "packet-freed-twice": brewery("unload"),
  "list-deleted-twice": brewery("sell"),
  "wrong-cache": brewery("mix", { run: `${warned}echo mix > /proc/brewery` }),
  "user-read": brewery("take"),
  "timer-keeps-lock": brewery("stir", { run: `${warned}echo stir > /proc/brewery; sleep 20` }),
  "stack-end": brewery("ferment"),
  "kref-over-put": brewery("inspect", { run: `${warned}echo inspect > /proc/brewery; sleep 20` }),
  // Waits without an owner, and loops over a word
  "semaphores-crossed": foundry("cross", hung),
  "completion-behind-lock": foundry("smelt", hung),
  "thread-endless": foundry("stop", hung),
  "rwsem-read-twice": foundry("survey", hung),
  "srcu-self": foundry("watch", hung),
  "sequence-odd": foundry("weigh", locked),
  "bit-lock-self": foundry("swap", locked),
  "filesystem-private": handover("attach", { run: "echo attach > /proc/handover; stat -f /mnt/data" }),
};
