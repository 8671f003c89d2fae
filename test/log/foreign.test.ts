/** Logs in the forms of tools that write a kernel's messages again: journals, containers, mails, pages of the web. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { factsOf } from "../../src/log/facts.ts";
import { KernelLog } from "../../src/log/kernelLog.ts";
import { columnOf, lineOf, splitLines } from "../../src/log/lines.ts";

const OOPS = `BUG: kernel NULL pointer dereference, address: 0000000000000018
#PF: supervisor read access in kernel mode
#PF: error_code(0x0000) - not-present page
Oops: 0000 [#1] PREEMPT SMP NOPTI
CPU: 2 PID: 911 Comm: lab-worker Tainted: G           O       6.1.0-18-amd64 #1  Debian 6.1.76-1
Hardware name: QEMU Standard PC (Q35 + ICH9, 2009), BIOS 1.16.2-debian-1.16.2-1 04/01/2014
RIP: 0010:lab_probe+0x1c/0x40 [lab]
Code: 00 00 90 90 90 90 f3 0f 1e fa 0f 1f 44 00 00 48 8b 07 <48> 8b 40 18 c3 cc cc cc cc
RSP: 0018:ffffa2a400a3bd90 EFLAGS: 00010246
RAX: 0000000000000000 RBX: ffff8e1e43243330 RCX: 0000000000000101
CR2: 0000000000000018 CR3: 0000000002c5a000 CR4: 0000000000750ee0
Call Trace:
 <TASK>
 ? __die_body.cold+0x1a/0x1f
 lab_open+0x24/0x80 [lab]
 chrdev_open+0xc4/0x230
 entry_SYSCALL_64_after_hwframe+0x6e/0xd8
 </TASK>
Modules linked in: lab(O) nls_ascii vfat
---[ end trace 0000000000000000 ]---`.split("\n");

/** The facts of the only report, as text. */
function told(lines: readonly string[]): unknown {
  const log = KernelLog.of(splitLines(lines.join("\n")));
  assert.equal(log.reports.length, 1);
  const { title, traces, comm, pid, cpu, release, access, site, hardware, modules } = factsOf(log, log.reports[0]!);
  const names = traces.map(({ entries }) => entries.map(({ name }) => name));
  const registers = site?.registers.map(({ name, value }) => `${name} ${String(value)}`);
  const address = access.address;
  return { title, names, comm, pid, cpu, release, address, code: site?.code?.text, registers, hardware, modules };
}

const stamp = "[  104.123456] ";
const stamped = (line: string): string => stamp + line;
const json = (line: string): string => JSON.stringify(line);

/** Forms by the tool that writes them. */
const FORMS: Readonly<Record<string, (line: string, i: number) => string>> = {
  "journalctl in French": (line) => `nov. 30 17:03:12 host kernel: ${line}`,
  "journalctl in German": (line) => `Mär 30 17:03:12 host kernel: ${line}`,
  "journalctl in Japanese": (line) => `11月 30 17:03:12 host kernel: ${line}`,
  "dmesg -T in French": (line) => `[lun. nov. 30 17:03:12 2026] ${line}`,
  "dmesg -T in German": (line) => `[Mo Nov 30 17:03:12 2026] ${line}`,
  "journalctl -o json": (line) => `{"PRIORITY":"4","SYSLOG_IDENTIFIER":"kernel","MESSAGE":${json(line)},"_UID":"0"}`,
  "docker's json-file": (line) =>
    `{"log":${json(`${stamped(line)}\n`)},"stream":"stdout","time":"2026-11-30T17:03:12Z"}`,
  fluentd: (line) => `2026-11-30 17:03:12 +0000 kern: {"host":"h","message":${json(stamped(line))}}`,
  "dmesg --json": (line) =>
    `      {\n         "pri": 4,\n         "time": 104.123456,\n         "msg": ${json(line)}\n      },`,
  "logcat -v brief": (line) => `W/kernel  (    0): ${line}`,
  "logcat -v tag": (line) => `W/kernel: ${line}`,
  "logcat -v time": (line) => `11-30 17:03:12.345 W/kernel  (    0): ${line}`,
  HiSilicon: (line) => `<6>${stamp}[pid:911,cpu2,lab-worker]${line}`,
  "docker compose logs": (line) => `node-1  | ${line}`,
  "cat -n": (line, i) => `${String(i + 1).padStart(6)}\t${line}`,
  "a table": (line) => `| ${stamped(line)} |`,
  "cat -v": (line) => `^[[32m${stamp}^[[0m^[[33m${line}^[[0m`,
  "colours without their escape": (line) => `[32m${stamp}[0m[1;31m${line}[0m`,
  HTML: (line) => stamped(line).replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;"),
  "no-break spaces": (line) => stamped(line).replaceAll(" ", "\u00a0"),
};

for (const [name, form] of Object.entries(FORMS)) {
  test(`the form of ${name} is read as the kernel's own`, () => assert.deepEqual(told(OOPS.map(form)), told(OOPS)));
}

test("code bytes that a mail wraps are joined", () => {
  const wrapped = OOPS.flatMap((line) => (line.startsWith("Code:") ? [line.slice(0, 50), line.slice(51)] : [line]));
  assert.deepEqual(told(wrapped), told(OOPS));
});

test("a column of a rewritten line is that of the original line", () => {
  for (const form of ["docker's json-file", "HTML", "cat -v"]) {
    const given = FORMS[form]!("Code: 00 <48> 8b", 0);
    const line = lineOf(given);
    assert.equal(line.text, "Code: 00 <48> 8b");
    assert.equal(given.slice(columnOf(line, 10)).replace("&gt;", ">").startsWith("48"), true, form);
  }
});

test("text in quotes that is no record of JSON is the kernel's", () => {
  const given = 'lab: firmware says "msg": "hello"';
  assert.equal(lineOf(given).text, given);
});
