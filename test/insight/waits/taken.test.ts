import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, Value } from "../../../src/arch/effect.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { FunctionGraph } from "../../../src/insight/values/functionGraph.ts";
import type { Site } from "../../../src/insight/values/site.ts";
import { LOCK_CALLS } from "../../../src/insight/waits/lockCalls.ts";
import { takenAt } from "../../../src/insight/waits/taken.ts";

import type { Frame } from "../../../src/unwind/frame.ts";
import { toyKernel } from "../../builders/kernel.ts";

const SIZE = 4;
const START = 0x1000n;
const at = (index: number): bigint => START + BigInt(index * SIZE);

/** Functions that are called. */
const DOWN = 0x9000n;
const UP = 0x9100n;
const SLEEP = 0x9200n;
const TRY = 0x9300n;
const LOCK = 0xffff_8880_3000_0070n;

type Told = Partial<Omit<Effect, "writes">> & { readonly writes?: Readonly<Record<string, Value | undefined>> };

function graph(...all: Told[]): FunctionGraph {
  const text = (address: bigint) => ({ address, size: 16, type: "T" });
  const kernel = toyKernel({
    arch: x86_64,
    symbols: {
      down_read: text(DOWN),
      down_read_trylock: text(TRY),
      up_read: text(UP),
      schedule: text(SLEEP),
      reader: { ...text(START), size: 64 },
    },
  });
  const effects = all.map(({ writes = {}, ...rest }, i): Effect => ({
    address: at(i),
    length: SIZE,
    access: undefined,
    flow: "next",
    target: undefined,
    ...rest,
    writes: new Map(Object.entries(writes)),
  }));
  return new FunctionGraph(kernel, { name: "reader.isra.0", address: START, size: 64, type: "T" }, effects, undefined);
}

const call = (target: bigint): Told => ({ flow: "call", target });
const passes = (value: bigint): Told => ({ writes: { rdi: { kind: "constant", value } } });

const siteAt = (of: FunctionGraph, index: number, registers: Record<string, bigint> = {}): Site => ({
  kernel: of.kernel,
  graph: of,
  index,
  registers: new Map(Object.entries(registers)),
  frame: { pc: at(index + 1), exact: false, registers: new Map() } as unknown as Frame,
  cpu: 0,
});

test("a function that passed the lock to down_read and sleeps before up_read has taken it", () => {
  const code = graph(passes(LOCK), call(DOWN), call(SLEEP), passes(LOCK), call(UP));
  const taken = takenAt(siteAt(code, 2), LOCK, LOCK_CALLS.read, () => false);
  assert.deepEqual(taken, { by: "argument", function: "reader", releases: true, isConditional: false });
});

test("a lock that is only taken if it is free may not have been taken", () => {
  const code = graph(passes(LOCK), call(TRY), call(SLEEP));
  assert.equal(takenAt(siteAt(code, 2), LOCK, LOCK_CALLS.read, () => false)?.isConditional, true);
});

test("a function that sleeps after up_read has not taken it", () => {
  const code = graph(passes(LOCK), call(DOWN), passes(LOCK), call(UP), call(SLEEP));
  assert.equal(
    takenAt(siteAt(code, 4), LOCK, LOCK_CALLS.read, () => true),
    undefined,
  );
});

test("up_read of another lock does not release this one", () => {
  const code = graph(passes(LOCK), call(DOWN), passes(LOCK + 0x1000n), call(UP), call(SLEEP));
  assert.equal(takenAt(siteAt(code, 4), LOCK, LOCK_CALLS.read, () => false)?.by, "argument");
});

test("a function that has taken another lock has not taken this one, although its stack contains the address", () => {
  const code = graph(passes(LOCK + 0x1000n), call(DOWN), call(SLEEP));
  assert.equal(
    takenAt(siteAt(code, 2), LOCK, LOCK_CALLS.read, () => true),
    undefined,
  );
});

test("a task that sleeps in down_read itself has not taken the lock by that call", () => {
  const code = graph(passes(LOCK), call(DOWN), call(SLEEP));
  assert.equal(
    takenAt(siteAt(code, 1), LOCK, LOCK_CALLS.read, () => true),
    undefined,
  );
});

test("the lock is found through a register that calls preserve", () => {
  const argument: Value = { kind: "address", place: { base: "rbx", index: undefined, scale: 1, displacement: 0x70n } };
  const code = graph({ writes: { rdi: argument } }, call(DOWN), call(SLEEP));
  const taken = takenAt(siteAt(code, 2, { rbx: LOCK - 0x70n }), LOCK, LOCK_CALLS.read, () => false);
  assert.equal(taken?.by, "argument");
});

test("if the code does not show which lock it takes, the lock's address has to be on the stack", () => {
  const argument: Value = { kind: "register", name: "rbx", bits: 64, signed: false };
  const code = graph({ writes: { rdi: argument } }, call(DOWN), call(SLEEP));
  assert.equal(takenAt(siteAt(code, 2), LOCK, LOCK_CALLS.read, () => true)?.by, "stack");
  assert.equal(
    takenAt(siteAt(code, 2), LOCK, LOCK_CALLS.read, () => false),
    undefined,
  );
});
