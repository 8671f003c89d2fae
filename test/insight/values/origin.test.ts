/** Where a value came from: the pointer that held it, and sums of a loaded pointer and an offset. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, Value } from "../../../src/arch/effect.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { toEnd } from "../../../src/base/job.ts";
import { FunctionGraph } from "../../../src/insight/values/functionGraph.ts";
import { pointerOf, type Provenance, provenanceOf } from "../../../src/insight/values/provenance.ts";
import type { Site } from "../../../src/insight/values/site.ts";
import type { Frame } from "../../../src/unwind/frame.ts";
import { toyKernel } from "../../builders/kernel.ts";

const BLOB = 0x6b6b_6b6b_6b6b_6b6bn;
const FILE = 0x8000n;
const load = (base: string, displacement: bigint): Extract<Value, { kind: "load" }> => ({
  kind: "load",
  place: { base, index: undefined, scale: 1, displacement },
  size: 8,
  signed: false,
});

/** Follows r14 after `add security(%rdi),%r14`. @param offset what r14 held before */
function added(offset: bigint, value: bigint): Provenance {
  const kernel = toyKernel({
    arch: x86_64,
    types: "struct file { long a; void *security; };",
    memory: [["struct file", FILE, { a: 1n, security: BLOB }]],
  });
  const sum: Value = {
    kind: "operation",
    operator: "+",
    left: { kind: "register", name: "r14", bits: 64, signed: false },
    right: load("rdi", 8n),
    bits: 64,
  };
  const writes: (readonly [string, Value])[] = [
    ["r14", { kind: "constant", value: offset }],
    ["r14", sum],
  ];
  const effects = [...writes, undefined].map((one, i): Effect => ({
    address: 0x1000n + BigInt(4 * i),
    length: 4,
    access: undefined,
    flow: "next",
    target: undefined,
    writes: new Map(one ? [one] : []),
  }));
  const graph = new FunctionGraph(kernel, { name: "f", address: 0x1000n, size: 64, type: "T" }, effects, undefined);
  const site: Site = {
    kernel,
    graph,
    index: 2,
    registers: new Map([
      ["rdi", FILE],
      ["r14", value],
    ]),
    frame: { pc: 0x1000n, exact: true, registers: new Map() } as unknown as Frame,
    cpu: 0,
  };
  return toEnd(provenanceOf(site, "r14", value));
}

test("a pointer to which an instruction adds a small offset was loaded from its member", () => {
  for (const offset of [0n, 16n]) {
    const { root, origin } = added(offset, BLOB + offset);
    assert.deepEqual([root.value, root.offset, origin.kind], [BLOB, offset, "load"]);
    assert.equal(origin.kind === "load" && origin.address, FILE + 8n);
  }
});

test("a sum of two large numbers has no origin, because either can be the pointer", () => {
  const large = 0xffff_8880_0000_0000n;
  assert.equal(added(large, BigInt.asUintN(64, BLOB + large)).origin.kind, "computed");
});

test("a register that holds a pointer plus a constant is not taken for the pointer", () => {
  const place = { base: "rdi", index: undefined, scale: 1, displacement: -16n };
  const type = { kind: "base", name: "long", size: 8, encoding: "signed" } as never;
  const member = { struct: "struct boat", path: "captain", offset: 8 };
  assert.equal(pointerOf(place, 0x1018n, { text: "boat->captain", type, member, isFromDwarf: true }), 0x1000n);
  assert.equal(pointerOf(place, 0x1018n, undefined), 0x1018n);
});
