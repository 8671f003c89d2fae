import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync, truncateSync, utimesSync, writeFileSync } from "node:fs"; // prettier-ignore
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { indexDirectory, readIndex, writeIndex } from "../../../src/session/open/indexCache.ts";

const buildId = "0123456789abcdef0123456789abcdef01234567";
const contents = Uint8Array.from({ length: 5000 }, (_, i) => i);

function directory(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), "vmcore-index-"));
  t.after(() => rmSync(path, { recursive: true }));
  return join(path, "index");
}

test("a stored index is read again, and only by its owner", (t) => {
  const at = directory(t);
  assert.equal(readIndex(at, buildId, "names"), undefined);
  writeIndex(at, buildId, "names", contents);
  assert.deepEqual(Buffer.from(readIndex(at, buildId, "names")!), Buffer.from(contents));
  assert.deepEqual(readdirSync(at), [`${buildId}.names`]);
  assert.equal(statSync(join(at, `${buildId}.names`)).mode & 0o077, 0);
});

test("an index that is damaged, truncated or of another build is ignored and written again", (t) => {
  const at = directory(t);
  const path = join(at, `${buildId}.names`);
  const other = "ff".repeat(20);
  const damages: (() => void)[] = [
    ...[0, 4, 8, 12, 20, 40, 80, 96, 3000].map((offset) => () => {
      const bytes = readFileSync(path);
      bytes[offset]! ^= 1;
      writeFileSync(path, bytes);
    }),
    () => truncateSync(path, 50),
    () => truncateSync(path, 1000),
    () => writeFileSync(path, ""),
    () => writeFileSync(path, "somebody else's"),
    () => {
      writeIndex(at, other, "names", contents);
      renameSync(join(at, `${other}.names`), path);
    },
  ];
  for (const [i, damage] of damages.entries()) {
    writeIndex(at, buildId, "names", contents);
    assert.ok(readIndex(at, buildId, "names"), `${i}`);
    damage();
    assert.equal(readIndex(at, buildId, "names"), undefined, `${i}`);
  }
});

test("the least recently used indexes are removed if there are too many, and so are unfinished ones", (t) => {
  const at = directory(t);
  mkdirSync(at);
  const file = (name: string, size: number, hoursAgo: number): void => {
    writeFileSync(join(at, name), "");
    truncateSync(join(at, name), size);
    const time = Date.now() / 1000 - hoursAgo * 3600;
    utimesSync(join(at, name), time, time);
  };
  file("aa.names", 200 << 20, 3);
  file("bb.names", 200 << 20, 2);
  file("cc.names", 200 << 20, 1);
  file(`dd.names.${randomUUID()}.part`, 10, 5);
  const young = `ee.names.${randomUUID()}.part`;
  file(young, 10, 0);
  file("notes.txt", 10, 9);
  writeIndex(at, buildId, "names", contents);
  assert.deepEqual(readdirSync(at).sort(), [`${buildId}.names`, "bb.names", "cc.names", young, "notes.txt"]);
});

test("without a writable directory or a valid build ID no index is stored, and no error is reported", (t) => {
  const at = directory(t);
  writeFileSync(at, "a file");
  writeIndex(at, buildId, "names", contents);
  assert.equal(readIndex(at, buildId, "names"), undefined);
  writeIndex(`${at}2`, "../../evil", "names", contents);
  assert.equal(existsSync(`${at}2`), false);
  assert.equal(readIndex(at, "../../evil", "names"), undefined);
  if (process.getuid?.() === 0) return; // root writes anywhere
  mkdirSync(`${at}3`);
  chmodSync(`${at}3`, 0o500);
  writeIndex(`${at}3`, buildId, "names", contents);
  assert.deepEqual(readdirSync(`${at}3`), []);
});

test("indexes are stored in the XDG cache directory", () => {
  assert.equal(indexDirectory({ XDG_CACHE_HOME: "/x" }), "/x/vmcore-debug/index");
  assert.match(indexDirectory({}), /\/\.cache\/vmcore-debug\/index$/);
});
