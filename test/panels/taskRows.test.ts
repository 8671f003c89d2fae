import assert from "node:assert/strict";
import { test } from "node:test";
import { headingText } from "../../src/panels/outline.ts";
import { cellText, type GridRow } from "../../src/panels/rows.ts";
import { COLUMNS, groupsOf, type Outlined, taskRows, treeOf, waitGroupsOf } from "../../src/panels/taskRows.ts";
import type { TaskStack } from "../../src/protocol/custom.ts";
import type { Grid, GridCell } from "../../src/protocol/grid.ts";

const grid = (names: readonly string[], rows: readonly GridCell[][]): Grid => ({
  tables: [{ columns: names.map((name) => ({ name, kind: "text" })), rows }],
  remarks: [],
  omissions: [],
  more: false,
});

const PS = grid(
  ["pid", "ppid", "cpu", "task", "state", "rss", "comm", "running"],
  [
    [0, 0, 0, "0x10", "RU", 0, "swapper/0", false],
    [0, 0, 1, "0x18", "RU", 0, "swapper/1", false],
    [1, 0, 0, "0x20", "IN", 1800, "init", false],
    [2, 0, 1, "0x30", "IN", 0, "kthreadd", false],
    [7, 2, 1, "0x40", "ID", 0, "kworker/1:0", false],
    [9, 1, 0, "0x50", "RU", 320, "insmod", true],
  ],
);
const LAST = grid(
  ["task", "ago_ns"],
  [
    ["0x50", "2873698"],
    ["0x20", { fault: "excluded", address: null, message: "page excluded from dump" }],
  ],
);
const WAITS = grid(
  ["task", "type", "waitsFor", "heldBy", "holders.task"],
  [
    ["0x20", "mutex", "mutex inode_lock", "insmod [9]", "0x60"],
    ["0x30", null, "in kthreadd", null, null],
    ["0x40", "rwsem-write", "rwsem s", "possibly sh [4]", "0x70"],
    ["0x50", "mutex", "mutex m", "the lock names no holder", null],
    ["0x60", "task-exit", "its vfork child", "sh [5]", "0x80"],
  ],
);
const stack = (task: string, at: number, ...frames: string[]): [string, TaskStack] => [task, { task, frames, at }];
const STACKS = new Map([
  stack("0x20", 1, "schedule+0x5e", "do_wait+0x114"),
  stack("0x40", 1, "schedule+0x5e", "worker_thread+0xaf", "kthread+0xda"),
  stack("0x30", 1, "schedule+0x5e", "worker_thread+0xaf", "kthread+0xda"),
]);
const all = (): boolean => true;
const rows = taskRows(PS, { lastRun: LAST, waits: WAITS }, STACKS);
const column = (row: GridRow | undefined, name: string) => row?.[COLUMNS.findIndex((one) => one.name === name)];

test("a task's row has the data of ps, the time in its state, and the function that characterizes it", () => {
  const init = rows[2];
  assert.equal(column(init, "rss"), 1800);
  assert.equal(column(init, "function"), "do_wait+0x114");
  assert.deepEqual(column(init, "sinceLastRun"), {
    fault: "excluded",
    address: null,
    message: "page excluded from dump",
  });
  assert.equal(column(init, "running"), null);
  const insmod = rows[5];
  assert.equal(column(insmod, "sinceLastRun"), 0.002873698);
  assert.equal(column(insmod, "running"), true);
  assert.equal(column(insmod, "function"), null);
});

test("a task's row has the resource that the task waits for, and its holder", () => {
  assert.equal(column(rows[2], "waitsFor"), "mutex inode_lock, held by insmod [9]");
  assert.equal(column(rows[3], "waitsFor"), "in kthreadd");
  const texts = rows.map((row) => column(row, "waitsFor"));
  assert.ok(texts.includes("rwsem s, possibly held by sh [4]"));
  assert.ok(texts.includes("mutex m: the lock names no holder"));
});

