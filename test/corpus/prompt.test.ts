/** The prompt on a real terminal, which script(1) lends us: completion, Ctrl-C, the pager, history. */
import assert from "node:assert/strict";
import { type ChildProcessWithoutNullStreams, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

const skip = spawnSync("script", ["--version"]).status === 0 ? false : "no script(1) of util-linux";
if (skip !== false) console.log(`# SKIPPED: ${skip}`);

const home = mkdtempSync(join(tmpdir(), "vmcore-prompt-"));
after(() => rmSync(home, { recursive: true }));

/** A terminal with our program in it. */
class Typist {
  private readonly child: ChildProcessWithoutNullStreams;
  private screen = "";
  readonly exited: Promise<number | null>;

  constructor() {
    const line = "stty rows 24 cols 80; exec node_modules/.bin/node dist/cli.js --no-rc --no-search -s sample/vmcore";
    const env = { ...process.env, HOME: home, XDG_STATE_HOME: home, TERM: "xterm", PAGER: "sed s/^/paged:/" };
    this.child = spawn("script", ["-qefc", line, "/dev/null"], { env });
    this.child.stdout.on("data", (bytes: Buffer) => (this.screen += bytes.toString()));
    this.exited = new Promise((resolve) => this.child.once("exit", resolve));
  }

  leave(): void {
    this.child.kill();
  }

  type(keys: string): void {
    this.child.stdin.write(keys);
  }

  /** Waits until the screen shows it, and starts afresh after it. */
  async sees(pattern: RegExp): Promise<string> {
    const end = Date.now() + 10_000;
    for (let match = pattern.exec(this.screen); Date.now() < end; match = pattern.exec(this.screen)) {
      if (match) {
        const before = this.screen.slice(0, match.index + match[0].length);
        this.screen = this.screen.slice(match.index + match[0].length);
        return before;
      }
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    return assert.fail(`${String(pattern)} is not in ${JSON.stringify(this.screen)}`);
  }
}

const PROMPT = /vmcore-debug> \u001b\[15G$/;

test("a person at the prompt", { skip, timeout: 60_000 }, async (t) => {
  const typist = new Typist();
  t.after(() => typist.leave());
  await typist.sees(PROMPT);

  typist.type("p jif\t");
  await typist.sees(/jiffies/);
  typist.type("\r");
  await typist.sees(/jiffies = .*\$1.* = \d+\r\n/);
  await typist.sees(PROMPT);

  // Lines typed ahead wait for their turn.
  typist.type("p 2\rp 3\r");
  await typist.sees(/\$2 = 2\r\n\$3 = 3\r\n/);
  await typist.sees(PROMPT);

  // A line is given up by Ctrl-C, and so is a command: the prompt stays.
  typist.type("nonsense\u0003");
  await typist.sees(/\^C\r\n/);
  await typist.sees(PROMPT);
  typist.type("foreach task | wc -l\r");
  await typist.sees(/wc -l\s+/);
  typist.type("\u0003");
  assert.doesNotMatch(await typist.sees(PROMPT), /\d\r\n/);

  // Long output is paged, short output is not.
  typist.type("log\r");
  await typist.sees(/paged:.*Linux version/);
  await typist.sees(PROMPT);
  typist.type("log | tail -2\r");
  assert.doesNotMatch(await typist.sees(PROMPT), /paged:/);

  typist.type("r p 3\r");
  await typist.sees(/p 3\r\n\$4 = 3\r\n/);
  await typist.sees(PROMPT);
  typist.type("exit\r");
  assert.equal(await typist.exited, 0);
  assert.match(readFileSync(join(home, "vmcore-debug", "history"), "utf8"), /^p jiffies\np 2\np 3\n/);
});
