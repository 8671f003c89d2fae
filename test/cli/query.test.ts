import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { test } from "node:test";

const query = (sql: string, ...more: readonly string[]) =>
  spawnSync(process.execPath, ["src/cli/main.ts", "query", sql, "--no-search", "sample/vmcore", ...more], {
    encoding: "utf8",
  });

const records = (sql: string): readonly Record<string, unknown>[] =>
  (JSON.parse(query(sql, "--json").stdout) as { records: readonly Record<string, unknown>[] }).records;

test("a table is filled when the query names it", () => {
  assert.deepEqual(records("select pid, comm from tasks where state = 'UN'"), [{ pid: 145, comm: "vforker" }]);
});

test("tables join by the address of the task", () => {
  assert.deepEqual(
    records(
      "select f.function from tasks t join frames f using (task) where t.comm = 'insmod' and f.module is not null order by f.position",
    ),
    [{ function: "lab_apply" }, { function: "hello_init" }],
  );
});

test("a list is JSON, and SQLite takes it apart", () => {
  assert.deepEqual(records("select json_extract(holders, '$[0].pid') pid from locks where kind = 'task exit'"), [
    { pid: 150 },
  ]);
});

test("columns are aligned for people", () => {
  assert.equal(query("select 'a' x, 10 n union select 'bcd', 5 order by n").stdout, "x     n\nbcd   5\na    10\n");
});

test("a wrong query says what is wrong", () => {
  const said = (sql: string): string => query(sql).stderr.trim();
  assert.equal(said("select nme from tasks"), "vmcore-debug: query: no such column: nme");
  assert.match(said("select 1 from nosuch"), /^vmcore-debug: query: no such table: nosuch; there are tasks, frames, /);
  assert.match(said("select 1 +"), /^vmcore-debug: query: incomplete input$/);
  assert.match(
    said("select 1; drop table tasks"),
    /^vmcore-debug: query: one statement is run; more follows: drop table tasks$/,
  );
  assert.match(
    said("select 1 a, 2 a"),
    /^vmcore-debug: query: two columns of the result are named a: give one another name/,
  );
  for (const sql of ["attach '/tmp/x' as y", "create table t (a)", "pragma user_version", "vacuum into '/tmp/x'"])
    assert.equal(query(sql).status, 2, sql);
});

test("characters that move the cursor are shown, not printed", () => {
  const { stdout } = query("select 'a' || char(9) || char(27) || '[31m' x");
  assert.equal(stdout, "x\na\\t^[[31m\n");
});

test("a statement that takes too long ends with the reason", () => {
  const endless = "with recursive t(n) as (select 1 union all select n + 1 from t) select max(n) from t";
  const { stderr, signal } = query(endless, "--time-limit", "1");
  assert.equal(signal, "SIGTERM");
  assert.match(stderr, /^vmcore-debug: query: no answer within 1 s; --time-limit SECONDS allows more$/m);
  assert.match(query("select 1", "--time-limit", "soon").stderr, /--time-limit soon: not a number of seconds/);
});

test("a value that could not be read is in the exit status", () => {
  const { status, stderr } = query("select count(*) from slab_caches");
  assert.equal(status, /could not be read|vmcore-debug: slab_caches/.test(stderr) ? 1 : 0, stderr);
});
