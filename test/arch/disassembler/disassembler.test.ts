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
    "ffffffffc024b02b movq 0x20(%rbx), %rax",
    "ffffffffc024b02f movl %ebp, (%rax)",
    "ffffffffc024b031 ud2",
  ]);
});

test("Intel syntax is there for the asking", async () => {
  const [first] = (await load(x86_64, "intel")).instructions(Uint8Array.of(0x89, 0x28), 0n);
  assert.equal(first && text(first), "0 mov dword ptr [rax], ebp");
});

test("bytes that are no instruction are said to be bad, and decoding goes on", async () => {
  const lines = (await load(x86_64)).instructions(Uint8Array.of(0x06, 0x90, 0x06, 0xc3), 0x1000n).map(text);
  assert.deepEqual(lines, ["1000 (bad)", "1001 nop"]);
  const longer = (await load(x86_64)).instructions(
    Uint8Array.of(0x06, 0x90, 0x06, 0xc3, ...new Uint8Array(16).fill(0x90)),
    0x1000n,
  );
  assert.deepEqual(longer.slice(0, 5).map(text), ["1000 (bad)", "1001 nop", "1002 (bad)", "1003 retq", "1004 nop"]);
});

test("a limit is kept", async () => {
  assert.equal((await load(x86_64)).instructions(new Uint8Array(64).fill(0x90), 0n, 5).length, 5);
});

test("arm64 and s390x are read in their own byte orders", async () => {
  assert.deepEqual(
    (await load(arm64)).instructions(Uint8Array.of(0xc0, 3, 0x5f, 0xd6), 0xffff800008000000n).map(text),
    ["ffff800008000000 ret"],
  );
  assert.deepEqual((await load(s390x)).instructions(Uint8Array.of(0x07, 0xfe), 0x100n).map(text), ["100 br %r14"]);
});
