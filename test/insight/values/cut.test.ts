/** A pointer that is copied through fewer bits than it has. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Effect, Value } from "../../../src/arch/effect.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { toEnd } from "../../../src/base/job.ts";
import { FunctionGraph } from "../../../src/insight/values/functionGraph.ts";
import { type Provenance, provenanceOf } from "../../../src/insight/values/provenance.ts";
import type { Site } from "../../../src/insight/values/site.ts";
import type { Frame } from "../../../src/unwind/frame.ts";
import { toyKernel } from "../../builders/kernel.ts";

const POINTER = 0xffff_8880_1234_5678n;

/** Follows rax before the last of some instructions, each of which writes one register. */
function traced(
  value: bigint,
  registers: Record<string, bigint>,
  ...all: [register: string, value: Value][]
): Provenance {
  const kernel = toyKernel({
    arch: x86_64,
    types: "struct box { long a; long *target; };",
    memory: [["struct box", 0x8000n, { a: 1n, target: POINTER }]],
  });
  const effects = [...all, undefined].map((one, i): Effect => ({
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
    index: all.length,
    registers: new Map(Object.entries({ ...registers, rax: value })),
    frame: { pc: 0x1000n, exact: true, registers: new Map() } as unknown as Frame,
    cpu: 0,
  };
  return toEnd(provenanceOf(site, "rax", value));
}

const copy = (name: string, bits: number, signed = false): Value => ({ kind: "register", name, bits, signed });
const load = (base: string, displacement: bigint, size: number, signed = false): Value => ({
  kind: "load",
  place: { base, index: undefined, scale: 1, displacement },
  size,
  signed,
});

test("a copy of 32 bits is found, with the whole pointer that another register still has", () => {
  const { cut } = traced(0x1234_5678n, { rbx: POINTER }, ["rax", copy("rbx", 32)]);
  assert.deepEqual([cut?.bits, cut?.isSigned, cut?.before], [32, false, POINTER]);
  assert.equal(cut?.effect.address, 0x1000n);
});

test("a load of half a word is found, with the whole word", () => {
  const { cut, origin } = traced(0x1234_5678n, { rdi: 0x8000n }, ["rax", load("rdi", 8n, 4)]);
  assert.deepEqual([cut?.bits, cut?.before], [32, POINTER]);
  assert.equal(origin.kind, "load");
});

test("a sign-extended value is reported as such", () => {
  const { cut } = traced(0xffff_ffff_9234_5678n, { rbx: 0xffff_8880_9234_5678n }, ["rax", copy("rbx", 32, true)]);
  assert.deepEqual([cut?.isSigned, cut?.before], [true, 0xffff_8880_9234_5678n]);
});

test("memory that holds the whole pointer is not said to hold the value that was cut afterwards", () => {
  const { cut, origin } = traced(0x1234_5678n, { rdi: 0x8000n }, ["rcx", load("rdi", 8n, 8)], ["rax", copy("rcx", 32)]);
  assert.equal(cut?.bits, 32);
  assert.deepEqual(origin.kind === "unknown" && origin.because, "only a part of what was loaded was copied");
});

test("a complete copy is not reported as truncated", () => {
  assert.equal(traced(POINTER, { rdi: 0x8000n }, ["rax", load("rdi", 8n, 8)]).cut, undefined);
  assert.equal(traced(POINTER, { rbx: POINTER }, ["rax", copy("rbx", 64)]).cut, undefined);
});
