/** Interrupts, signals, timers and run queues, in the shapes that kernels give them. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { irqs, irqNames } from "../../../src/linux/irq/irq.ts";
import { cfsTasks, rtQueue } from "../../../src/linux/sched/runqueue.ts";
import { sigactionFlags, signalName, signalSet, signalsOf } from "../../../src/linux/sched/signal.ts";
import { timerBases, wheelTimers } from "../../../src/linux/time/timer.ts";
import { toyKernel } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

test("signals are named from both ends of the real-time range", () => {
  assert.deepEqual([1, 9, 17, 31, 32, 33, 48, 49, 64].map(signalName), [
    "SIGHUP",
    "SIGKILL",
    "SIGCHLD/SIGCLD",
    "SIGSYS/SIGUNUSED",
    "SIGRTMIN",
    "SIGRTMIN+1",
    "SIGRTMIN+16",
    "SIGRTMAX-15",
    "SIGRTMAX",
  ]);
  assert.deepEqual(signalsOf(0x8000_0000_0000_0201n), [1, 10, 64]);
  assert.deepEqual(sigactionFlags(0x1400_0004n), ["SA_RESTORER", "SA_SIGINFO", "SA_RESTART"]);
});

test("a sigset of two 32-bit words is one number", () => {
  const kernel = toyKernel({
    types: "typedef struct { unsigned long sig[2]; } sigset_t;",
    arch: { name: "arm", byteOrder: "little", wordSize: 4 },
    memory: [["sigset_t", 0x1000n, { sig: [0x200n, 0x8000_0000n] }]],
  });
  assert.deepEqual(signalsOf(signalSet(kernel.object("sigset_t", 0x1000n))), [10, 64]);
});

const irqTypes = `
  struct irqaction { struct irqaction *next; const char *name; };
  struct irq_desc { struct irqaction *action; };`;

test("interrupts are found in an array, where the kernel has no sparse ones", () => {
  const kernel = toyKernel({
    types: `${irqTypes} struct irq_desc irq_desc[2]; int nr_irqs;`,
    symbols: { irq_desc: at(1), nr_irqs: at(2) },
    memory: [
      ["irq_desc", [{ action: at(3) }, {}]],
      ["nr_irqs", 2],
      ["struct irqaction", at(3), { next: at(4), name: "timer" }],
      ["struct irqaction", at(4), {}],
    ],
  });
  assert.deepEqual(
    [...irqs(kernel)].map(({ number, desc }) => [number, irqNames(desc)]),
    [
      [0, ["timer", ""]],
      [1, []],
    ],
  );
});

test("a chain of irqactions that loops ends with a fault", () => {
  const kernel = toyKernel({
    types: irqTypes,
    memory: [
      ["struct irq_desc", at(1), { action: at(2) }],
      ["struct irqaction", at(2), { next: at(2), name: "x" }],
    ],
  });
  assert.throws(() => irqNames(kernel.object("struct irq_desc", at(1))), /does not end/);
});

const timerTypes = (bases: number): string => `
  struct hlist_node { struct hlist_node *next; struct hlist_node **pprev; };
  struct hlist_head { struct hlist_node *first; };
  struct timer_list { struct hlist_node entry; unsigned long expires; void (*function)(struct timer_list *); };
  struct timer_base { unsigned long clk; struct hlist_head vectors[4]; };
  struct timer_base timer_bases[${bases}];`;

test("two timer bases are BASE_STD and BASE_DEF, three are the local, the global and the deferrable one", () => {
  const names = (count: number): string[] => {
    const kernel = toyKernel({ types: timerTypes(count), symbols: { timer_bases: at(1) } });
    return timerBases(kernel, 0).map(({ name }) => name);
  };
  assert.deepEqual(names(2), ["BASE_STD", "BASE_DEF"]);
  assert.deepEqual(names(3), ["BASE_LOCAL", "BASE_GLOBAL", "BASE_DEF"]);
});

test("timers of a wheel come bucket by bucket", () => {
  const kernel = toyKernel({
    types: timerTypes(1),
    symbols: { timer_bases: at(1) },
    memory: [
      ["timer_bases", [{ vectors: [{ first: at(3) }, {}, { first: at(2) }, {}] }]],
      ["struct timer_list", at(2), { expires: 7 }],
      ["struct timer_list", at(3), { expires: 5, entry: { next: at(4) } }],
      ["struct timer_list", at(4), { expires: 6 }],
    ],
  });
  const [base] = timerBases(kernel, 0);
  assert.deepEqual(
    [...wheelTimers(base!.base)].map((timer) => timer.at("expires").number()),
    [5, 6, 7],
  );
});

const schedTypes = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct rb_node { unsigned long __rb_parent_color; struct rb_node *rb_right; struct rb_node *rb_left; };
  struct rb_root { struct rb_node *rb_node; };
  struct cfs_rq;
  struct sched_entity { struct rb_node run_node; struct cfs_rq *my_q; };
  struct sched_rt_entity { struct list_head run_list; };
  struct cfs_rq { struct rb_root tasks_timeline; struct sched_entity *curr; };
  struct rt_prio_array { struct list_head queue[2]; };
  struct rt_rq { struct rt_prio_array active; };
  struct task_struct { int pid; struct sched_entity se; struct sched_rt_entity rt; };`;
const SE = 8n;
const RT = 8n + 32n;

test("tasks of a group that runs are found through it, those that wait through the tree", () => {
  const kernel = toyKernel({
    types: schedTypes,
    memory: [
      // What runs is the entity of a group; its queue holds task 1, and task 2 waits beside it.
      ["struct cfs_rq", at(1), { curr: at(2), tasks_timeline: { rb_node: at(5) + SE } }],
      ["struct sched_entity", at(2), { my_q: at(3) }],
      ["struct cfs_rq", at(3), { tasks_timeline: { rb_node: at(4) + SE } }],
      ["struct task_struct", at(4), { pid: 1, se: { run_node: { __rb_parent_color: 1n } } }],
      ["struct task_struct", at(5), { pid: 2, se: { run_node: { __rb_parent_color: 1n } } }],
    ],
  });
  const pids = [...cfsTasks(kernel.object("struct cfs_rq", at(1)))].map((task) => task.at("pid").number());
  assert.deepEqual(pids, [1, 2]);
});

test("real-time tasks come with the index of their queue", () => {
  const queue = (i: bigint): bigint => at(1) + i * 16n;
  const kernel = toyKernel({
    types: schedTypes,
    memory: [
      ["struct rt_rq", at(1), { active: { queue: [{ next: queue(0n) }, { next: at(2) + RT }] } }],
      ["struct task_struct", at(2), { pid: 9, rt: { run_list: { next: queue(1n) } } }],
    ],
  });
  const found = [...rtQueue(kernel.object("struct rt_rq", at(1)))].map((one) =>
    "task" in one ? [one.priority, one.task.at("pid").number()] : [],
  );
  assert.deepEqual(found, [[1, 9]]);
});
