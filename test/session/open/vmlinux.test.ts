import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { openVmlinux } from "../../../src/session/open/vmlinux.ts";

test("a program that is refused as a vmlinux does not stay open", { skip: process.platform !== "linux" }, () => {
  const open = (): number => readdirSync("/proc/self/fd").length;
  const before = open();
  assert.throws(() => openVmlinux(process.execPath), /is not a Linux kernel$/);
  assert.equal(open(), before);
});
