import assert from "node:assert/strict";
import { test } from "node:test";
import { sentenceText } from "../../../src/insight/finding.ts";
import { ownerFinding } from "../../../src/insight/waits/sentences.ts";
import { HEADINGS } from "../../../src/panels/waits/waitsWords.ts";
import { cycleHeading, heldBy, waitWords } from "../../../src/insight/waits/words.ts";
import { toEnd } from "../../../src/base/job.ts";
import type { Finding } from "../../../src/insight/finding.ts";
import { crashFacts } from "../../../src/insight/crashFacts.ts";
import { waits } from "../../../src/insight/checks/waits.ts";
import { rootOf } from "../../../src/insight/waits/root.ts";
import { type KnownHolder, waitGraph, type WaitGraph, type WaitingTask } from "../../../src/insight/waits/waitGraph.ts";
import { verdictSentence } from "../../../src/insight/verdictSentence.ts";
import type { ToyKernel } from "../../builders/kernel.ts";
import { lockTypes, ring, type Sleeper, sleepingKernel, waiterAddress } from "../../builders/sleepers.ts";
import { taskAddress, type ToyTask } from "../../builders/tasks.ts";

const lock = (number: number): bigint => 0xffff_8880_3000_0000n + BigInt(number) * 0x100n;
const MUTEX_LIST = 16n;

const sleeper = (pid: number, others: Sleeper["with"] = {}): Sleeper => ({
  pid,
  comm: `task-${pid}`,
  functions: ["schedule", "__mutex_lock", "work"],
  with: others,
});

/** Mutexes by number: who has it, and who waits for it in order. */
type Mutexes = { readonly [number: number]: readonly [owner: bigint, ...waiters: number[]] };

interface Machine {
  readonly mutexes: Mutexes;
  readonly tasks?: readonly ToyTask[];
  readonly sleepers?: { readonly [pid: number]: Sleeper["with"] };
  readonly cpus?: readonly number[];
  /** Sleepers that wait for no mutex. */
  readonly others?: readonly Sleeper[];
}

const machine = ({ mutexes, tasks = [], sleepers = {}, cpus = [0], others = [] }: Machine): ToyKernel =>
  sleepingKernel({
    cpus,
    tasks,
    sleepers: [
      ...Object.values(mutexes).flatMap(([, ...waiters]) => waiters.map((pid) => sleeper(pid, sleepers[pid]))),
      ...others,
    ],
    symbols: Object.fromEntries(
      Object.keys(mutexes).map((number) => [`lock_${number}`, { address: lock(Number(number)), size: 32, type: "d" }]),
    ),
    memory: Object.entries(mutexes).flatMap(([number, [owner, ...waiters]]) => [
      ["struct mutex", lock(Number(number)), { owner: { counter: owner } }] as const,
      ...waiters.map((pid) => ["struct mutex_waiter", waiterAddress(pid), { task: taskAddress(pid) }] as const),
      ...ring(lock(Number(number)) + MUTEX_LIST, ...waiters.map((pid) => waiterAddress(pid))),
    ]),
  });

const graphOf = (kernel: ToyKernel): WaitGraph => toEnd(waitGraph(kernel));
const pidsOf = (graph: WaitGraph): number[][] => graph.cycles.map(({ tasks }) => tasks.map(({ pid }) => pid));
const findings = (kernel: ToyKernel): Finding[] =>
  [...waits.run(kernel, crashFacts(kernel))].filter((one): one is Finding => "id" in one);
const found = (kernel: ToyKernel, id: string): Finding[] => findings(kernel).filter((one) => one.id === id);

test("two tasks of which each has what the other waits for are a deadlock", () => {
  const kernel = machine({ mutexes: { 1: [taskAddress(6) | 1n, 5], 2: [taskAddress(5) | 1n, 6, 7] } });
  const graph = graphOf(kernel);
  assert.deepEqual(pidsOf(graph), [[5, 6]]);
  assert.equal(graph.cycles[0]?.certainty, "certain");
  const [cycle] = found(kernel, "wait.cycle");
  assert.deepEqual(cycle?.slots["pids"], [5, 6]);
  assert.deepEqual(cycle.slots["resources"], [lock(1), lock(2)]);
  assert.equal(cycle.certainty, "certain");
});

