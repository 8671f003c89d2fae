import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { buildSync } from "esbuild";

const folder = mkdtempSync(join(tmpdir(), "vmcore-distill-"));
after(() => rmSync(folder, { recursive: true }));

// As one file it starts faster than from its sources.
const program = join(folder, "cli.cjs");
buildSync({ entryPoints: ["src/cli/main.ts"], outfile: program, bundle: true, platform: "node", target: "node22" });

/** Runs the verb. @returns its status and what it printed */
function said(...argv: string[]): { readonly status: number | null; readonly text: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, "distill", "--no-search", ...argv], {
    encoding: "utf8",
    env: { ...process.env, HOME: folder },
  });
  return { status, text: stdout + stderr };
}

/** The files that the verb left. */
const made = (): string[] => readdirSync(folder).filter((name) => !/^\.|cli/.test(name));

test("distill names its mistakes", () => {
  assert.deepEqual(said("sample/vmcore"), {
    status: 2,
    text: "vmcore-debug: distill needs -o FILE, the dump to write\n",
  });
  assert.match(said("sample/vmcore", "-o", join(folder, "x"), "--keep", "12..").text, /not a range such as/);
  assert.match(said("sample/vmcore", "-o").text, /-o needs a value/);
  assert.match(said("sample/vmcore", "-o", "sample/vmcore").text, /cannot be overwritten/);
});

test("distill leaves no file behind when it fails, and reports the share of the dump when it is done", () => {
  const { status } = said("package.json", "-o", join(folder, "none"));
  assert.equal(status, 3);
  assert.deepEqual(made(), []);
  const done = said("sample/vmcore", "-o", join(folder, "small"), "--for", "mount; runq");
  assert.equal(done.status, 0, done.text);
  assert.match(done.text, /small: [\d,]+ pages, [\d,]+ bytes, \d\d\.\d % of the dump/);
  assert.deepEqual(made(), ["small"]);
});
