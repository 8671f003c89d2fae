import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { keepCompiledCode } from "../../src/session/userCache.ts";

const cache = mkdtempSync(join(tmpdir(), "vmcore-code-"));
after(() => rmSync(cache, { recursive: true }));
const env = { XDG_CACHE_HOME: cache };
const all = join(cache, "vmcore-debug", "code");

test("compiled code is kept for the eight programs that were used last", async () => {
  const old = Array.from({ length: 9 }, (_, i) => `old-${i}`);
  for (const [i, name] of old.entries()) {
    mkdirSync(join(all, name), { recursive: true });
    writeFileSync(join(all, name, "file"), "");
    utimesSync(join(all, name), i + 1, i + 1);
  }
  keepCompiledCode(env, "/opt/vmcore-debug-2.1/dist");
  for (let i = 0; i < 200 && existsSync(join(all, "old-1")); i++) await setTimeout(10);
  const [own, ...others] = readdirSync(all).sort();
  assert.match(own ?? "", /^_opt_vmcore-debug-2_1_dist_v\d+_\d+_\d+$/);
  assert.deepEqual(others, ["old-2", "old-3", "old-4", "old-5", "old-6", "old-7", "old-8"]);
  // A use is noted once a day.
  const directory = join(all, own ?? "");
  utimesSync(directory, 1, 1);
  keepCompiledCode(env, "/opt/vmcore-debug-2.1/dist");
  assert.ok(statSync(directory).mtimeMs > Date.now() - 60_000);
});
