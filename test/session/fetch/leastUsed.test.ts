import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { removeLeastUsed } from "../../../src/session/fetch/leastUsed.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-used-"));
after(() => rmSync(folder, { recursive: true }));

test("beyond the limit the least recently used ones are removed; the last used one stays however large it is", () => {
  const stored = ["a", "b", "c"].map((name, i) => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "debuginfo"), name);
    return { path: join(folder, name), bytes: 10, used: i };
  });
  const left = (): string[] => stored.map(({ path }) => path).filter((path) => existsSync(path));
  removeLeastUsed(stored, 30);
  assert.equal(left().length, 3);
  removeLeastUsed(stored, 20);
  assert.deepEqual(left(), [join(folder, "b"), join(folder, "c")]);
  removeLeastUsed(stored, 5);
  assert.deepEqual(left(), [join(folder, "c")]);
});
