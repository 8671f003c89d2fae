import assert from "node:assert/strict";
import { test } from "node:test";
import { gnuSyntax } from "../../../src/arch/disassembler/gnuSyntax.ts";

/** Bytes, Capstone's spelling, GNU's (crash's `dis` of Debian's 6.1 kernel). */
const rows: readonly (readonly [bytes: string, capstone: string, gnu: string])[] = [
  ["0f1f440000", "nopl (%rax, %rax)", "nopl 0x0(%rax,%rax,1)"],
  ["65488b1c2580fb0100", "movq %gs:0x1fb80, %rbx", "mov %gs:0x1fb80,%rbx"],
  ["8b4318", "movl 0x18(%rbx), %eax", "mov 0x18(%rbx),%eax"],
  ["a830", "testb $0x30, %al", "test $0x30,%al"],
  ["be01000000", "movl $1, %esi", "mov $0x1,%esi"],
  ["488b4500", "movq (%rbp), %rax", "mov 0x0(%rbp),%rax"],
  ["c6051e5c1f0101", "movb $1, 0x11f5c1e(%rip)", "movb $0x1,0x11f5c1e(%rip)"],
  ["e8dd6cb3ff", "callq 0xffffffff9b128270", "call 0xffffffff9b128270"],
  ["4883e4f0", "andq $-0x10, %rsp", "and $0xfffffffffffffff0,%rsp"],
  ["d1e8", "shrl $1, %eax", "shr $1,%eax"],
  ["6690", "nop ", "xchg %ax,%ax"],
  ["f348ab", "rep stosq %rax, (%rdi)", "rep stos %rax,%es:(%rdi)"],
  ["6a00", "pushq $0", "push $0x0"],
  ["480f07", "sysretq ", "sysretq "],
];

for (const [bytes, capstone, gnu] of rows) {
  test(`${capstone} is ${gnu}`, () => {
    const [, mnemonic = "", operands = ""] = /^((?:rep )?\S+) ?(.*)$/.exec(capstone) ?? [];
    const spelt = gnuSyntax({ address: 0n, bytes: Buffer.from(bytes, "hex"), mnemonic, operands });
    assert.equal(`${spelt.mnemonic} ${spelt.operands}`, gnu);
  });
}
