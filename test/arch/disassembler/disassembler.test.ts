import assert from "node:assert/strict";
import { test } from "node:test";
import { arm64 } from "../../../src/arch/arm64/arm64.ts";
import { disassembler, type Instruction } from "../../../src/arch/disassembler/disassembler.ts";
import { s390x } from "../../../src/arch/s390x/s390x.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import { drive } from "../../../src/base/job.ts";

const load = (...args: Parameters<typeof disassembler>) => drive(disassembler(...args), new AbortController().signal);
const text = ({ address, mnemonic, operands }: Instruction): string =>
  `${address.toString(16)} ${mnemonic} ${operands}`.trim();

test("x86_64 is read in AT&T syntax, at unsigned addresses", async () => {
  const bytes = Uint8Array.of(0x48, 0x8b, 0x43, 0x20, 0x89, 0x28, 0x0f, 0x0b);
  const lines = (await load(x86_64)).instructions(bytes, 0xffffffffc024b02bn).map(text);
  assert.deepEqual(lines, [
    "ffffffffc024b02b mov 0x20(%rbx),%rax",
    "ffffffffc024b02f mov %ebp,(%rax)",
    "ffffffffc024b031 ud2",
  ]);
});

test("Intel syntax is available", async () => {
  const [first] = (await load(x86_64, "intel")).instructions(Uint8Array.of(0x89, 0x28), 0n);
  assert.equal(first && text(first), "0 mov DWORD PTR [rax],ebp");
  const immediate = Buffer.from("48c7c70000a582", "hex");
  const [second] = (await load(x86_64, "intel")).instructions(immediate, 0n);
  assert.equal(second && text(second), "0 mov rdi,0xffffffff82a50000");
});

test("invalid instructions are printed as bad, and decoding continues", async () => {
  const lines = (await load(x86_64)).instructions(Uint8Array.of(0x06, 0x90, 0x06, 0xc3), 0x1000n).map(text);
  assert.deepEqual(lines, ["1000 (bad)", "1001 nop", "1002 (bad)", "1003 ret"]);
  const longer = (await load(x86_64)).instructions(
    Uint8Array.of(0x06, 0x90, 0x06, 0xc3, ...new Uint8Array(16).fill(0x90)),
    0x1000n,
  );
  assert.deepEqual(longer.slice(0, 5).map(text), ["1000 (bad)", "1001 nop", "1002 (bad)", "1003 ret", "1004 nop"]);
});

test("a limit is kept", async () => {
  assert.equal((await load(x86_64)).instructions(new Uint8Array(64).fill(0x90), 0n, 5).length, 5);
});

test("arm64 and s390x code is read in its byte order", async () => {
  assert.deepEqual(
    (await load(arm64)).instructions(Uint8Array.of(0xc0, 3, 0x5f, 0xd6), 0xffff800008000000n).map(text),
    ["ffff800008000000 ret"],
  );
  assert.deepEqual((await load(s390x)).instructions(Uint8Array.of(0x07, 0xfe), 0x100n).map(text), ["100 br %r14"]);
  const nop = Uint8Array.of(0xc0, 0x04, 0, 0, 0, 0x10);
  assert.deepEqual((await load(s390x)).instructions(nop, 0x100n).map(text), ["100 jgnop 0x120"]);
});

test("an instruction that is cut off at the end is left out", async () => {
  const lines = (await load(x86_64)).instructions(Uint8Array.of(0x90, 0xe8, 0, 0), 0x1000n).map(text);
  assert.deepEqual(lines, ["1000 nop"]);
});

test("arm64's unprivileged loads of a register through itself and stgp are read", async () => {
  const words = [0xf8400800, 0xb8408842, 0x385ffbff, 0xb8800863, 0x69008be0, 0x69bf0c41, 0x68810c41, 0xd503201f];
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  const lines = (await load(arm64)).instructions(bytes, 0n).map((one) => `${one.mnemonic} ${one.operands}`.trim());
  assert.deepEqual(lines, [
    "ldtr x0, [x0]",
    "ldtr w2, [x2, #8]",
    "ldtrb wzr, [sp, #-1]",
    "ldtrsw x3, [x3]",
    "stgp x0, x2, [sp, #0x10]",
    "stgp x1, x3, [x2, #-0x20]!",
    "stgp x1, x3, [x2], #0x20",
    "nop",
  ]);
});

test("arm64's conditions are called as GNU calls them", async () => {
  const words = [0x54000143, 0x54ffff22, 0x1a9f3000, 0x54000128];
  const bytes = new Uint8Array(Uint32Array.from(words).buffer);
  const lines = (await load(arm64)).instructions(bytes, 0x1000n).map((one) => `${one.mnemonic} ${one.operands}`);
  assert.deepEqual(lines, ["b.cc #0x1028", "b.cs #0xfe8", "csel w0, w0, wzr, cc", "b.hi #0x1030"]);
});
