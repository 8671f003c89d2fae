/** Parameters and locals of the crashed stacks: the same names as drgn has, present or absent, with the same values. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { stackTrace } from "../../src/linux/stackTrace.ts";
import type { Obj } from "../../src/model/object.ts";
import { openSession } from "../../src/session/open.ts";
import { frameVariables } from "../../src/unwind/locals.ts";
import { drgnAccount, moduleFolders, storedDumps, vmlinuxOf } from "./corpus.ts";

if (storedDumps.length === 0) test("the corpus is absent: no local was compared", { skip: "no corpus" }, () => {});

/** The number in `(struct file *)0xffff8d1f04ea7f00`, `(char [2])...` has none. */
function numberIn(value: string): bigint | undefined {
  const [, digits] = /^\([^)]*(?:\)\([^)]*\))?\)(?:[\w.$]+\+0x\w+ = )?(0x[0-9a-f]+|-?\d+)/.exec(value) ?? [];
  return digits === undefined ? undefined : digits.startsWith("-") ? -BigInt(digits.slice(1)) : BigInt(digits);
}

/** What drgn says of a variable and what we say, when they are not the same. */
function difference(
  theirs: { value?: string | null; error?: string } | undefined,
  ours: Obj | Fault | undefined,
): string | undefined {
  if (!theirs || !ours) return theirs ? "only drgn has it" : "only we have it";
  const absent = theirs.value === null || theirs.value === undefined;
  if (absent || ours instanceof Fault) {
    if (absent && ours instanceof Fault) return undefined;
    return `drgn: ${theirs.value ?? theirs.error ?? "absent"}, ours: ${ours instanceof Fault ? ours.message : "present"}`;
  }
  const expected = numberIn(theirs.value ?? "");
  const value = attempt(() => ours.value());
  if (expected === undefined || value === expected || (typeof value === "bigint" && BigInt.asUintN(64, value) === BigInt.asUintN(64, expected))) return undefined; // prettier-ignore
  return `drgn: ${theirs.value ?? ""}, ours: ${value instanceof Fault ? value.message : value}`;
}

for (const dump of storedDumps) {
  const thread = dump.ref === undefined ? undefined : drgnAccount(dump.ref).crashed_thread;
  // drgn has no crashed thread in the s390x dump: no CPU saved its registers.
  if (!thread) continue;
  const vmlinux = vmlinuxOf(dump.family);
  const skip = vmlinux ? false : `no vmlinux of ${dump.family} to be had`;
  test(`${dump.name}: locals of the crashed stack are drgn's`, { skip }, (context) => {
    const session = openSession({ vmcore: [dump.vmcore], vmlinux: vmlinux!, modules: moduleFolders(dump, vmlinux!) });
    const { kernel } = session;
    const task = drgnAccount(dump.ref!).tasks.find(({ pid, comm }) => pid === thread.tid && comm === thread.comm)!;
    const stack = stackTrace(kernel, kernel.object("struct task_struct", BigInt(task.task)));
    const places = stack.frames.flatMap((frame) => frame.places().map((place) => ({ frame, place })));
    const differences: string[] = [];
    let compared = 0;
    for (const [i, { name, locals = {} }] of thread.stack.entries()) {
      const at = places[i];
      // Where drgn loses its way, or has gone on to user space, there is nothing to compare.
      if (!at || at.place.function !== name) continue;
      const ours = new Map(frameVariables(kernel, at.frame, at.place).map((variable) => [variable.name, variable]));
      for (const variable of new Set([...Object.keys(locals), ...ours.keys()])) {
        compared++;
        const what = difference(locals[variable], ours.get(variable)?.value);
        if (what !== undefined) differences.push(`${name} ${variable}: ${what}`);
      }
    }
    session.close();
    context.diagnostic(`${compared} variables compared`);
    assert.ok(compared > 10, `only ${compared} variables were compared`);
    assert.deepEqual(differences, []);
  });
}
