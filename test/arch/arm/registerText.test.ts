import assert from "node:assert/strict";
import { test } from "node:test";
import { registerText } from "../../../src/arch/arm/registerText.ts";

test("registers of arm are laid out as crash and the kernel do, with the flags in words", () => {
  const names = "r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 fp ip sp lr pc".split(" ");
  const registers = new Map(names.map((name, i) => [name, BigInt(i)]));
  assert.deepEqual(registerText(new Map([...registers, ["cpsr", 0x600f01d3n]])), [
    "pc : [<0000000f>]    lr : [<0000000e>]    psr: 600f01d3",
    "sp : 0000000d  ip : 0000000c  fp : 0000000b",
    "r10: 0000000a  r9 : 00000009  r8 : 00000008",
    "r7 : 00000007  r6 : 00000006  r5 : 00000005  r4 : 00000004",
    "r3 : 00000003  r2 : 00000002  r1 : 00000001  r0 : 00000000",
    "Flags: nZCv  IRQs off  FIQs off  Mode SVC_32  ISA ARM",
  ]);
});

test("a user in Thumb code has its mode named, and unknown registers are left out", () => {
  assert.deepEqual(
    registerText(
      new Map([
        ["pc", 0x11db6n],
        ["cpsr", 0xa00f0030n],
      ]),
    ),
    [
      // prettier-ignore
      "pc : [<00011db6>]    psr: a00f0030",
      "Flags: NzCv  IRQs on  FIQs on  Mode USER_32  ISA Thumb",
    ],
  );
});
