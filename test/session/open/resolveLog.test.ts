import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { KernelLog } from "../../../src/log/kernelLog.ts";
import { resolveLog } from "../../../src/session/open/resolveLog.ts";
import { CODE } from "../../builders/dwarf.ts";
import { debugInfoImage } from "../../builders/debugInfo.ts";
import { GLOBAL_FUNCTION } from "../../builders/elf.ts";

let folder = "";
let vmlinux = "";
before(() => {
  folder = mkdtempSync(join(tmpdir(), "vmcore-resolve-"));
  vmlinux = join(folder, "vmlinux");
  const symbols = [
    { name: "_text", value: CODE, size: 0 },
    { name: "outer", value: CODE, size: 0x30, info: GLOBAL_FUNCTION },
    { name: "second", value: CODE + 0x30n, size: 0x30, info: GLOBAL_FUNCTION },
    { name: "_end", value: CODE + 0x1000n, size: 0 },
  ];
  writeFileSync(vmlinux, debugInfoImage({ version: 5 }, { symbols }));
});
after(() => rmSync(folder, { recursive: true }));

const resolved = (...lines: string[]) => resolveLog(KernelLog.of(lines), lines, vmlinux);

test("entries get their lines of source, with the functions that were inlined; other lines stay", () => {
  const { lines, unresolved } = resolved(
    "[    1.000000] usb 1-1: new device",
    "[    1.000000] Call Trace:",
    "[    1.000000]  outer+0x10/0x30",
    "[    1.000000]  absent+0x1/0x2",
  );
  assert.equal(lines[0], "[    1.000000] usb 1-1: new device");
  assert.match(lines[2] ?? "", /^\[ {4}1\.000000\] {2}outer\+0x10\/0x30 \(\S+:\d+/);
  assert.equal(lines[3], "[    1.000000]  absent+0x1/0x2");
  assert.equal(unresolved, undefined);
});

test("addresses are resolved by the kernel's offset; without it the reason is reported", () => {
  const address = (CODE + 0x1000n + 0x10n).toString(16).padStart(16, "0");
  const entry = `[    1.000000]  [<${address}>]`;
  const offset = `[    1.000000] Kernel Offset: 0x1000 from 0x${CODE.toString(16)}`;
  assert.match(resolved("[    1.000000] Call Trace:", entry, offset).lines[1] ?? "", /\(\S+:\d+/);
  const { unresolved } = resolved("[    1.000000] Call Trace:", entry);
  assert.match(unresolved ?? "", /1 addresses? ha(?:s|ve) no name.*Kernel Offset/);
});

test("with the kernel's debuginfo the guilty function has its source line, in the terminal and in JSON", () => {
  const log =
    "[    1.000000] BUG: kernel NULL pointer dereference, address: 0000000000000000\n[    1.000000] RIP: 0010:outer+0x10/0x30\n";
  const run = (...options: string[]): string =>
    spawnSync(process.execPath, ["--disable-warning=ExperimentalWarning", "src/cli/main.ts", "log", ...options, "-"], {
      input: log,
      encoding: "utf8",
    }).stdout;
  const [, where] = /^ +Where {2}(.*)$/m.exec(run("--vmlinux", vmlinux)) ?? [];
  assert.match(where ?? "", /^outer\+0x10 \(\S+:\d+\)$/);
  const { reports } = JSON.parse(run("--json", "--resolve", vmlinux)) as {
    reports: { where: { source: { file: string; line: number } }; facts: { key: string; text: string }[] }[];
  };
  const [report] = reports;
  const { file, line } = report?.where.source ?? {};
  assert.equal(where, `outer+0x10 (${file}:${line})`);
  assert.equal(report?.facts.find(({ key }) => key === "where")?.text, where);
});
