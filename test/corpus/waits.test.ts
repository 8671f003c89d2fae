/** Who waits for whom in real dumps: against what the crashed module's source says, and the owners that drgn reads. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { askDrgn, cli, hasDrgn, made, storedDumps, vmlinuxOf } from "./corpus.ts";

if (storedDumps.length === 0) test("the corpus is absent: no wait was compared", { skip: "no corpus" }, () => {});

interface Wait {
  readonly pid: number;
  readonly type: string | null;
  readonly resource: string | null;
  readonly name: string | null;
  readonly holders: readonly { readonly pid: number; readonly certainty: string }[];
  readonly waiters: readonly number[];
  readonly cycle: readonly number[] | null;
  readonly deadlock: boolean | null;
  readonly unknown: string | null;
}

function waits(...args: readonly string[]): readonly Wait[] {
  const { stdout } = cli("--json", ...args, "-c", "waits");
  return (JSON.parse(stdout) as { records: readonly Wait[] }).records;
}

const abba = storedDumps.find(({ name }) => name === "x86_64-6.1/abba");
const vmlinux = abba && vmlinuxOf(abba.family);

/** What the module's source makes of its tasks (lab_abba.c), by pid. */
const ABBA: Readonly<Record<number, readonly [type: string, name: string | null, holders: string, waiters: string]>> = {
  220: ["task-exit", null, "221 certain", "220"],
  278: ["mutex", "lab_mutex_b [lab_abba]", "279 certain", "278"],
  279: ["mutex", "lab_mutex_a [lab_abba]", "278 certain", "279,282,283"],
  282: ["mutex", "lab_mutex_a [lab_abba]", "278 certain", "279,282,283"],
  283: ["mutex", "lab_mutex_a [lab_abba]", "278 certain", "279,282,283"],
  284: ["completion", "lab_never [lab_abba]", "", "284"],
  286: ["rwsem-write", "lab_rwsem [lab_abba]", "284 possible", "286"],
};

const told = ({ type, name, holders, waiters }: Wait) =>
  [type, name, holders.map(({ pid, certainty }) => `${pid} ${certainty}`).join(","), waiters.join(",")] as const;

for (const [how, args] of [
  ["the dump alone", []],
  ["a vmlinux", ["--vmlinux", vmlinux ?? ""]],
] as const) {
  const skip = !abba || (args.length > 0 && vmlinux === undefined);
  test(`the seven tasks of a deadlock, with ${how}`, { skip }, () => {
    const rows = waits(...args, abba?.vmcore ?? "");
    assert.deepEqual(Object.fromEntries(rows.map((row) => [row.pid, told(row)])), ABBA);
    for (const { pid, cycle, deadlock } of rows) {
      assert.deepEqual(cycle, pid === 278 || pid === 279 ? [278, 279] : null);
      assert.equal(deadlock, pid === 278 || pid === 279 ? true : null);
    }
  });
}

/** Owner words and waiters' tasks as drgn reads them. */
const OWNERS = `
import json
from drgn import cast
from drgn.helpers.linux.list import list_for_each_entry
out = {}
for name in ("lab_mutex_a", "lab_mutex_b", "lab_rwsem"):
    lock = prog[name]
    waiter = "struct rwsem_waiter" if name == "lab_rwsem" else "struct mutex_waiter"
    owner = cast("struct task_struct *", cast("unsigned long", lock.owner.counter) & ~7)
    out[name] = [owner.pid.value_(), [w.task.pid.value_() for w in list_for_each_entry(waiter, lock.wait_list.address_of_(), "list")]]
print(json.dumps(out))
`;

test("owners and waiters are those that drgn reads", { skip: !abba || !vmlinux || !hasDrgn }, () => {
  if (!abba || vmlinux === undefined) return;
  const drgn = askDrgn<Readonly<Record<string, readonly [number, readonly number[]]>>>(abba, vmlinux, OWNERS);
  const rows = waits(abba.vmcore);
  for (const [name, [owner, waiters]] of Object.entries(drgn)) {
    const row = rows.find((one) => one.name?.startsWith(`${name} `));
    assert.equal(row?.holders[0]?.pid, owner, name);
    assert.deepEqual(row.waiters, waiters, name);
  }
});

for (const { name, vmcore, family } of storedDumps) {
  const given = family === "armhf-6.1" ? vmlinuxOf(family) : undefined;
  test(`${name}: every blocked task has a reason for its wait`, { skip: family === "armhf-6.1" && !given }, () => {
    const rows = waits(...(given === undefined ? [] : ["--vmlinux", given]), vmcore);
    assert.ok(rows.length > 0);
    for (const { pid, type, unknown } of rows) assert.ok(type !== null, `${pid}: ${unknown}`);
    // The workload's parent of a vfork child is in each of them.
    assert.ok(rows.some(({ type, holders }) => type === "task-exit" && holders[0]?.certainty === "certain"));
  });
}

const scale = join(made, "scale20k", "vmcore.elf");

test("on 20,000 tasks it takes at most twice as long as foreach bt", { skip: !existsSync(scale) }, () => {
  const milliseconds = (command: string): number => {
    const start = performance.now();
    cli(scale, "-c", command);
    return performance.now() - start;
  };
  const [ours, all] = [milliseconds("waits"), milliseconds("foreach bt")];
  assert.ok(ours <= 2 * all, `waits ${ours.toFixed(0)} ms, foreach bt ${all.toFixed(0)} ms`);
});
