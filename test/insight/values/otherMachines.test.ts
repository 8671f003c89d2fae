/** Provenance and conditions on machines whose code is decoded by our own decoders, on code that the tests write. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Arch } from "../../../src/arch/arch.ts";
import { ppc64le } from "../../../src/arch/ppc64le/ppc64le.ts";
import { riscv64 } from "../../../src/arch/riscv64/riscv64.ts";
import { drive, toEnd } from "../../../src/base/job.ts";
import { sentenceText } from "../../../src/insight/finding.ts";
import type { BadPointer } from "../../../src/insight/values/badPointer.ts";
import { valueChain } from "../../../src/insight/values/chain.ts";
import { conditionOf, UNCONDITIONAL } from "../../../src/insight/values/condition.ts";
import { functionGraph } from "../../../src/insight/values/functionGraph.ts";
import { provenanceOf } from "../../../src/insight/values/provenance.ts";
import { type Site, siteOf } from "../../../src/insight/values/site.ts";
import type { Frame } from "../../../src/unwind/frame.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";

const TEXT = 0xffffffff80010000n;
const CALLER = TEXT + 0x100n;
const FAR = 0xffffffff90000000n;
const FIRST = 0xffffffff80108000n;
const BOX = 0xffffffff80100000n;

/** A kernel with `apply(struct box *, int)` and its caller; each number of the code has 2 or 4 bytes. */
function kernelOf(arch: Arch, apply: readonly number[], caller: readonly number[]): ToyKernel {
  const kernel = toyKernel({
    arch,
    types: "struct box { long a; int *target; }; int apply(struct box *box, int value); struct box *first;",
    symbols: {
      apply: { address: TEXT, size: 64, type: "T" },
      caller: { address: CALLER, size: 64, type: "T" },
      "apply.cold.3": { address: TEXT + 0x400n, size: 8, type: "t" },
      far: { address: FAR, size: 64, type: "T" },
      first: { address: FIRST, size: 8, type: "d" },
    },
    memory: [
      ["struct box", BOX, { a: 1n, target: 0n }],
      ["first", BOX],
    ],
  });
  const put = (at: bigint, words: readonly number[]): void =>
    kernel.memory.poke(at, Uint8Array.from(words.flatMap((word) => bytesOf(arch, word))).slice(0, 64));
  const padding = arch === riscv64 ? new Array<number>(16).fill(0x00000013) : new Array<number>(16).fill(0x60000000);
  put(TEXT, [...apply, ...padding]);
  put(CALLER, [...caller, ...padding]);
  put(FAR, padding);
  put(TEXT + 0x400n, padding.slice(0, 2));
  return kernel;
}

const bytesOf = (arch: Arch, word: number): number[] =>
  (arch === riscv64 && (word & 3) !== 3 ? [0, 8] : [0, 8, 16, 24]).map((by) => (word >>> by) & 0xff);

const siteAt = (kernel: ToyKernel, pc: bigint, registers: Record<string, bigint>, caller?: Frame): Site => {
  const frame = { pc, exact: true, registers: new Map(Object.entries(registers)), caller } as unknown as Frame;
  return toEnd(siteOf(kernel, frame, 0));
};
const callFrame = (pc: bigint, registers: Record<string, bigint>): Frame =>
  ({ pc, exact: false, registers: new Map(Object.entries(registers)) }) as unknown as Frame;

// addi sp,sp,-48; sd s0,32(sp); sd s1,24(sp); addi s0,sp,48; mv s1,a0; ld a5,8(s1); sw a1,0(a5)
const RISCV = [0x7179, 0xf022, 0xec26, 0x1800, 0x84aa, 0x649c, 0x00b7a023];

test("riscv64: a value is followed through compressed code to the member that holds it", () => {
  const kernel = kernelOf(riscv64, RISCV, []);
  const site = siteAt(kernel, TEXT + 12n, { a5: 0n, s1: BOX, a1: 5n });
  const { origin, value } = toEnd(provenanceOf(site, "a5", 0n));
  assert.equal(origin.kind, "load");
  assert.equal(value, 0n);
  assert.equal(origin.kind === "load" && origin.expression?.text, "box->target");
});

