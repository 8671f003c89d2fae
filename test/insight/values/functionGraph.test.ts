import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, Value } from "../../../src/arch/effect.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { FunctionGraph } from "../../../src/insight/values/functionGraph.ts";
import { argumentOf } from "../../../src/insight/values/passed.ts";
import { registerAt, type Site } from "../../../src/insight/values/site.ts";
import { provenanceOf } from "../../../src/insight/values/provenance.ts";
import { toEnd } from "../../../src/base/job.ts";
import type { Frame } from "../../../src/unwind/frame.ts";
import { toyKernel } from "../../builders/kernel.ts";

const SIZE = 4;
const START = 0x1000n;
const at = (index: number): bigint => START + BigInt(index * SIZE);

type Told = Partial<Omit<Effect, "writes">> & { readonly writes?: Readonly<Record<string, Value | undefined>> };

const graph = (...all: Told[]): FunctionGraph => {
  const kernel = toyKernel({
    arch: x86_64,
    types: "struct box { long a; long *target; };",
    memory: [["struct box", 0x8000n, { a: 1n, target: 0n }]],
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
  return new FunctionGraph(kernel, { name: "f", address: START, size: 64, type: "T" }, effects, fixups);
};

/** Where the functions of these tests go on after a fault. */
let fixups: readonly bigint[] | undefined;

const register = (name: string): Value => ({ kind: "register", name, bits: 64, signed: false });
const load = (base: string, displacement: bigint): Value => ({
  kind: "load",
  place: { base, index: undefined, scale: 1, displacement },
  size: 8,
  signed: false,
});
const site = (of: FunctionGraph, index: number, registers: Record<string, bigint>): Site => ({
  kernel: of.kernel,
  graph: of,
  index,
  registers: new Map(Object.entries(registers)),
  frame: { pc: at(index), exact: true, registers: new Map() } as unknown as Frame,
  cpu: 0,
});

test("a call over a trap that only fills the buffer of return addresses changes no register but the stack pointer", () => {
  const code = graph(
    { writes: { rsp: load("rsi", 0n) } },
    { flow: "call", target: at(3) },
    { flow: "trap" },
    { flow: "branch", target: at(1) },
    {},
  );
  assert.equal(code.isUnchanged("rsi", 0, 4), true);
  assert.deepEqual(
    code.definitions("rsp", 1).map((one) => one.kind === "instruction" && one.index),
    [0, 1],
  );
});

test("unreachable code defines no register, unless a fault can jump there", (context) => {
  context.after(() => (fixups = undefined));
  const code = (): FunctionGraph =>
    graph({ writes: { rax: load("rdi", 0n) } }, { flow: "jump", target: at(3) }, { writes: { rax: undefined } }, {});
  fixups = [];
  assert.deepEqual(code().definitions("rax", 3), [{ kind: "instruction", index: 0 }]);
  fixups = [at(2)];
  assert.equal(code().definitions("rax", 3).length, 2);
  fixups = undefined;
  assert.equal(code().definitions("rax", 3).length, 2);
});

test("a register that is set on two paths has both definitions", () => {
  const code = graph(
    { flow: "branch", target: at(3) },
    { writes: { rax: undefined } },
    { flow: "jump", target: at(4) },
    { writes: { rax: undefined } },
    {},
  );
  assert.deepEqual(code.definitions("rax", 4), [
    { kind: "instruction", index: 3 },
    { kind: "instruction", index: 1 },
  ]);
});

test("a call changes the registers that it need not keep, and no others", () => {
  const code = graph({}, { flow: "call", target: 0x5000n }, {});
  assert.deepEqual(code.definitions("rax", 2), [{ kind: "instruction", index: 1 }]);
  assert.deepEqual(code.definitions("rbx", 2), [{ kind: "entry" }]);
});

test("padding after a return has no successor", () => {
  const code = graph({ flow: "branch", target: at(3) }, { flow: "return" }, { flow: "trap" }, {});
  assert.deepEqual(code.definitions("rdi", 3), [{ kind: "entry" }]);
});

test("code with unknown predecessors makes a value unknown", () => {
  const code = graph({ flow: "jump", target: 0x9000n }, { writes: { rbx: undefined } }, {});
  assert.deepEqual(code.definitions("rax", 2), [{ kind: "unknown" }]);
});

test("a register that a loop changes is not treated as unchanged", () => {
  const code = graph({}, { writes: { rdx: load("rax", 0n) } }, { writes: { rax: undefined } }, {
    flow: "branch",
    target: at(1),
  }); // prettier-ignore
  assert.equal(code.isUnchanged("rax", 1, 3), false);
  assert.equal(code.isUnchanged("rcx", 1, 3), true);
});

test("a pointer that was incremented later is restored by subtracting the increment", () => {
  const code = graph(
    { writes: { rdx: load("rax", 0n) } },
    { writes: { rax: { kind: "operation", operator: "+", left: register("rax"), right: { kind: "constant", value: 8n }, bits: 64 } } },
    {},
  ); // prettier-ignore
  assert.equal(registerAt(site(code, 2, { rax: 0x8008n }), "rax", 0), 0x8000n);
});

test("a value is followed through copies to the load that memory still confirms", () => {
  const code = graph({ writes: { rcx: load("rbx", 8n) } }, { writes: { rax: register("rcx") } }, {});
  const { origin } = toEnd(provenanceOf(site(code, 2, { rbx: 0x8000n, rax: 0n }), "rax", 0n));
  assert.equal(origin.kind, "load");
  assert.equal(origin.kind === "load" && origin.address, 0x8008n);
  assert.equal(origin.kind === "load" && origin.object, 0x8000n);
});

test("a load that memory does not confirm is not claimed", () => {
  const code = graph({ writes: { rax: load("rbx", 0n) } }, {});
  const { origin } = toEnd(provenanceOf(site(code, 1, { rbx: 0x8000n, rax: 7n }), "rax", 7n));
  assert.equal(origin.kind, "unknown");
});

test("the address of a member is traced to the pointer and the offset from it", () => {
  const lea: Value = { kind: "address", place: { base: "rbx", index: undefined, scale: 1, displacement: 0x18n } };
  const code = graph(
    { flow: "call", target: 0x5000n },
    { writes: { rbx: register("rax") } },
    { writes: { rdi: lea } },
    {},
  );
  const { root, origin } = toEnd(provenanceOf(site(code, 3, { rdi: 0x18n }), "rdi", 0x18n));
  assert.deepEqual([root.value, root.offset, root.register], [0n, 0x18n, "rbx"]);
  assert.equal(origin.kind, "call result");
});

test("the arguments of a call are found from the code before it", () => {
  const code = graph({ writes: { rdi: register("rbx") } }, { flow: "call", target: 0x5000n });
  assert.equal(argumentOf(site(code, 1, { rbx: 0x8000n }), "rdi"), 0x8000n);
  assert.equal(argumentOf(site(code, 1, { rbx: 0x8000n }), "rsi"), undefined);
});

test("an argument of one of several jumps is known only if all of them pass it", () => {
  const code = graph(
    { writes: { rdi: { kind: "constant", value: 7n } } },
    { flow: "branch", target: at(3) },
    { flow: "jump" },
    { writes: { rsi: { kind: "constant", value: 1n } } },
    { flow: "jump" },
  );
  const jumps: Site = { ...site(code, 2, {}), otherJumps: [4] };
  assert.equal(argumentOf(jumps, "rdi"), 7n);
  assert.equal(argumentOf(jumps, "rsi"), undefined);
});
