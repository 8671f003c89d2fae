import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, test } from "node:test";
import { perCpuVariable } from "../../src/kernel/percpu.ts";
import { evaluate } from "../../src/model/expression/evaluate.ts";
import { type FormatOptions, formatValue, lineText } from "../../src/model/format.ts";
import type { Obj } from "../../src/model/object.ts";
import { describeType } from "../../src/model/typeText.ts";
import { openSession } from "../../src/session/open/open.ts";

// What crash 8.0.6 printed of the sample, with a vmlinux; ours comes from the BTF in the dump.
const crash = (name: string): string =>
  readFileSync(new URL(`../golden/sample/${name}.txt`, import.meta.url), "utf8").trimEnd();

const session = openSession({ vmcore: ["sample/vmcore"] });
const { kernel } = session;
after(() => {
  session.close();
});

const shown = (object: Obj, options: FormatOptions = {}): string =>
  Array.from(formatValue(object, options), lineText).join("\n");

test("struct task_struct is declared as crash declares it, offsets too", () => {
  const type = kernel.types.named("struct task_struct");
  assert.equal(describeType(type).join("\n"), crash("struct-task_struct"));
  assert.equal(describeType(type, { offsets: true }).join("\n"), crash("struct-task_struct-o"));
});

test("unions within structs within unions are declared as crash declares them", () => {
  assert.equal(describeType(kernel.types.named("struct page"), { offsets: true }).join("\n"), crash("struct-page-o"));
  assert.equal(describeType(kernel.types.named("struct list_head"), { offsets: true }).join("\n"), crash("whatis-o"));
});

test("a whole task is printed as crash prints it", () => {
  const task = evaluate(kernel, "*(struct task_struct *)0xffff8ef68526c180");
  assert.equal(`struct task_struct ${shown(task)}`, crash("struct-task-panic"));
});

test("a per-CPU struct of a thousand lines is printed as crash prints it", () => {
  assert.equal(`per_cpu(runqueues, 0) = $6 = ${shown(perCpuVariable(kernel, "runqueues", 0))}`, crash("p-runqueues0"));
  assert.equal(`per_cpu(cpu_info, 1) = $8 = ${shown(perCpuVariable(kernel, "cpu_info", 1))}`, crash("p-cpu_info"));
  const current = [0, 1].map((cpu) => shown(perCpuVariable(kernel, "current_task", cpu), { top: true }));
  assert.deepEqual(
    current.map((text, cpu) => `per_cpu(current_task, ${cpu}) = $${cpu + 4} = ${text}`),
    crash("p-current").split("\n"),
  );
});

test("hexadecimal is printed as crash prints it", () => {
  assert.equal(`init_uts_ns = $7 = ${shown(evaluate(kernel, "init_uts_ns"), { radix: 16 })}`, crash("p-x"));
});
