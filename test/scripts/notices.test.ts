import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

test("what is built has the licence of every package in it beside it, and the packed extension takes it along", () => {
  const folder = mkdtempSync(join(tmpdir(), "notices-"));
  try {
    execFileSync(process.execPath, ["scripts/build.mjs", "--outdir", folder]);
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
      /Tim Perry, Steve Sanderson/,
    ])
      assert.match(text, notice);
    // dist/ goes whole into the .vsix.
    assert.match(readFileSync(".vscodeignore", "utf8"), /^!dist\/\*\*$/m);
    assert.match(readFileSync("sample/README.md", "utf8"), /\*\*Source offer\.\*\*/);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
