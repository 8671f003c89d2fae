import assert from "node:assert/strict";
import { test } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { listCorruption } from "../../../src/insight/checks/listCorruption.ts";
import type { CrashFacts } from "../../../src/insight/crashFacts.ts";
import type { Finding } from "../../../src/insight/finding.ts";
import { factsOf } from "../../../src/log/facts.ts";
import { KernelLog } from "../../../src/log/kernelLog.ts";
import { toyKernel } from "../../builders/kernel.ts";

function found(line: string): Finding["slots"] | undefined {
  const log = KernelLog.of([line, "------------[ cut here ]------------", "kernel BUG at lib/list_debug.c:59!"]);
  const report = log.reports[0];
  assert.ok(report, line);
  const crash = { report: factsOf(log, report) } as unknown as CrashFacts;
  const kernel = toyKernel({ types: "struct list_head { struct list_head *next, *prev; };" });
  const findings: Finding[] = [];
  const run = listCorruption.run(kernel, crash);
  toEnd(
    (function* () {
      for (const step of run) if ("id" in step) findings.push(step);
      yield undefined;
    })(),
  );
  return findings[0]?.slots;
}

test("a neighbour that does not point back is reported with its value", () => {
  assert.deepEqual(
    found("list_del corruption. prev->next should be ffff888000000010, but was 0000000000000000. (prev=ffff888000000020)"),
    { entry: 0xffff888000000010n, link: "next", found: 0n, expected: 0xffff888000000010n, neighbour: 0xffff888000000020n },
  ); // prettier-ignore
});

test("the message of kernels that do not print the neighbour is read too", () => {
  assert.equal(
    found("list_del corruption. next->prev should be ffff888000000010, but was ffff888000000030")?.["link"],
    "prev",
  );
});

test("an entry that was deleted before is recognised by LIST_POISON", () => {
  const slots = found("list_del corruption, ffff888000000010->next is LIST_POISON1 (dead000000000100)");
  assert.deepEqual([slots?.["entry"], slots?.["found"]], [0xffff888000000010n, 0xdead000000000100n]);
});

test("an entry that is added twice is reported", () => {
  assert.equal(
    found("list_add double add: new=ffff888000000010, prev=ffff888000000010, next=ffff888000000050.")?.["entry"],
    0xffff888000000010n,
  );
});

test("the hashes that some kernels print are not taken for addresses", () => {
  const hashed = "list_del corruption. next->prev should be 000000005b6e3c10, but was 00000000c4f0a930";
  assert.throws(() => found(hashed), /hashes instead of addresses/);
});
