import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { Cancelled } from "../../../src/base/job.ts";
import { locked } from "../../../src/session/fetch/lock.ts";
import { thisHost } from "../../../src/session/fetch/partFile.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-lock-"));
after(() => rmSync(folder, { recursive: true }));
const none = undefined;

test("work under one lock runs one after the other, also after work that failed", async () => {
  const path = join(folder, "new", "one.lock");
  const order: string[] = [];
  const work = (name: string) => async (): Promise<void> => {
    order.push(`${name} begins`);
    await setTimeout(20);
    order.push(`${name} ends`);
    if (name === "a") throw new Error("failed");
  };
  await Promise.allSettled([locked(path, none, work("a")), locked(path, none, work("b"))]);
  assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
  assert.ok(!existsSync(path));
});

test("the lock of a dead process, or an old one, is broken; one of a running process is waited for until a cancel", async () => {
  const path = join(folder, "two.lock");
  const run = (): Promise<string> => locked(path, none, () => Promise.resolve("done"));
  writeFileSync(path, `${thisHost()}-2000000000`);
  assert.equal(await run(), "done");
  writeFileSync(path, "");
  utimesSync(path, new Date(0), new Date(0));
  assert.equal(await run(), "done");
  writeFileSync(path, "ffffffff-1");
  utimesSync(path, new Date(0), new Date(0));
  assert.equal(await run(), "done");
  writeFileSync(path, `${thisHost()}-${process.pid}`);
  const abort = new AbortController();
  const waiting = locked(path, abort.signal, () => Promise.resolve("done"));
  abort.abort();
  await assert.rejects(waiting, Cancelled);
  assert.ok(existsSync(path));
});

test("where no lock can be written, work runs without one", async () => {
  writeFileSync(join(folder, "file"), "");
  assert.equal(await locked(join(folder, "file", "x.lock"), none, () => Promise.resolve("done")), "done");
});