test("riscv64: an argument is followed to the far call that passed it", () => {
  // lui a0,0x80100; auipc ra,0; jalr -256-4(ra)
  const kernel = kernelOf(riscv64, RISCV, [0x80100537, 0x00000097, 0xefc080e7]);
  const site = siteAt(kernel, TEXT + 8n, { a0: BOX }, callFrame(CALLER + 12n, {}));
  const { origin, passedBy } = toEnd(provenanceOf(site, "a0", BOX));
  assert.deepEqual([origin.kind, passedBy.length], ["constant", 1]);
});

test("a value that is a constant less than the loaded one is written as a difference", async () => {
  // mv s1,a0; ld a5,8(s1); addi a5,a5,-16; sw a1,0(a5)
  const kernel = kernelOf(riscv64, [0x84aa, 0x649c, 0xff078793, 0x00b7a023], []);
  const value = BigInt.asUintN(64, -16n);
  const site = siteAt(kernel, TEXT + 8n, { a5: value, s1: BOX });
  const effect = site.graph.effects[site.index]!;
  const bad = { site, effect, register: "a5", value } as unknown as BadPointer;
  const job = valueChain(kernel, 0n, bad, toEnd(provenanceOf(site, "a5", value)));
  const chain = await drive(job, new AbortController().signal);
  assert.ok(chain.some(({ text }) => sentenceText(text) === "It is NULL - 0x10"));
});

test("a value that a numbered cold part of the function may also set is not a constant", () => {
  // li a5,0; sw a1,0(a5); ret. The cold part: li a5,8; j apply+4
  const kernel = kernelOf(riscv64, [0x00000793, 0x00b7a023, 0x00008067], []);
  const cold = TEXT + 0x400n;
  kernel.memory.poke(cold, Uint8Array.from([0x00800793, 0xc01ff06f].flatMap((word) => bytesOf(riscv64, word))));
  const { origin } = toEnd(provenanceOf(siteAt(kernel, TEXT + 4n, { a5: 0n }), "a5", 0n));
  assert.equal(origin.kind, "unknown");
});

test("a function that is longer than any in a kernel is not decoded in part", () => {
  const kernel = toyKernel({ arch: riscv64, symbols: { huge: { address: TEXT, size: 1 << 17, type: "T" } } });
  assert.throws(() => toEnd(functionGraph(kernel, TEXT)), /131072 bytes, more than the limit/);
});

test("riscv64: a condition is that of the branch, which compares by itself", () => {
  // bltz a1,pc+8; ret; ebreak
  const kernel = kernelOf(riscv64, [0x0005c463, 0x8082, 0x0001, 0x9002], []);
  const condition = conditionOf(siteAt(kernel, TEXT + 8n, { a1: -3n & 0xffffffffffffffffn }));
  assert.ok(condition !== undefined && condition !== UNCONDITIONAL);
  assert.equal(condition.expression, "value < 0");
});

// addis r2,r12,16; addi r2,r2,0; mr r31,r3; ld r9,8(r31); stw r4,0(r9)
const POWER = [0x3c4c0010, 0x38420000, 0x7c7f1b78, 0xe93f0008, 0x90890000];

test("ppc64le: a value is followed to its member, and an argument to a call of the second entry point", () => {
  // lis r3,-32752; bl apply+8
  const kernel = kernelOf(ppc64le, POWER, [0x3c608010, 0x4bffff05]);
  const load = toEnd(provenanceOf(siteAt(kernel, TEXT + 16n, { r9: 0n, r31: BOX }), "r9", 0n));
  assert.equal(load.origin.kind === "load" && load.origin.expression?.text, "box->target");
  const site = siteAt(kernel, TEXT + 8n, { r3: BOX }, callFrame(CALLER + 8n, {}));
  const { origin, passedBy } = toEnd(provenanceOf(site, "r3", BOX));
  assert.deepEqual([origin.kind, passedBy.length], ["constant", 1]);
});

