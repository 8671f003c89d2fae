import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { keptFiles, removeKept } from "../../../src/session/fetch/keptFiles.ts";

const cache = mkdtempSync(join(tmpdir(), "vmcore-kept-"));
after(() => rmSync(cache, { recursive: true }));
const env = { XDG_CACHE_HOME: cache };
const id = "ab".repeat(20);

function put(path: string, bytes: number): string {
  const whole = join(cache, path);
  mkdirSync(dirname(whole), { recursive: true });
  writeFileSync(whole, new Uint8Array(bytes));
  return whole;
}

test("what sessions keep is listed by build ID or name with its size, the largest first, and removed but for debuginfod's", () => {
  const old = put(`vmcore-debug/index/${id}.names`, 100);
  utimesSync(old, new Date(0), new Date(86_400_000));
  put(`vmcore-debug/index/${id}.symbols`, 50);
  put("vmcore-debug/remote/hash/0", 1000);
  put("vmcore-debug/remote/hash/7", 24);
  const shared = put(`debuginfod_client/${id}/debuginfo`, 500);
  put("debuginfod_client/cache_clean_interval_s", 3);
  const kept = keptFiles(env);
  assert.deepEqual(
    kept.map(({ kind, name, bytes, paths }) => [kind, name, bytes, paths.length]),
    [
      ["remote", "hash", 1024, 1],
      ["debuginfo", id, 500, 1],
      ["index", id, 150, 2],
    ],
  );
  assert.ok((kept[2]?.used ?? 0) > Date.now() - 60_000, "the last use of any file counts");
  assert.deepEqual(removeKept(kept).map(({ kind }) => kind), ["remote", "index"]); // prettier-ignore
  assert.deepEqual([existsSync(old), existsSync(shared)], [false, true]);
  assert.deepEqual(keptFiles({ XDG_CACHE_HOME: join(cache, "none") }), []);
});
