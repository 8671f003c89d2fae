import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { after, test } from "node:test";
import { removeLeftovers } from "../../../src/session/fetch/leftovers.ts";
import { ownPart } from "../../../src/session/fetch/partFile.ts";

const home = mkdtempSync(join(tmpdir(), "parts-"));
after(() => rmSync(home, { recursive: true }));

test("the next start removes the partial files of a killed process, but not those of a running one", () => {
  const folder = join(home, "vmcore-debug", "source");
  mkdirSync(folder, { recursive: true });
  const dead = spawnSync(process.execPath, ["-e", ""]).pid;
  const own = ownPart(join(folder, "vmcore-debug"));
  const foreign = join(folder, `vmcore-debug.00000000-${dead}.${randomUUID()}.part`);
  const files = {
    killed: own.replace(`-${process.pid}.`, `-${dead}.`),
    living: own,
    // Of another machine that shares the cache no process can be looked for: only age tells.
    foreign,
    foreignOld: join(folder, `vmcore-debug.00000000-${dead}.${randomUUID()}.part`),
    continued: join(folder, "debuginfo.part"),
  };
  for (const path of Object.values(files)) writeFileSync(path, "half");
  const hourAgo = new Date(Date.now() - 3_600_000);
  utimesSync(files.foreignOld, hourAgo, hourAgo);
  removeLeftovers({ XDG_CACHE_HOME: home });
  const kept = [files.living, files.foreign, files.continued].map((path) => basename(path)).sort();
  assert.deepEqual(readdirSync(folder).sort(), kept);
});

test("a cache that is not there is no error", () => {
  removeLeftovers({ XDG_CACHE_HOME: join(home, "nowhere") });
});
