import assert from "node:assert/strict";
import { test } from "node:test";
import { arm64 } from "../../../src/arch/arm64/arm64.ts";
import { s390x } from "../../../src/arch/s390x/s390x.ts";
import { x86_64 } from "../../../src/arch/x86_64/x86_64.ts";
import type { Arch } from "../../../src/arch/arch.ts";
import { markedInstruction } from "../../../src/crash/say/instruction.ts";
import { toyKernel } from "../../builders/kernel.ts";

const PANIC = 0xffff800080001000n;

const spelt = (arch: Arch, mnemonic: string, operands: string): string => {
  const kernel = toyKernel({ arch, symbols: { panic: { address: PANIC, size: 0x100, type: "T" } } });
  return markedInstruction(kernel, { address: PANIC, bytes: Uint8Array.of(0, 0), mnemonic, operands }, 16);
};

test("the target of a branch is named, on every architecture", () => {
  assert.equal(spelt(x86_64, "call", "0xffff800080001010"), "call   0xffff800080001010 <panic+0x10>");
  assert.equal(spelt(arm64, "bl", "#0xffff800080001000"), "bl     0xffff800080001000 <panic>");
  assert.equal(spelt(arm64, "cbz", "w0, #0xffff800080001008"), "cbz    w0, 0xffff800080001008 <panic+0x8>");
  assert.equal(spelt(s390x, "jgnop", "0xffff800080001000"), "jgnop  0xffff800080001000");
  assert.equal(spelt(s390x, "brasl", "%r14, 0xffff800080001000"), "brasl  %r14, 0xffff800080001000 <panic>");
});

test("operands relative to the instruction pointer are named in both syntaxes", () => {
  assert.equal(
    spelt(x86_64, "mov", "0xe(%rip),%rax"),
    "mov    0xe(%rip),%rax        # 0xffff800080001010 <panic+0x10>",
  );
  assert.equal(spelt(x86_64, "mov", "-0x2(%rip),%rax"), "mov    -0x2(%rip),%rax        # 0xffff800080001000 <panic>");
  const intel = "mov    rax,QWORD PTR [rip+0xfffffffffffffffe]        # 0xffff800080001000 <panic>";
  assert.equal(spelt(x86_64, "mov", "rax,QWORD PTR [rip+0xfffffffffffffffe]"), intel);
});

test("an immediate is no address", () => {
  assert.equal(spelt(arm64, "sub", "sp, sp, #0xd0"), "sub    sp, sp, #0xd0");
  assert.equal(spelt(x86_64, "sub", "$0x10,%rsp"), "sub    $0x10,%rsp");
});
