import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { internalError } from "../../src/base/sourceStack.ts";

const folder = mkdtempSync(join(tmpdir(), "build-"));
before(() => execFileSync(process.execPath, ["scripts/build.mjs", "--outdir", folder]));
after(() => rmSync(folder, { recursive: true, force: true }));

/** dist/ goes whole into the .vsix and the npm package. */
const PACKED = /^!dist\/\*\*$/m;

test("what is built has the licence of every package in it beside it, and the packed extension takes it along", () => {
  const text = readFileSync(join(folder, "ThirdPartyNotices.txt"), "utf8");
  const { dependencies } = JSON.parse(readFileSync("package.json", "utf8")) as { dependencies: object };
  // Types alone are in no bundle.
  for (const name of Object.keys(dependencies).filter((one) => one !== "@vscode/debugprotocol"))
    assert.match(text, new RegExp(`^${name} \\d[\\w.]* \\([\\w.-]+\\)$`, "m"), name);
  for (const notice of [
    /Copyright \(c\) 2017-2022, Alexandro Sanchez Bach/,
    /Copyright \(c\) 2013, COSEINC/,
    /Copyright \(c\) 2011, Google Inc/,
    /Copyright \(c\) 2017 Google LLC/,
    /Microsoft Corporation/,
  ])
    assert.match(text, notice);
  assert.match(readFileSync(".vscodeignore", "utf8"), PACKED);
  assert.match(readFileSync("sample/README.md", "utf8"), /\*\*Source offer\.\*\*/);
});

test("every bundle has its source map beside it, without the sources, and does not name it", () => {
  for (const bundle of ["cli.js", "adapter.js", "extension.cjs", "server.js", "panels.js"]) {
    const map = JSON.parse(readFileSync(join(folder, `${bundle}.map`), "utf8")) as Record<string, unknown>;
    assert.ok(!("sourcesContent" in map), bundle);
    assert.doesNotMatch(readFileSync(join(folder, bundle), "utf8").slice(-1000), /sourceMappingURL/);
  }
  for (const list of [".vscodeignore", ".npmignore"]) assert.match(readFileSync(list, "utf8"), PACKED);
});

test("a place in the built terminal is told by its file and line of the sources", () => {
  const text = readFileSync(join(folder, "cli.js"), "utf8");
  const sentence = "needs Node.js 22.15 or later";
  const before = text.slice(0, text.indexOf(sentence)).split("\n");
  const error = new Error("oops");
  error.stack = `Error: oops\n    at startAgain (${join(folder, "cli.js")}:${before.length}:${before.at(-1)!.length})`;
  const line = 1 + readFileSync("src/cli/node.ts", "utf8").split("\n").findIndex((one) => one.includes(sentence)); // prettier-ignore
  const { summary } = internalError(error);
  const [, told] = /^oops \(in startAgain, (?:\S+\/)?src\/cli\/node\.ts:(\d+)\)$/.exec(summary) ?? assert.fail(summary);
  // A minified statement is one place.
  assert.ok(Math.abs(Number(told) - line) <= 2, summary);
});
