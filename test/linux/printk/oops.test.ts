import assert from "node:assert/strict";
import { test } from "node:test";
import { oopsesIn } from "../../../src/linux/printk/oops.ts";

const nullWrite = [
  "lab_nullderef: applying 5 to vmcore",
  "BUG: kernel NULL pointer dereference, address: 0000000000000000",
  "#PF: supervisor write access in kernel mode",
  "#PF: error_code(0x0002) - not-present page",
  "Oops: 0002 [#1] PREEMPT SMP NOPTI",
  "CPU: 0 PID: 169 Comm: insmod Tainted: G           OE      6.1.0-56-cloud-amd64 #1  Debian 6.1.192-2",
  "CR2: 0000000000000000",
  "---[ end trace 0000000000000000 ]---",
  "RIP: 0010:lab_apply+0x2f/0x43 [lab_nullderef]",
  "Kernel panic - not syncing: Fatal exception",
  "Kernel Offset: 0x1a000000 from 0xffffffff81000000 (relocation range: 0xffffffff80000000-0xffffffffbfffffff)",
  "---[ end Kernel panic - not syncing: Fatal exception ]---",
];

test("an oops and the panic it led to are two reports", () => {
  const reports = oopsesIn(nullWrite);
  assert.deepEqual(
    reports.map(({ kind, lines }) => [kind, lines.length]),
    [
      ["NULL pointer dereference", 7],
      ["panic", 3],
    ],
  );
  assert.equal(reports[0]?.errorCode, 2n);
  assert.equal(reports[0]?.faultAddress, 0n);
});

const kinds: readonly (readonly [line: string, kind: string, address?: bigint])[] = [
  ["BUG: unable to handle page fault for address: ffffa1b2c3d4e5f6", "page fault", 0xffffa1b2c3d4e5f6n],
  [
    "Unable to handle kernel NULL pointer dereference at virtual address 0000000000000010",
    "NULL pointer dereference",
    0x10n,
  ],
  [
    "general protection fault, probably for non-canonical address 0xdead000000000122: 0000 [#1] PREEMPT SMP",
    "general protection fault",
    0xdead000000000122n,
  ],
  ["kernel BUG at fs/ext4/inode.c:2718!", "BUG"],
  ["INFO: task cat:123 blocked for more than 120 seconds.", "hung task"],
  ["watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kworker/1:1:42]", "soft lockup"],
  ["watchdog: Watchdog detected hard LOCKUP on cpu 3", "hard lockup"],
  ["rcu: INFO: rcu_preempt self-detected stall on CPU", "RCU stall"],
  ["Kernel panic - not syncing: Out of memory: system-wide panic_on_oom is enabled", "out of memory"],
  ["Kernel panic - not syncing: sysrq triggered crash", "sysrq"],
  ["sysrq: Trigger a crash", "sysrq"],
  ["list_del corruption. prev->next should be ffff8881, but was dead000000000122", "list corruption"],
  ["traps: PANIC: double fault, error_code: 0x0", "double fault"],
  ["BUG: TASK stack guard page was hit at 00000000e2 (stack is 0..1)", "stack overflow"],
  ["Kernel panic - not syncing: hung_task: blocked tasks", "hung task"],
];

for (const [line, kind, address] of kinds) {
  test(`"${line.slice(0, 60)}" is a ${kind}`, () => {
    const [report] = oopsesIn([line]);
    assert.equal(report?.kind, kind);
    if (address !== undefined) assert.equal(report?.faultAddress, address);
  });
}

test("a BUG and the invalid opcode that reports it are one", () => {
  const lines = [
    "------------[ cut here ]------------",
    "kernel BUG at mm/slub.c:100!",
    "invalid opcode: 0000 [#1] SMP",
    "RIP: 0010:x",
    "---[ end trace 0 ]---",
  ];
  assert.deepEqual(
    oopsesIn(lines).map(({ kind, lines: { length } }) => [kind, length]),
    [["BUG", 4]],
  );
});

test("a log without reports has none", () => {
  assert.deepEqual(oopsesIn(["Linux version 6.1", "Run /init as init process"]), []);
});

const withCr2 = (headline: string): readonly string[] => [headline, "CR2: 00000000005eaeb0 CR3: 0 CR4: 06f0"];

test("only a report about an address has one, because CR2 in other reports is of an earlier page fault", () => {
  const addressless = [
    "kernel BUG at mm/slub.c:100!",
    "invalid opcode: 0000 [#1] SMP",
    "divide error: 0000 [#1] PREEMPT SMP",
    "general protection fault: 0000 [#1] SMP",
    "rcu: INFO: rcu_preempt self-detected stall on CPU",
    "watchdog: BUG: soft lockup - CPU#1 stuck for 26s! [kworker/1:1:42]",
    "traps: PANIC: double fault, error_code: 0x0",
    "WARNING: CPU: 0 PID: 1 at kernel/x.c:1 x+0x1",
  ];
  for (const headline of addressless) assert.equal(oopsesIn(withCr2(headline))[0]?.faultAddress, undefined, headline);
  const [hit] = oopsesIn(withCr2("BUG: TASK stack guard page was hit at 00000000e2 (stack is 0..1)"));
  assert.equal(hit?.faultAddress, 0x5eaeb0n);
  const [old] = oopsesIn(withCr2("BUG: unable to handle kernel paging request at ffffffffc0000010"));
  assert.equal(old?.faultAddress, 0xffffffffc0000010n);
});
