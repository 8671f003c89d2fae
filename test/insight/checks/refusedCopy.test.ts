/** Copies between kernel memory and user space that the kernel refused. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { refusedCopy } from "../../../src/insight/checks/refusedCopy.ts";
import { checked, crashWith } from "../../builders/checks.ts";

test("the hash that some kernels print for a refused copy is not taken for an address", () => {
  const report = (address: string): string[] => [
    `usercopy: kernel memory exposure attempt detected from ${address} (lab) (1 bytes)`,
    "------------[ cut here ]------------",
    "kernel BUG at mm/usercopy.c:72!",
  ];
  const [plain = ""] = checked(refusedCopy, crashWith(report("ffff88001c2a4630"))).texts;
  assert.match(plain, /^1 byte was to be copied out of kernel memory \(lab, at 0xffff88001c2a4630\)/);
  const [hashed = ""] = checked(refusedCopy, crashWith(report("000000005b6e3c10"))).texts;
  assert.match(hashed, /^1 byte was to be copied out of kernel memory \(lab\)/);
});
