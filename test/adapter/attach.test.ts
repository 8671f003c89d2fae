import assert from "node:assert/strict";
import { chmodSync, existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { checkLiveKernel } from "../../src/session/open/liveKernel.ts";
import { openFile } from "../../src/base/file.ts";
import { openDump } from "../../src/dump/formats.ts";
import { type BuiltSegment, elfCore } from "../builders/elfCore.ts";
import { DapClient } from "./client.ts";

let folder: string;
before(() => (folder = mkdtempSync(join(tmpdir(), "attach-"))));
after(() => rmSync(folder, { recursive: true, force: true }));

/**
 * The sample's memory as /proc/kcore would show it: a note with VMCOREINFO and none of CPUs, the direct map in
 * ranges of virtual addresses, and areas by page table (vmalloc, modules) whose physical address is all ones.
 */
function kcore(path: string): void {
  const dump = openDump([openFile("sample/vmcore")]);
  const segments: BuiltSegment[] = [
    { virtual: 0xffffc90000000000n, physical: 0xffffffffffffffffn, bytes: new Uint8Array(64), memorySize: 1n << 45n },
  ];
  for (let start = dump.next(0), end = start; start >= 0; start = dump.next(end), end = start) {
    const pages: Uint8Array[] = [];
    for (; dump.has(end); end++) pages.push(dump.page(end) as Uint8Array);
    const physical = start * dump.pageSize;
    segments.push({ virtual: 0xffff888000000000n + BigInt(physical), physical, bytes: Buffer.concat(pages) });
  }
  const notes = [{ name: "VMCOREINFO", type: 0, desc: dump.vmcoreinfo ?? "" }];
  writeFileSync(path, elfCore({ notes, segments }));
  dump.close();
}

test("attaching opens memory of the shape of /proc/kcore", async () => {
  const path = join(folder, "kcore");
  kcore(path);
  const client = new DapClient();
  await client.initialize();
  await client.request("attach", { vmcore: path, search: false });
  await client.request("configurationDone");
  const { threadId } = await client.event<{ threadId: number }>("stopped");
  const { threads } = await client.request<{ threads: { id: number; name: string }[] }>("threads");
  assert.equal(threads.length, 98);
  assert.ok(threads.some(({ id }) => id === threadId));
  const sleeping = threads.find(({ name }) => name.startsWith("kthreadd"));
  const { stackFrames } = await client.request<{ stackFrames: { name: string }[] }>("stackTrace", {
    threadId: sleeping?.id,
  });
  assert.match(stackFrames[0]?.name ?? "", /^__schedule/);
  assert.match(await client.command("sys"), /6\.1\.0-56-cloud-amd64/);
  await client.close();
});

test("attaching without /proc/kcore, or without permission to read it, reports the remedy", async () => {
  assert.throws(() => checkLiveKernel(join(folder, "none")), /there is no .*none: this system's kernel has none/);
  if (process.getuid?.() !== 0) {
    const locked = join(folder, "locked");
    writeFileSync(locked, "");
    chmodSync(locked, 0);
    assert.throws(() => checkLiveKernel(locked), /may not be read: .* as root/);
  }
  if (existsSync("/proc/kcore")) return;
  const client = new DapClient();
  await client.initialize();
  await assert.rejects(client.request("attach", {}), /there is no \/proc\/kcore/);
  await client.close();
});
