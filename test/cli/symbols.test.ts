import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const cache = mkdtempSync(join(tmpdir(), "vmcore-symbols-"));
after(() => rmSync(cache, { recursive: true }));
mkdirSync(join(cache, "vmcore-debug", "index"), { recursive: true });
for (const digit of ["a", "b"])
  writeFileSync(join(cache, "vmcore-debug", "index", `${digit.repeat(40)}.names`), new Uint8Array(1 << 20));

function symbols(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
  const env = { ...process.env, XDG_CACHE_HOME: cache };
  const argv = ["--disable-warning=ExperimentalWarning", "src/cli/main.ts", "symbols", ...args];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8", env });
  return { status, stdout: stdout.replace(/^code .*\n/m, ""), stderr };
}

test("symbols lists what is kept, and removes what is named by its beginning or by age", () => {
  assert.match(symbols().stdout, /^KIND +SIZE +USED +NAME\n(?:index +1\.0 MiB +\d{4}-\d\d-\d\d +(?:a{40}|b{40})\n){2}/);
  const kept = JSON.parse(symbols("--json").stdout) as { kind: string }[];
  assert.equal(kept.filter(({ kind }) => kind === "index").length, 2);
  const removed = symbols("remove", "aaaa");
  assert.deepEqual([removed.status, removed.stdout], [0, "Removed 1 of 1, 1.0 MiB.\n"]);
  assert.equal(symbols("remove", "--older", "1").stdout, "Removed 0 of 0, 0.0 MiB.\n");
  for (const [args, message] of [
    [["remove"], /name files, or give --older DAYS or --all/],
    [["remove", "cccc"], /nothing of that name is kept: cccc/],
    [["remove", "bbb"], /nothing of that name is kept: bbb/],
    [["remove", "--older", "soon"], /--older soon is not a number of days/],
    [["show"], /unknown action "show"/],
    [["--all"], /--all is an option of "symbols remove"/],
    [["--older", "3"], /--older is an option of "symbols remove"/],
    [["remove", "bbbb", "--json"], /--json is an option of the list/],
    [["--nothing"], /Unknown option/],
  ] as const) {
    const wrong = symbols(...args);
    assert.equal(wrong.status, 2);
    assert.match(wrong.stderr, message);
  }
});

test("symbols remove says where shared debuginfo is, instead of that there is none", () => {
  const buildId = "c".repeat(40);
  mkdirSync(join(cache, "debuginfod_client", buildId), { recursive: true });
  writeFileSync(join(cache, "debuginfod_client", buildId, "debuginfo"), "x");
  const { status, stderr } = symbols("remove", buildId);
  assert.equal(status, 2);
  assert.match(stderr, /c{40} is in debuginfod's cache, which other debuggers share: delete \S+debuginfod_client/);
});
