import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, Value } from "../../../src/arch/effect.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { FunctionGraph } from "../../../src/insight/values/functionGraph.ts";
import type { Site } from "../../../src/insight/values/site.ts";
import { takingCalls } from "../../../src/insight/waits/taking.ts";
import type { Frame } from "../../../src/unwind/frame.ts";
import { toyKernel } from "../../builders/kernel.ts";

const SIZE = 4;
const START = 0x1000n;
const at = (index: number): bigint => START + BigInt(index * SIZE);
const FUNCTIONS = {
  ...{ mutex_lock: 0x5000n, mutex_unlock: 0x5100n, down_read: 0x5200n, msleep: 0x5300n },
  ...{ down_write: 0x5400n, downgrade_write: 0x5500n, up_read: 0x5600n },
} as const;
const LOCK = { kind: "mutex", address: 0x8000n } as const;

const code = (value: bigint): Partial<Effect> => ({
  writes: new Map<string, Value>([["rdi", { kind: "constant", value }]]),
});
const call = (name: keyof typeof FUNCTIONS): Partial<Effect> => ({ flow: "call", target: FUNCTIONS[name] });
const branch = (to: number): Partial<Effect> => ({ flow: "branch", target: at(to) });

/** A function that stopped in its last instruction, a call. */
function stoppedIn(...all: readonly Partial<Effect>[]): Site {
  const kernel = toyKernel({
    arch: x86_64,
    types: "int unused;",
    symbols: Object.fromEntries(
      Object.entries(FUNCTIONS).map(([name, address]) => [name, { address, size: 16, type: "T" }]),
    ),
  });
  const effects = all.map((rest, i): Effect => ({
    address: at(i),
    length: SIZE,
    access: undefined,
    flow: "next",
    target: undefined,
    writes: new Map(),
    ...rest,
  }));
  const graph = new FunctionGraph(kernel, { name: "f", address: START, size: 64, type: "T" }, effects, undefined);
  const frame = { pc: at(all.length), exact: false, registers: new Map() } as unknown as Frame;
  return { kernel, graph, index: all.length - 1, registers: new Map(), frame, cpu: 0 };
}

test("the call that passed the lock to mutex_lock took it", () => {
  const site = stoppedIn(code(0x8000n), call("mutex_lock"), code(1n), call("msleep"));
  assert.deepEqual(takingCalls(site, LOCK), [1]);
});

test("a call with another lock, or of a function of another kind of lock, did not take it", () => {
  assert.deepEqual(takingCalls(stoppedIn(code(0x9000n), call("mutex_lock"), call("msleep")), LOCK), []);
  assert.deepEqual(takingCalls(stoppedIn(code(0x8000n), call("down_read"), call("msleep")), LOCK), []);
});

test("a writer that became a reader took the semaphore by downgrade_write", () => {
  const semaphore = { ...LOCK, kind: "rwsem" } as const;
  const downgraded = [code(0x8000n), call("down_write"), code(0x8000n), call("downgrade_write")];
  assert.deepEqual(takingCalls(stoppedIn(...downgraded, call("msleep")), semaphore), [3]);
  assert.deepEqual(
    takingCalls(stoppedIn(...downgraded, code(0x8000n), call("up_read"), call("msleep")), semaphore),
    [],
  );
});

test("a lock that was released later is not taken there, and a lock that was taken again is taken at the second call", () => {
  const once = [code(0x8000n), call("mutex_lock"), code(0x8000n), call("mutex_unlock")];
  assert.deepEqual(takingCalls(stoppedIn(...once, call("msleep")), LOCK), []);
  assert.deepEqual(takingCalls(stoppedIn(...once, code(0x8000n), call("mutex_lock"), call("msleep")), LOCK), [5]);
});

test("a release on only one of two paths makes the acquisition likely, not certain", () => {
  const site = stoppedIn(
    code(0x8000n),
    call("mutex_lock"),
    branch(5),
    code(0x8000n),
    call("mutex_unlock"),
    call("msleep"),
  );
  assert.deepEqual(takingCalls(site, LOCK), [1]);
});

test("the call in which the task waits did not take the lock", () => {
  assert.deepEqual(takingCalls(stoppedIn(code(0x8000n), call("mutex_lock")), LOCK), []);
});

test("a call after the stop in a loop counts only if an earlier iteration reached it", () => {
  const site = stoppedIn(branch(2), call("msleep"), code(0x8000n), call("mutex_lock"));
  assert.deepEqual(takingCalls({ ...site, index: 1 }, LOCK), []);
});
