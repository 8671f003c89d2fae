import assert from "node:assert/strict";
import { test } from "node:test";
import { layoutOf, neighbour, NODE, type Layout } from "../../../src/panels/waits/waitsLayout.ts";
import { waitsModel } from "../../../src/panels/waits/waitsModel.ts";
import type { Grid, GridCell } from "../../../src/protocol/grid.ts";

const COLUMNS = ["pid", "comm", "task", "state", "ago_ns", "type", "resource", "waitsFor", "heldBy", "cycle", "deadlock",
  "holders.pid", "holders.comm", "holders.task", "certainty", "how", "activity"]; // prettier-ignore

interface Row {
  readonly pid: number;
  readonly lock: string;
  readonly holder?: number;
  readonly certainty?: string;
  readonly cycle?: string;
}

const addressOf = (pid: number): string => `0x${pid.toString(16)}`;

const grid = (...rows: readonly Row[]): Grid => ({
  tables: [
    {
      columns: COLUMNS.map((name) => ({ name, kind: "text" })),
      rows: rows.map(({ pid, lock, holder, certainty = "certain", cycle = null }): GridCell[] => {
        const held = holder === undefined ? [null, null, null, null, null, null] : [holder, `task-${holder}`, addressOf(holder), certainty, "mutex.owner", "sleeping"]; // prettier-ignore
        return [pid, `task-${pid}`, addressOf(pid), "UN", "12000000000", "mutex", `0xf${lock}`, `mutex ${lock}`, "not recorded", cycle, cycle !== null, ...held]; // prettier-ignore
      }),
    },
  ],
  remarks: [],
  omissions: [],
  more: false,
});

const deadlock = grid(
  { pid: 9, lock: "c" },
  { pid: 5, lock: "b", holder: 6, cycle: "5, 6" },
  { pid: 6, lock: "a", holder: 5, cycle: "5, 6" },
  { pid: 7, lock: "a", holder: 5 },
);

const order = ({ placed }: Layout): string[] =>
  [...placed.values()].sort((a, b) => a.y - b.y || a.x - b.x).map(({ node }) => node.name);

test("rows become tasks and the resources that they share", () => {
  const { tasks, resources, cycles } = waitsModel(deadlock);
  assert.equal(tasks.size, 4);
  assert.equal(resources.size, 3);
  assert.deepEqual(cycles, [{ tasks: ["0x5", "0x6"], certainty: "certain" }]);
  assert.equal(tasks.get("0x7")?.waitsFor, tasks.get("0x6")?.waitsFor);
  assert.equal(tasks.get("0x5")?.state, "UN, last ran 12.0 s ago");
});

test("a cycle is as certain as its least certain holder", () => {
  const { cycles } = waitsModel(
    grid(
      { pid: 5, lock: "b", holder: 6, certainty: "likely", cycle: "5, 6" },
      { pid: 6, lock: "a", holder: 5, cycle: "5, 6" },
    ),
  );
  assert.deepEqual(cycles, [{ tasks: ["0x5", "0x6"], certainty: "likely" }]);
});

test("the cycle is first and in one line, other waiters below", () => {
  const layout = layoutOf(waitsModel(deadlock));
  assert.deepEqual(order(layout), [
    "mutex b",
    "task-6 [6]",
    "mutex a",
    "task-5 [5]",
    "task-7 [7]",
    "task-9 [9]",
    "mutex c",
  ]);
});

test("a resource is to the right of its waiter, except for the edge that closes a cycle", () => {
  const { edges, placed } = layoutOf(waitsModel(deadlock));
  const back = edges.filter(({ from, to }) => (placed.get(from)?.x ?? 0) > (placed.get(to)?.x ?? 0));
  assert.deepEqual(
    back.map(({ from, inCycle }) => [from, inCycle]),
    [["0x5", true]],
  );
});

test("no two nodes have the same position", () => {
  const layout = layoutOf(
    waitsModel(
      grid(
        { pid: 1, lock: "a", holder: 2 },
        { pid: 3, lock: "a", holder: 2 },
        { pid: 2, lock: "b", holder: 4 },
        { pid: 5, lock: "b", holder: 4 },
        { pid: 6, lock: "c" },
      ),
    ),
  );
  const places = [...layout.placed.values()].map(({ x, y }) => `${x} ${y}`);
  assert.equal(new Set(places).size, places.length);
  assert.equal(places.length, 9);
});

test("possible and certain holders look different", () => {
  const { edges } = layoutOf(waitsModel(grid({ pid: 1, lock: "a", holder: 2, certainty: "possible" })));
  assert.deepEqual(
    edges.map(({ from, isCertain, label }) => [from, isCertain, label]),
    [
      ["mutex 0xfa", false, "possibly held by"],
      ["0x1", true, "waits for"],
    ],
  );
});

test("of many waiters of a lock a few are drawn, with the number of the others", () => {
  const many = Array.from({ length: 5000 }, (_, at) => ({ pid: at + 10, lock: "a", holder: 2 }));
  const { placed, omitted, height } = layoutOf(waitsModel(grid(...many)));
  assert.ok(placed.size < 40);
  assert.equal(omitted, 5000 - (placed.size - 2));
  assert.ok(height < 40 * (NODE.height + NODE.gapY));
});

test("arrow keys follow the edges, and the rows", () => {
  const layout = layoutOf(waitsModel(deadlock));
  const lock = neighbour(layout, "0x7", "ArrowRight") ?? "";
  assert.equal(layout.placed.get(lock)?.node.name, "mutex a");
  assert.equal(neighbour(layout, lock, "ArrowRight"), "0x5");
  assert.equal(neighbour(layout, "0x6", "ArrowDown"), "0x7");
  assert.equal(neighbour(layout, "0x5", "ArrowUp"), undefined);
  assert.equal(neighbour(layout, "0x5", "x"), undefined);
});

test("a chain of thousands ends", () => {
  const chain = Array.from({ length: 5000 }, (_, at) => ({ pid: at + 1, lock: `${at}a`, holder: at + 2 }));
  const { placed } = layoutOf(waitsModel(grid(...chain)));
  assert.ok(placed.size > 0 && placed.size <= 400);
});

test("a resource whose holder only a later row has shows the holder, and not that none is known", () => {
  const { resources } = waitsModel(grid({ pid: 5, lock: "a" }, { pid: 7, lock: "a", holder: 9 }));
  const [resource] = resources.values();
  assert.deepEqual([resource?.state, resource?.holders.length], ["", 1]);
});
