// The suite in host/ inside a real extension host: in VS Code desktop, or, where VSCODE_EXECUTABLE names the shim of
// workbench/, in code-server. There is no silent fallback: what cannot run fails. VSCODE_VERSION is the version of VS
// Code to fetch: oldest (of engines.vscode), stable, or a number.
import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { test } from "node:test";
import { runTests } from "@vscode/test-electron";
import { build } from "esbuild";

test("the suite in the extension host", { timeout: 300_000 }, async (t) => {
  const work = mkdtempSync(join(tmpdir(), "host-tests-"));
  const bundle = resolve(".cache/host-tests");
  try {
    mkdirSync(bundle, { recursive: true });
    await build({
      entryPoints: ["test/e2e/host/index.ts"],
      outfile: join(bundle, "index.cjs"),
      bundle: true,
      platform: "node",
      format: "cjs",
      external: ["vscode", "mocha"],
      logLevel: "warning",
    });
    const folder = join(work, "workspace");
    cpSync("sample", folder, { recursive: true });
    const report = join(work, "report.json");
    const { VSCODE_EXECUTABLE, VSCODE_VERSION } = process.env;
    const { engines } = JSON.parse(readFileSync("package.json", "utf8"));
    const version = VSCODE_VERSION === "oldest" ? engines.vscode.replace("^", "") : VSCODE_VERSION;
    let failure;
    try {
      await runTests({
        ...(version ? { version } : {}),
        ...(VSCODE_EXECUTABLE ? { vscodeExecutablePath: resolve(VSCODE_EXECUTABLE) } : {}),
        extensionDevelopmentPath: resolve("."),
        extensionTestsPath: join(bundle, "index.cjs"),
        extensionTestsEnv: { HOST_TEST_REPORT: report },
        launchArgs: [folder, "--disable-extensions", "--disable-workspace-trust", "--skip-welcome"],
      });
    } catch (error) {
      failure = error;
    }
    const results = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")) : [];
    for (const { title, error } of results) await t.test(title, () => assert.ok(!error, error));
    assert.ok(results.length > 0, `no test ran: ${String(failure)}`);
    assert.equal(failure, undefined);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
});
