/** The verdict on real dumps: what it says of each, and that each piece of evidence can be printed by its command. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { drive } from "../../src/base/job.ts";
import { analyze, type Verdict } from "../../src/insight/analyze.ts";
import { commandOf } from "../../src/insight/evidence.ts";
import { openSession, type Session } from "../../src/session/open/open.ts";
import { lineText } from "../../src/say/piece.ts";
import { pieces } from "../builders/transcript.ts";
import { type CorpusDump, made, moduleFolders, storedDumps, vmlinuxOf } from "./corpus.ts";

interface Known {
  readonly title: string;
  readonly mechanism: string;
  readonly guilty?: string;
  /** Findings that it must have, by id, with slots that they must have. */
  readonly findings?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  /** The same that only debuginfo tells. */
  readonly withDebuginfo?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const SYSRQ: Known = {
  title: "SysRq: Trigger a crash",
  mechanism: "sysrq",
  findings: { "crash.deliberate": { by: "sysrq", pid: 1 } },
};

const known: Readonly<Record<string, Known>> = {
  sample: {
    title: "BUG: unable to handle kernel NULL pointer dereference in lab_apply",
    mechanism: "oops",
    guilty: "lab_apply",
    findings: {
      "fault.access": { access: "write", address: 0n },
      "fault.provenance": { origin: "load", object: 0xffff8ef6849a9800n, caller: "hello_init" },
      "object.state": { cache: "kmalloc-64", state: "allocated" },
    },
    withDebuginfo: { "fault.provenance": { expression: "cfg->target", member: "target" } },
  },
  "x86_64-6.1/sysrq": SYSRQ,
  "x86_64-6.12/sysrq": SYSRQ,
  "arm64-6.12/sysrq": SYSRQ,
  "s390x-6.12/sysrq": SYSRQ,
  "armhf-6.1/sysrq": { title: "SysRq: Trigger a crash", mechanism: "sysrq" },
  "x86_64-6.1/abba": { title: "INFO: task hung in lab_transfer", mechanism: "hung-task", guilty: "lab_transfer" },
  "x86_64-6.1/timer": {
    title: "BUG: unable to handle kernel NULL pointer dereference in lab_update",
    mechanism: "oops",
    guilty: "lab_update",
    findings: { "fault.null-member": { value: 0n }, "fault.provenance": { origin: "load", caller: "lab_poll" } },
  },
  "a1-bug": { title: "kernel BUG in lab_bug", mechanism: "bug", guilty: "lab_bug" },
  "a1-warn": { title: "WARNING in lab_warn", mechanism: "warn", guilty: "lab_warn" },
  "a1-ud2": { title: "invalid opcode in lab_ud2", mechanism: "oops", guilty: "lab_ud2" },
  "a1-init": {
    title: "kernel panic: Attempted to kill init!",
    mechanism: "init-killed",
    findings: { "init.exit": { status: 3, signal: undefined } },
  },
  "a1-overflow": {
    title: "BUG: stack guard page was hit in finit_module",
    mechanism: "stack-overflow",
    guilty: "lab_deep",
    findings: { "stack.overflow": { recursion: "lab_deep" } },
  },
  "bugon-qmp": { title: "kernel BUG in lab_withdraw", mechanism: "bug", guilty: "lab_withdraw" },
  "oom-qmp": {
    title: "Out of memory: workload invoked oom-killer",
    mechanism: "oom",
    findings: { "oom.request": { order: 0, limit: "machine" } },
  },
  "softlockup-qmp": {
    title: "BUG: soft lockup in lab_waiter_fn",
    mechanism: "softlockup",
    guilty: "lab_waiter_fn",
    findings: { "cpu.stuck": { cpu: 0, interrupts: "on", seconds: 7 } },
  },
  "none-qmp": { title: "no crash: the machine was running", mechanism: "none" },
};

const MADE = ["a1-bug", "a1-warn", "a1-ud2", "a1-init", "a1-overflow", "bugon-qmp", "oom-qmp", "softlockup-qmp", "none-qmp"]; // prettier-ignore

const madeDumps = MADE.flatMap((name): CorpusDump[] => {
  const vmcore = ["vmcore.elf", "vmcore.zlib"].map((file) => join(made, name, file)).find((file) => existsSync(file));
  return vmcore === undefined ? [] : [{ name, vmcore, family: "x86_64-6.1", ref: undefined }];
});

if (storedDumps.length === 0) test("NOT RUN: the corpus is absent: no verdict was looked at", { skip: true }, () => {});

for (const dump of [...storedDumps, ...madeDumps]) {
  const wanted = known[dump.name];
  if (!wanted) continue;
  test(`${dump.name}: the verdict from the dump alone`, async () => {
    await check(openSession({ vmcore: [dump.vmcore] }), wanted, wanted.findings);
  });
  const vmlinux = vmlinuxOf(dump.family);
  const skip = vmlinux ? false : `NOT RUN: no vmlinux of ${dump.family} to be had`;
  test(`${dump.name}: the verdict with debuginfo`, { skip }, async () => {
    const modules = moduleFolders(dump, vmlinux!);
    await check(openSession({ vmcore: [dump.vmcore], vmlinux: vmlinux!, modules }), wanted, {
      ...wanted.findings,
      ...wanted.withDebuginfo,
    });
  });
}

async function check(session: Session, wanted: Known, findings: Known["findings"] = {}): Promise<void> {
  try {
    const verdict = await drive(analyze(session.kernel), new AbortController().signal);
    assert.equal(verdict.title, wanted.title);
    assert.equal(verdict.mechanism, wanted.mechanism);
    assert.equal(verdict.findings.find(({ id }) => id === "where.guilty")?.slots["function"], wanted.guilty);
    for (const [id, slots] of Object.entries(findings)) {
      const found = verdict.findings.find((one) => one.id === id);
      assert.ok(found, id);
      for (const [name, value] of Object.entries(slots)) assert.equal(found.slots[name], value, `${id} ${name}`);
    }
    assert.deepEqual(unprintable(session, verdict), []);
  } finally {
    session.close();
  }
}

/** Commands of evidence that print nothing, or say that they cannot. */
function unprintable({ context }: Session, { findings }: Verdict): string[] {
  const lines = new Set(findings.flatMap(({ evidence }) => evidence.map(commandOf)));
  return [...lines].flatMap((line) => {
    const all = pieces(context, line).filter(({ kind }) => kind !== "progress");
    const bad = all.find(({ kind }) => kind === "fault" || kind === "usage");
    if (!bad && all.some(({ kind }) => kind === "record" || kind === "text")) return [];
    return [`${line}: ${bad && "lines" in bad ? bad.lines.map(lineText).join(" ") : "nothing"}`];
  });
}
