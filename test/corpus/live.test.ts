import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { cache } from "./alone.ts";
import { cli } from "./corpus.ts";

const kernel = join(cache, "make", "sysroot", "boot", "vmlinuz-6.1.0-56-cloud-amd64");
const initrd = join(cache, "make", "build", "initrd-full.zst");
const folder = mkdtempSync(join(tmpdir(), "vmcore-live-"));
const socket = join(folder, "gdb.sock");
let guest: ChildProcess | undefined;
after(() => {
  guest?.kill();
  rmSync(folder, { recursive: true });
});

/** Boots a guest with a gdbstub, as the corpus's scripts do, and waits until it works. */
async function boot(): Promise<void> {
  const log = join(folder, "console.log");
  guest = spawn(
    "qemu-system-x86_64",
    [
      ...[
        "-accel",
        "tcg",
        "-cpu",
        "max",
        "-m",
        "384",
        "-smp",
        "2",
        "-machine",
        "q35",
        "-display",
        "none",
        "-nodefaults",
      ],
      ...["-serial", `file:${log}`, "-gdb", `unix:${socket},server=on,wait=off`],
      ...["-kernel", kernel, "-initrd", initrd, "-append", "console=ttyS0 labscn=none"],
    ],
    { stdio: "ignore" },
  );
  for (let i = 0; i < 280; i++) {
    if (existsSync(log) && readFileSync(log, "latin1").includes("lab: ready")) return;
    await setTimeout(1000);
  }
  assert.fail("the guest did not start");
}

/** The outputs of commands on the guest, each behind a line with "== ". */
function live(options: readonly string[], commands: readonly string[]): string[] {
  const lines = commands.flatMap((command) => ["-c", "!echo '== '", "-c", command]);
  return cli(...options, "--no-search", `gdb:unix:${socket}`, ...lines)
    .stdout.split(/^== $/m)
    .slice(1);
}

const skip = existsSync(kernel) && existsSync(initrd) ? false : "no guest: run make/install.sh of the corpus";
const seconds = (sys: string): number => {
  const [, hours = 0, minutes = 0, rest = 0] = /UPTIME: (\d\d):(\d\d):(\d\d)/.exec(sys) ?? [];
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(rest);
};

test("a running guest answers over its gdbstub, and after refresh with what changed", { skip }, async () => {
  await boot();
  const [sys = "", ps = "", bt = "", , , later = "", init = ""] = live(
    ["--live"],
    ["sys", "ps", "bt 1", "!sleep 3", "refresh", "sys", "bt 1"],
  );
  assert.match(sys, /RELEASE: 6\.1\.0-56-cloud-amd64/);
  assert.match(ps, /\b1 +0 +\d +[0-9a-f]{16} +\w\w .* init$/m);
  for (const stack of [bt, init]) assert.match(stack, /#\d .*\] schedule at/);
  assert.ok(seconds(later) >= seconds(sys) + 2, `${later} is not later than ${sys}`);
});

test("a guest that is paused does not change until the session ends", { skip }, () => {
  const [before = "", , after = ""] = live([], ["sys", "!sleep 2", "sys"]);
  assert.equal(seconds(after), seconds(before));
  const [next = ""] = live([], ["sys"]);
  assert.ok(seconds(next) >= seconds(before));
});
