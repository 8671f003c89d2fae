/** A dump that was cut off: what it cannot say is said to be so, and is no success. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildSync } from "esbuild";

const folder = mkdtempSync(join(tmpdir(), "vmcore-truncated-"));
after(() => rmSync(folder, { recursive: true }));

const program = join(folder, "cli.cjs");
buildSync({ entryPoints: ["src/cli/main.ts"], outfile: program, bundle: true, platform: "node", target: "node22" });

/** The dump that ships, cut off where of some tasks a page is gone, and where the kernel's symbols are, too. */
const sample = readFileSync("sample/vmcore");
const [lacksTasks, lacksKernel] = [14_000_000, 5_000_000].map((size) => {
  const path = join(folder, `vmcore-${size}`);
  writeFileSync(path, sample.subarray(0, size));
  return path;
}) as [string, string];

function cli(dump: string, ...commands: readonly string[]): { status: number | null; out: string; err: string } {
  const argv = [program, dump, "--no-search", "--no-rc", ...commands.flatMap((line) => ["-c", line])];
  const { status, stdout, stderr } = spawnSync(process.execPath, argv, { encoding: "utf8" });
  return { status, out: stdout, err: stderr };
}

test("the size found and the size expected are printed first", () => {
  const { err } = cli(lacksTasks, "eval 1");
  assert.match(
    err,
    /^vmcore-debug: The dump was cut off: its file has 14,000,000 bytes, and should have at least 14,973,521 bytes\./,
  );
});

test("the context shows that the panic task is not known, and set exits with 1", () => {
  const { status, out, err } = cli(lacksTasks, "set");
  assert.equal(status, 1);
  assert.match(out, /COMMAND: "swapper\/0"/);
  assert.match(
    err,
    /\nset: ffff8ef685a322e0: the task that panicked cannot be read: dump file ends before this page\n$/,
  );
});

test("sys prints a fault instead of a missing fact and exits with 1, through a filter too", () => {
  for (const line of ["sys", "sys | grep -v RELEASE"]) {
    const { status, out } = cli(lacksTasks, line);
    assert.equal(status, 1, line);
    assert.match(out, /^ +MEMORY: <[0-9a-f]+: dump file ends before this page>$/m);
    assert.match(out, /^ +PANIC: "Kernel panic - not syncing: Fatal exception"$/m);
  }
});

test("without the log it is not known whether the kernel panicked", () => {
  const { status, out } = cli(lacksKernel, "sys");
  assert.equal(status, 1);
  assert.match(
    out,
    /PANIC: <[0-9a-f]+: it is not known whether the kernel panicked: dump file ends before this page>$/m,
  );
  assert.doesNotMatch(out, /no panic/);
});

test("a value that cannot be read is a fault with its address, and p exits with 1", () => {
  const found = cli(lacksTasks, "p/x &node_data[0]->node_present_pages");
  assert.equal(found.status, 0, found.err);
  const { status, out } = cli(lacksTasks, "p node_data[0]->node_present_pages");
  assert.equal(status, 1);
  assert.match(out, /^\$1 = <[0-9a-f]{16}: dump file ends before this page>$/m);
});

test("a name that is no task is not called a mistake while the list of tasks breaks off", () => {
  const { status, err } = cli(lacksTasks, "ps 4711", "set 4711", "bt 4711");
  assert.equal(status, 1);
  for (const name of ["ps", "set", "bt"])
    assert.match(
      err,
      new RegExp(`^${name}: .*no task 4711 was found, but the list of tasks could not be followed`, "m"),
    );
});

test("without symbols or types each command prints on one line what is missing", () => {
  const { status, err } = cli(lacksKernel, "bt", "ps", "p init_task");
  assert.equal(status, 1);
  for (const name of ["bt", "ps", "p"]) assert.match(err, new RegExp(`^${name}: no symbols: .*give a vmlinux$`, "m"));
});
