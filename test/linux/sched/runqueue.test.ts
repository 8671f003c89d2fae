/** Run queues. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { cfsTasks, rtQueue } from "../../../src/linux/sched/runqueue.ts";
import { toyKernel } from "../../builders/kernel.ts";

const BASE = 0xffff_8880_0000_0000n;
const at = (page: number): bigint => BASE + BigInt(page * 0x1000);

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

test("real-time tasks are listed with the index of their queue", () => {
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
