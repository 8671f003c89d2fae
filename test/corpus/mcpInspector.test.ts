/** The command line of the MCP inspector, a client that others wrote, on every tool of the server. */
import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { alone, cache } from "./alone.ts";

/** MIT; 242 packages, so that it is not among ours. */
const INSPECTOR = "@modelcontextprotocol/inspector@2.12.0";
const folder = join(cache, "inspector-2.12.0");
const program = join(folder, "node_modules/.bin/mcp-inspector");

/** Installs the inspector unless it is there. @returns whether it is */
function isInstalled(): boolean {
  return alone(() => {
    if (existsSync(program)) return true;
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "package.json"), "{}\n");
    const options = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error", INSPECTOR];
    return spawnSync("npm", options, { cwd: folder, stdio: "inherit", timeout: 300_000 }).status === 0;
  });
}

const SERVER = [process.execPath, "dist/cli.js", "mcp", "--no-search", "sample/vmcore"];

function inspect(...argv: readonly string[]): unknown {
  return JSON.parse(execFileSync(program, ["--cli", ...SERVER, ...argv], { encoding: "utf8", timeout: 120_000 }));
}

/** Arguments of one call of each tool, and what its text says. */
const CALLS: Readonly<Record<string, { readonly given?: readonly string[]; readonly says: RegExp }>> = {
  open_dump: { says: /1 open/ },
  verdict: { says: /NULL pointer dereference in lab_apply/ },
  stack: { says: /lab_apply .*<- page fault/ },
  tasks: { given: ["running=true"], says: /insmod/ },
  waits: { says: /waiting task/ },
  log: { given: ["crash=true"], says: /BUG: kernel NULL pointer dereference/ },
  evaluate: { given: ["expression=init_task.pid"], says: /= 0x0/ },
  describe_address: { given: ["address=panic"], says: /is panic/ },
  find: { given: ["symbol=lab_apply"], says: /lab_apply/ },
  disassemble: { given: ["at=lab_apply"], says: /<lab_apply>/ },
  run: { given: ["command=sys"], says: /RELEASE: 6\.1/ },
  check: { given: ['value={"expression":"init_task.pid","equals":"0"}'], says: /^true/ },
};

test("the inspector lists the tools and calls each", async (context) => {
  if (!isInstalled()) return context.skip("NOT RUN: the inspector cannot be installed");
  const { tools } = inspect("--method", "tools/list") as { readonly tools: readonly { readonly name: string }[] };
  assert.deepEqual(tools.map(({ name }) => name).sort(), Object.keys(CALLS).sort());
  for (const [name, { given = [], says }] of Object.entries(CALLS))
    await context.test(name, () => {
      const args = given.flatMap((one) => ["--tool-arg", one]);
      const { content, isError } = inspect("--method", "tools/call", "--tool-name", name, ...args) as {
        readonly content: readonly { readonly text: string }[];
        readonly isError?: boolean;
      };
      assert.notEqual(isError, true);
      assert.match(content[0]?.text ?? "", says);
    });
});
