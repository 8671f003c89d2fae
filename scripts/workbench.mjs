// Starts the browser workbench with the packaged extension and the sample's folder open, and prints its address.
// Ends with Ctrl-C. Options: --port N, --folder DIR.
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({ options: { port: { type: "string" }, folder: { type: "string" } } });
const installed = spawnSync("test/e2e/workbench/install.sh", { stdio: ["ignore", "pipe", "inherit"] });
if (installed.status !== 0) process.exit(installed.status ?? 1);
const { name, version } = JSON.parse(readFileSync("package.json", "utf8"));
const vsix = resolve(`${name}-${version}.vsix`);
if (!existsSync(vsix)) {
  console.error(`${vsix} is missing: run npm run package first`);
  process.exit(1);
}
const { startServer } = await import("../test/e2e/workbench/workbench.mjs");

// A copy: what a person tries out must not end up in the repository.
const folder = values.folder === undefined ? mkdtempSync(join(tmpdir(), "crash-")) : resolve(values.folder);
if (values.folder === undefined) cpSync("sample", folder, { recursive: true });
const server = await startServer({ vsix: [vsix], port: Number(values.port ?? 0) });
console.log(`\n  ${server.url({ folder, openFile: join(folder, "vmcore") })}\n`);
console.log('Press F5, or run "Vmcore Debug: Open Crash Dump…" from the palette. Ctrl-C ends the workbench.');
async function stop() {
  await server.stop();
  if (values.folder === undefined) rmSync(folder, { recursive: true, force: true });
  process.exit(0);
}
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void stop());
}
