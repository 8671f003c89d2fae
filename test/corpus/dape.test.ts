/** A client that nobody here wrote: Emacs 30 with dape connects, stops, lists threads and frames, evaluates. */
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { once } from "node:events";
import { join } from "node:path";
import { test } from "node:test";
import { alone } from "./alone.ts";

/** The tree with Emacs in it; undefined where it cannot be made (no root, no Debian). */
function emacsTree(): string | undefined {
  if (process.getuid?.() !== 0) return undefined;
  try {
    return alone(() => execFileSync("test/corpus/dape/install.sh", { encoding: "utf8", timeout: 900_000 })).trim();
  } catch {
    return undefined;
  }
}

const tree = emacsTree();

test("Emacs with dape opens the sample", { skip: tree ? false : "no Emacs: needs root and debootstrap" }, async () => {
  if (!tree) return;
  const inside = mkdtempSync(join(tree, "tmp/session-"));
  copyFileSync("test/corpus/dape/session.el", join(inside, "session.el"));
  const adapter = spawn(process.execPath, ["dist/cli.js", "dap", "--listen", "0"], {
    stdio: ["ignore", "ignore", "pipe"],
  });
  try {
    const [banner] = (await once(adapter.stderr, "data")) as [Buffer];
    const port = /:(\d+)/.exec(banner.toString())?.[1] ?? "";
    const session = join(inside.slice(tree.length), "session.el");
    const vmcore = join(process.cwd(), "sample/vmcore");
    const emacs = spawn("chroot", [tree, "emacs", "--batch", "-l", session, port, vmcore], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [out, errors] = ["", ""];
    emacs.stdout.on("data", (data: Buffer) => (out += data.toString()));
    emacs.stderr.on("data", (data: Buffer) => (errors += data.toString()));
    const [code] = (await once(emacs, "close")) as [number];
    assert.equal(code, 0, errors);
    const answer = JSON.parse(out) as {
      threads: number;
      thread: string;
      frames: string[];
      answers: Record<string, string>;
    };
    assert.equal(answer.threads, 98);
    assert.equal(answer.thread, "insmod [169] cpu 0 >");
    assert.ok(answer.frames.includes("lab_apply+0x2f"), answer.frames.join(", "));
    assert.match(answer.answers["bt"] ?? "", /PID: 169/);
    assert.equal(answer.answers["init_task.comm"], '"swapper/0"');
    assert.match(answer.answers["nosuch"] ?? "", /no symbol nosuch/);
  } finally {
    adapter.kill();
    rmSync(inside, { recursive: true, force: true });
  }
});
