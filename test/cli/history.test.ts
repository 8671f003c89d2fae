import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { History, historyPath } from "../../src/cli/history.ts";

const folder = mkdtempSync(join(tmpdir(), "vmcore-history-"));
after(() => rmSync(folder, { recursive: true }));

test("lines are stored for the next session, readable by the user alone, and repeated lines once", () => {
  const path = join(folder, "state", "history");
  const first = new History(path);
  for (const line of ["ps", "bt", "bt", "  ", "log"]) first.add(line);
  assert.equal(readFileSync(path, "utf8"), "ps\nbt\nlog\n");
  assert.equal(statSync(path).mode & 0o077, 0);
  assert.deepEqual(new History(path).newestFirst(), ["log", "bt", "ps"]);
});

test("a history that cannot be stored works until the session ends", () => {
  const history = new History("/dev/null/history");
  history.add("ps");
  assert.deepEqual(history.numbered(), ["[1] ps"]);
});

test("r and ! repeat lines of the history, as in crash", () => {
  const history = new History(join(folder, "none"));
  for (const line of ["ps -k", "bt 1", "log"]) history.add(line);
  const cases: readonly (readonly [string, string])[] = [
    ["r", "log"],
    ["!!", "log"],
    ["r 1", "ps -k"],
    ["!2", "bt 1"],
    ["r b", "bt 1"],
    ["rd 5", "rd 5"],
    ["!ls", "!ls"],
    ["runq", "runq"],
  ];
  for (const [line, expected] of cases) assert.equal(history.recall(line), expected, line);
  for (const line of ["r 9", "!0", "r zzz"])
    assert.throws(() => history.recall(line), /no command in the history matches/, line);
});

test("the history is stored in the XDG directory", () => {
  assert.equal(historyPath({ XDG_STATE_HOME: "/state" }), "/state/vmcore-debug/history");
  assert.equal(historyPath({ XDG_STATE_HOME: "" }), historyPath({}));
  assert.match(historyPath({}), /\.local\/state\/vmcore-debug\/history$/);
});