test("ppc64le: a call through a stub of a module reaches the function whose address the stub loads", () => {
  // addis r2,r12,16; addi r2,r2,0; bl stub. The stub: addis r11,r2,0; addi r11,r11,32; ld r12,32(r11); mtctr r12; bctr
  const kernel = kernelOf(ppc64le, POWER, [0x3c4c0010, 0x38420000, 0x480001f9]);
  const stub = [0x3d620000, 0x396b0020, 0xf8410018, 0xe98b0020, 0x7d8903a6, 0x4e800420, 0, 0];
  kernel.memory.poke(CALLER + 0x200n, Uint8Array.from(stub.flatMap((word) => bytesOf(ppc64le, word))));
  const entry = new Uint8Array(8);
  new DataView(entry.buffer).setBigUint64(0, FAR, true);
  kernel.memory.poke(CALLER + 0x100000n + 64n, entry);
  const graph = toEnd(functionGraph(kernel, CALLER));
  assert.equal(graph.effects[2]?.target, FAR);
});

test("a jump within the function is not a veneer: the instructions at its target are executed", () => {
  // riscv64: j pc+8; sw a1,0(a5); li a5,0; j pc-8
  const kernel = kernelOf(riscv64, [0x0080006f, 0x00b7a023, 0x00000793, 0xff9ff06f], []);
  const { origin } = toEnd(provenanceOf(siteAt(kernel, TEXT + 4n, { a5: 0n }), "a5", 0n));
  assert.equal(origin.kind, "constant");
});

test("ppc64le: a branch is decided by the last comparison of its own field", () => {
  // cmpdi cr7,r4,10; cmpdi r3,0; bgt cr7,pc+8; blr; nop
  const kernel = kernelOf(ppc64le, [0x2fa4000a, 0x2c230000, 0x419d0008, 0x4e800020, 0x60000000], []);
  const condition = conditionOf(siteAt(kernel, TEXT + 16n, { r3: 0n, r4: 12n }));
  assert.ok(condition !== undefined && condition !== UNCONDITIONAL);
  assert.deepEqual([condition.expression, condition.values], ["value > 10", "12 > 10"]);
});

test("ppc64le: the condition of a trap that compares is its own", () => {
  // cmpdi r3,0; beq pc+8; nop; tdnei r4,0
  const kernel = kernelOf(ppc64le, [0x2c230000, 0x41820008, 0x60000000, 0x0b040000], []);
  const condition = conditionOf(siteAt(kernel, TEXT + 12n, { r4: 1n }));
  assert.ok(condition !== undefined && condition !== UNCONDITIONAL);
  assert.equal(condition.expression, "value != 0");
  assert.equal(condition.values, "1 != 0");
});

test("a global variable whose address the code computes has its name", () => {
  // riscv64: lui a4,0x80108; ld a3,0(a4); ld a5,8(a3); sw a1,0(a5)
  const riscv = kernelOf(riscv64, [0x80108737, 0x00073683, 0x0086b783, 0x00b7a023], []);
  const stored = toEnd(provenanceOf(siteAt(riscv, TEXT + 12n, { a5: 0n, a3: BOX }), "a5", 0n));
  assert.equal(stored.origin.kind === "load" && stored.origin.expression?.text, "first->target");
  // ppc64le: addis r2,r12,16; addi r2,r2,-32768; addis r4,r2,0; ld r3,0(r4); ld r9,8(r3); stw r4,0(r9)
  const words = [0x3c4c0010, 0x38428000, 0x3c820000, 0xe8640000, 0xe9230008, 0x90890000];
  const power = kernelOf(ppc64le, words, []);
  const loaded = toEnd(provenanceOf(siteAt(power, TEXT + 16n, { r3: BOX }), "r3", BOX));
  assert.equal(loaded.origin.kind === "load" && loaded.origin.expression?.text, "first");
});
