import assert from "node:assert/strict";
import { test } from "node:test";
import { toyKernel, type Toy } from "../../../builders/kernel.ts";
import { stackAddress, taskAddress, toyTasks } from "../../../builders/tasks.ts";
import { data, toyContext, transcript } from "../../../builders/transcript.ts";

const types = `
  struct list_head { struct list_head *next; struct list_head *prev; };
  struct module_layout { void *base; unsigned int size; unsigned int text_size; };
  struct module { struct list_head list; char name[56]; struct module_layout core_layout; struct module_layout init_layout;
    unsigned long taints; void *kallsyms; };
  struct list_head modules;`;
const HEAD = 0xffff_ffff_8100_0000n;
const at = (i: number): bigint => 0xffff_ffff_c000_0000n + BigInt(i) * 0x1_0000n;

const module = (name: string, base: bigint, size: number, next: bigint, taints = 0) => ({
  name,
  list: { next },
  core_layout: { base, size },
  taints,
});

const context = (memory: Toy["memory"] = []) => toyContext(toyKernel({ types, symbols: { modules: HEAD }, memory: [["modules", { next: at(1) }], ...memory] })); // prettier-ignore

test("mod lists modules by address", () => {
  const both = context([
    ["struct module", at(1), module("ext4", at(5), 0x9000, at(2))],
    ["struct module", at(2), module("nvme", at(3), 768, HEAD, 0x2000)],
  ]);
  assert.equal(
    transcript(both, "mod"),
    [
      "     MODULE       NAME        BASE         SIZE  OBJECT FILE",
      "ffffffffc0020000  nvme  ffffffffc0030000    768  (not loaded)  [CONFIG_KALLSYMS]",
      "ffffffffc0010000  ext4  ffffffffc0050000  36864  (not loaded)  [CONFIG_KALLSYMS]",
    ].join("\n"),
  );
  assert.equal(transcript(both, "mod -t"), "NAME  TAINTS\nnvme  E");
  assert.match(transcript(both, "mod xfs"), /^mod: no module is named xfs/);
});

test("mod lists the modules before a broken link, then reports the damage", () => {
  const broken = context([["struct module", at(1), module("ext4", at(5), 0x9000, at(2))]]);
  const lines = transcript(broken, "mod").split("\n");
  assert.match(lines[1] ?? "", /^ffffffffc0010000 {2}ext4 /);
  assert.equal(lines[2], "mod: ffffffffc0020008: page excluded from dump");
});

test("task shows whole structures or members, of tasks given or the current one", () => {
  const kernel = toyTasks({ cpus: [1], tasks: [{ pid: 1, comm: "init", with: { prio: 120 } }, { pid: 2, comm: "kthreadd" }] }); // prettier-ignore
  const mine = toyContext(kernel, kernel.object("struct task_struct", taskAddress(1)));
  const heading = 'PID: 1        TASK: ffff888000001000  CPU: 0    COMMAND: "init"';
  assert.equal(transcript(mine, "task -R prio,thread_info.cpu"), `${heading}\n  prio = 120,\n  thread_info.cpu = 0\n`);
  assert.equal(transcript(mine, "task prio"), `${heading}\n  prio = 120,\n`);
  assert.match(transcript(mine, "task -x 2"), new RegExp(`"kthreadd"\nstruct task_struct {\n(.*\n)* {2}stack = 0x${stackAddress(2).toString(16)},\n`)); // prettier-ignore
  assert.match(transcript(mine, "task"), /\n}\n\nstruct thread_info {\n {2}flags = 0,\n {2}cpu = 0\n}\n$/);
  assert.match(transcript(mine, "task -R nosuch"), /^task: nosuch: not a task_struct or thread_info member/);
  assert.deepEqual((data(mine, "task -R prio,comm 1")[0] as { value: object }).value, { prio: 120, comm: "init" });
});