test("the verdict's sentence names the tasks of a deadlock, and of no cycle that is only possible", () => {
  const verdict = { title: "", key: "", kind: "hung-task", mechanism: "hung-task", unchecked: [] };
  const kernel = machine({ mutexes: { 1: [taskAddress(6) | 1n, 5], 2: [taskAddress(5) | 1n, 6, 7] } });
  const told = findings(kernel);
  assert.equal(verdictSentence({ ...verdict, findings: told }), "deadlock: task-5 [5], task-6 [6] wait for each other");
  const doubtful = told.map((one) => ({ ...one, certainty: "possible" as const }));
  assert.equal(verdictSentence({ ...verdict, findings: doubtful }), undefined);
});

test("a chain is followed to its root, which is no cycle", () => {
  const kernel = machine({
    mutexes: { 1: [taskAddress(6) | 1n, 5], 2: [taskAddress(8) | 1n, 6] },
    tasks: [{ pid: 8, comm: "busy" }],
    cpus: [8],
  });
  const graph = graphOf(kernel);
  assert.deepEqual(pidsOf(graph), []);
  const first = graph.blocked.find(({ pid }) => pid === 5);
  assert.ok(first);
  const root = rootOf(graph, first);
  assert.equal(root?.pid, 8);
  assert.equal(root.state, "running");
  assert.equal(root.isCertain, true);
  assert.deepEqual(
    found(kernel, "wait.root").map(({ slots }) => slots["pid"]),
    [8],
  );
});

test("a mutex that was handed over to the sleeping waiter is no deadlock of that waiter", () => {
  const PICKUP = 4n;
  const kernel = machine({ mutexes: { 1: [taskAddress(5) | PICKUP, 5, 6] } });
  const graph = graphOf(kernel);
  assert.deepEqual(pidsOf(graph), []);
  const [first, second] = [5, 6].map((pid) => graph.blocked.find((one) => one.pid === pid));
  assert.deepEqual(first?.holders, []);
  assert.deepEqual(
    second?.holders.map(({ pid }) => pid),
    [5],
  );
});

test("an exited owner is reported as certain", () => {
  const EXIT_ZOMBIE = 0x20;
  const kernel = machine({
    mutexes: { 1: [taskAddress(8) | 1n, 5] },
    tasks: [{ pid: 8, comm: "gone", with: { exit_state: EXIT_ZOMBIE } }],
  });
  const [exited] = found(kernel, "wait.owner-exited");
  assert.equal(exited?.slots["pid"], 8);
  assert.equal(exited.certainty, "certain");
});

test("an owner that is in no list of tasks has exited or is damage: the finding is only possible", () => {
  const kernel = machine({ mutexes: { 1: [0xffff_8880_4000_0000n | 1n, 5] } });
  const [exited] = found(kernel, "wait.owner-exited");
  assert.equal(exited?.certainty, "possible");
  assert.equal(exited.slots["pid"], undefined);
});

test("an owner that started long after the first waiter fell asleep is only a possible one", () => {
  const kernel = machine({
    mutexes: { 1: [taskAddress(8) | 1n, 5] },
    sleepers: { 5: { sched_info: { last_arrival: 1_000_000_000n } } },
    tasks: [{ pid: 8, comm: "later", with: { start_time: 100_000_000_000n } }],
  });
  const [owner] = graphOf(kernel).blocked[0]?.holders ?? [];
  assert.equal(owner?.certainty, "possible");
  assert.match(owner.how, /may have exited/);
});

test("an owner that started while the first waiter ran has the mutex for certain", () => {
  const kernel = machine({
    mutexes: { 1: [taskAddress(8) | 1n, 5] },
    sleepers: { 5: { sched_info: { last_arrival: 1_000_000_000n }, se: { exec_start: 120_000_000_000n } } },
    tasks: [{ pid: 8, comm: "later", with: { start_time: 100_000_000_000n } }],
  });
  assert.equal(graphOf(kernel).blocked[0]?.holders[0]?.certainty, "certain");
});

test("a free mutex whose waiters all sleep is at most a possible lost wake-up", () => {
  const kernel = machine({ mutexes: { 1: [1n, 5, 6] } });
  const [lost] = found(kernel, "wait.lost-wakeup");
  assert.equal(lost?.certainty, "possible");
  assert.deepEqual(found(kernel, "wait.owner"), []);
});

