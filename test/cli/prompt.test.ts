import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

/** `script` of util-linux runs a program in a terminal. */
const hasTerminal = process.platform === "linux" && spawnSync("script", ["--version"]).status === 0;

test(
  "a pasted text without a line break at its end is kept for the line that the user ends",
  { skip: !hasTerminal },
  async (t) => {
    const home = mkdtempSync(join(tmpdir(), "vmcore-prompt-"));
    t.after(() => rmSync(home, { recursive: true }));
    const command = `${process.execPath} src/cli/main.ts --no-rc --no-search sample/vmcore`;
    const env = { ...process.env, HOME: home, XDG_STATE_HOME: home, CRASHPAGER: "", TERM: "xterm" };
    const terminal = spawn("script", ["-qec", command, "/dev/null"], { env });
    let text = "";
    /** Resolves when the output after the last call matches. */
    const printed = async (pattern: RegExp): Promise<void> => {
      for (let i = 0; !pattern.test(text); i++) {
        assert.ok(i < 600, `${String(pattern)} is not printed: ${text}`);
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
      text = "";
    };
    terminal.stdout.on("data", (bytes: Buffer) => (text += bytes.toString()));
    t.after(() => terminal.kill());
    await printed(/vmcore-debug> /);
    terminal.stdin.write("p 1\rp 40+");
    await printed(/\$1 = 1[^]*vmcore-debug> [^]*p 40\+/);
    terminal.stdin.write("2\r");
    await printed(/\$2 = 42/);
    terminal.stdin.write("q\r");
  },
);
