import assert from "node:assert/strict";
import { test } from "node:test";
import { crashName, dumpName } from "../../src/extension/dumpName.ts";

test("a dump is called by its file and the folder that it is in", () => {
  assert.equal(dumpName(["/var/crash/202611211012/vmcore"]), "202611211012/vmcore");
  assert.equal(dumpName(["/vmcore"]), "vmcore");
  assert.equal(dumpName(["vmcore"]), "vmcore");
});

test("a session is named by its dump, the host and the panic, if these are known", () => {
  const vmcore = ["/var/crash/web/vmcore"];
  const title = "BUG: kernel NULL pointer dereference, address: 0000000000000000";
  assert.equal(
    crashName({ vmcore, host: "web-07", title, panicked: true }),
    "web/vmcore · web-07 · BUG: kernel NULL pointer dereference, a…",
  );
  const host = "[x](command:y)";
  assert.match(crashName({ vmcore, host, title, panicked: true }), /· \[x\] \(command:y\) ·/);
  assert.equal(crashName({ vmcore, host: undefined, title: undefined, panicked: false }), "web/vmcore · no panic");
});