test("a free mutex with waiters but without its flag for waiters was overwritten, if nobody changes the list", () => {
  const withLock = lockTypes.replace(
    "struct raw_spinlock { unsigned int raw; };",
    "struct arch_lock { struct { int counter; } val; }; struct raw_spinlock { struct arch_lock raw_lock; };",
  );
  const kernelWith = (owner: bigint, wait_lock: number) =>
    sleepingKernel({
      cpus: [0],
      sleepers: [sleeper(5)],
      types: withLock,
      memory: [
        [
          "struct mutex",
          lock(1),
          { owner: { counter: owner }, wait_lock: { raw_lock: { val: { counter: wait_lock } } } },
        ],
        ["struct mutex_waiter", waiterAddress(5), { task: taskAddress(5) }],
        ...ring(lock(1) + MUTEX_LIST, waiterAddress(5)),
      ],
    });
  const [overwritten] = found(kernelWith(0n, 0), "lock.overwritten");
  assert.deepEqual([overwritten?.certainty, overwritten?.slots["flag"]], ["certain", "MUTEX_FLAG_WAITERS"]);
  assert.deepEqual(found(kernelWith(0n, 0), "wait.lost-wakeup"), []);
  assert.deepEqual(found(kernelWith(1n, 0), "lock.overwritten"), []);
  assert.deepEqual(found(kernelWith(0n, 1), "lock.overwritten"), []);
});

test("a free mutex whose first waiter can run has woken that one", () => {
  const kernel = machine({ mutexes: { 1: [1n, 5, 6] }, sleepers: { 5: { __state: 0 } } });
  assert.deepEqual(found(kernel, "wait.lost-wakeup"), []);
  assert.deepEqual(
    found(kernel, "wait.woken").map(({ slots }) => slots["pid"]),
    [5],
  );
});

test("a free mutex is no lost wake-up while a task that could run is releasing one", () => {
  const kernel = sleepingKernel({
    cpus: [0],
    sleepers: [
      sleeper(5),
      { pid: 9, comm: "releaser", functions: ["schedule", "__mutex_unlock_slowpath", "work"], with: { __state: 0 } },
    ],
    memory: [
      ["struct mutex", lock(1), { owner: { counter: 1n } }],
      ["struct mutex_waiter", waiterAddress(5), { task: taskAddress(5) }],
      ...ring(lock(1) + MUTEX_LIST, waiterAddress(5)),
    ],
  });
  assert.deepEqual(found(kernel, "wait.lost-wakeup"), []);
});

test("every finding has evidence and a sentence that ends", () => {
  const kernel = machine({ mutexes: { 1: [taskAddress(6) | 1n, 5], 2: [taskAddress(5) | 1n, 6, 7] } });
  for (const { id, evidence, text } of findings(kernel)) {
    assert.ok(evidence.length > 0, id);
    const last = text.at(-1);
    assert.ok(typeof last === "string" && last.endsWith("."), id);
  }
});

test("a cycle has the same heading in the verdict, the command and the page", () => {
  assert.equal(cycleHeading("certain"), "Deadlock");
  for (const certainty of ["certain", "likely", "possible"] as const)
    assert.equal(HEADINGS[certainty], `${cycleHeading(certainty)}:`);
});

test("a holder in interruptible sleep is reported with what it waits for, down to the end of the chain", () => {
  const pid = 9;
  const watcher = {
    pid,
    comm: "watcher",
    functions: ["schedule", "do_nanosleep", "field_watch"],
    with: { __state: 1 },
  };
  const kernel = machine({ mutexes: { 1: [taskAddress(pid), 5] }, others: [watcher] });
  const graph = graphOf(kernel);
  const [first] = graph.blocked;
  assert.ok(first);
  assert.equal(heldBy(first, graph), "watcher [9], which sleeps in do_nanosleep");
  assert.deepEqual(
    found(kernel, "wait.owner").map(({ text }) => sentenceText(text)),
    ["mutex lock_1 is held by watcher [9]: mutex.owner; watcher [9] sleeps in do_nanosleep."],
  );
});

test("the mode in which a task wants a lock is not reported as the mode in which it is held", () => {
  const wait = { resource: { kind: "rwsem", address: 16n, type: "struct rw_semaphore" }, mode: "write" };
  const one = { wait, name: "catalog_sem" } as unknown as WaitingTask;
  assert.equal(waitWords(one), "rwsem catalog_sem for writing");
  const holder = {
    how: "the last task that took it for reading",
    certainty: "possible",
    task: 32n,
    pid: 7,
    comm: "sh",
  };
  const told = { ...one, task: { address: 48n }, wait: { ...wait, queue: [] } } as unknown as WaitingTask;
  const { text } = ownerFinding(told, { ...holder, fate: { activity: "sleeping" } } as unknown as KnownHolder, {
    blocked: [],
    cycles: [],
    tasks: new Map(),
  });
  assert.match(sentenceText(text), /^rwsem catalog_sem is held by sh \[7\]: the last task that took it for reading\.$/);
});
