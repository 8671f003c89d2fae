/** Started by a Node without zstd in node:zlib, the program goes on with the Node that it brought. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, test } from "node:test";
import { storedDumps } from "./corpus.ts";

/** The oldest-looking way to find one: whatever is called node on PATH and cannot do zstd. */
const oldNode = (process.env["PATH"] ?? "")
  .split(delimiter)
  .map((folder) => join(folder, "node"))
  .find(
    (path) =>
      existsSync(path) &&
      spawnSync(path, ["-p", "'zstdDecompressSync' in zlib"], { encoding: "utf8" }).stdout === "false\n",
  );
const dump = storedDumps.find(({ name }) => name === "x86_64-6.1/sysrq");
const skip = !oldNode ? "no Node older than 22.15 on PATH" : !dump ? "no corpus" : false;
if (skip !== false) console.log(`# SKIPPED: ${skip}`);

const folder = mkdtempSync(join(tmpdir(), "vmcore-old-node-"));
after(() => rmSync(folder, { recursive: true }));

function start(script: string): { status: number | null; stdout: string; stderr: string } {
  return spawnSync(
    oldNode ?? "",
    [script, "--no-rc", "--no-search", dump?.vmcore ?? "", "-c", "log | head -1", "-c", "nosuch"],
    {
      encoding: "utf8",
    },
  );
}

test("an old Node hands over, and the exit status comes back", { skip }, () => {
  const { status, stdout, stderr } = start("dist/cli.js");
  assert.match(stdout, /^\[ +0\.0+\] Linux version 6\.1\./);
  assert.match(stderr, /^vmcore-debug: command not found: nosuch/);
  assert.equal(status, 1);
});

test("with only an old Node the program reports which version it needs", { skip }, () => {
  copyFileSync("dist/cli.js", join(folder, "cli.cjs"));
  const { status, stdout, stderr } = start(join(folder, "cli.cjs"));
  assert.match(stderr, /^vmcore-debug: needs Node\.js 22\.15 or later, this is v\d+/);
  assert.deepEqual({ status, stdout }, { status: 2, stdout: "" });
});