test("an unreadable stack shows the reason instead of its function", () => {
  const gone = new Map([["0x50", { task: "0x50", frames: [], at: 0, fault: "the task has exited" }]]);
  assert.deepEqual(column(taskRows(PS, {}, gone)[5], "function"), {
    fault: "unknown",
    address: null,
    message: "the task has exited",
  });
});

const shape = ({ rows: shown, outline }: Outlined): string[] =>
  shown.map((row, i) => {
    const { depth = 0, open, heading } = outline[i] ?? {};
    return `${"  ".repeat(depth)}${open === undefined ? "" : open ? "- " : "+ "}${heading ? headingText(heading) : cellText(column(row, "comm") ?? null)}`;
  });

test("tasks are below their parents", () => {
  assert.deepEqual(shape(treeOf(rows, all, new Set())), [
    "- swapper/0",
    "  - init",
    "    insmod",
    "  - kthreadd",
    "    kworker/1:0",
    "swapper/1",
  ]);
});

test("children of a closed task are not shown", () => {
  assert.deepEqual(shape(treeOf(rows, all, new Set(["0x10"]))), ["+ swapper/0", "swapper/1"]);
});

test("tasks that pass a filter are below their ancestors", () => {
  const isInsmod = (row: GridRow): boolean => column(row, "comm") === "insmod";
  assert.deepEqual(shape(treeOf(rows, isInsmod, new Set())), ["- swapper/0", "  - init", "    insmod"]);
});

test("a loop of parents, which a damaged table may have, ends", () => {
  const looped = taskRows(
    grid(
      ["pid", "ppid", "task", "comm"],
      [
        [5, 6, "0x1", "a"],
        [6, 5, "0x2", "b"],
        [7, 7, "0x3", "c"],
      ],
    ),
    {},
    new Map(),
  );
  assert.deepEqual(shape(treeOf(looped, all, new Set())), ["c"]);
});

test("tasks with the same stack are grouped, the most common stack first, unread ones last", () => {
  const found = groupsOf(rows, STACKS, new Set());
  assert.deepEqual(shape(found), [
    "+ 2 tasks: worker_thread ← kthread",
    "+ init [1]: do_wait",
    "+ 3 tasks: not read yet",
  ]);
  const key = found.keys[0] ?? "";
  assert.deepEqual(shape(groupsOf(rows, STACKS, new Set([key]))).slice(0, 3), [
    "- 2 tasks: worker_thread ← kthread",
    "  kthreadd",
    "  kworker/1:0",
  ]);
});

test("tasks are grouped by the function that waits and by what it waits for", () => {
  const blocked = (what: GridCell, who: GridCell): Grid =>
    grid(["task", "waitsFor", "heldBy"], [["0x30", what, who], ["0x40", what, who]]); // prettier-ignore
  const stack = (task: string, ...frames: string[]): [string, TaskStack] => [task, { task, frames, at: 1 }];
  const stacks = new Map([
    stack("0x20", "schedule+0x5e", "do_wait+0x1"),
    stack("0x30", "schedule+0x5e", "lab_read+0x10", "vfs_read+0x2"),
    stack("0x40", "schedule+0x5e", "lab_read+0x18", "vfs_readv+0x2"),
  ]);
  const rows = taskRows(PS, { waits: blocked("mutex lab", "bash [7]") }, stacks);
  assert.deepEqual(shape(waitGroupsOf(rows, stacks, new Set())), [
    "+ 2 tasks: lab_read, waits for mutex lab: bash [7]",
    "+ init [1]: do_wait",
    "+ 3 tasks: not read yet",
  ]);
  const none = taskRows(PS, {}, stacks);
  const shown = shape(waitGroupsOf(none, stacks, new Set([waitGroupsOf(none, stacks, new Set()).keys[0] ?? ""])));
  assert.deepEqual(shown.slice(0, 3), ["- 2 tasks: lab_read", "  kthreadd", "  kworker/1:0"]);
});
