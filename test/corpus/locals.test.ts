/**
 * Parameters and locals of the crashed stacks: the same names as drgn has, present or absent, with the same values.
 * drgn knows nothing of what a call passed (DW_OP_entry_value): what we infer from it is counted apart.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { attempt, Fault } from "../../src/base/fault.ts";
import { stackTrace } from "../../src/linux/stackTrace.ts";
import type { Obj } from "../../src/model/object.ts";
import { summary } from "../../src/model/summary.ts";
import { openSession } from "../../src/session/open.ts";
import { type FrameVariable, frameVariables } from "../../src/unwind/locals.ts";
import { drgnAccount, moduleFolders, storedDumps, vmlinuxOf } from "./corpus.ts";

if (storedDumps.length === 0) test("the corpus is absent: no local was compared", { skip: "no corpus" }, () => {});

/** `(struct file *)0xffff8d1f04ea7f00`, `(int)-3`, `(char [8])"init"`, `(enum pid_type)PIDTYPE_PID`, in drgn's words. */
const SCALAR = /^\((?:[^()]|\([^()]*\))*\)(?:[\w.$]+\+0x\w+ = )?("(?:[^"\\]|\\.)*"|-?\w+)/;

interface Leaf {
  /** From the variable: `f_path.dentry`, `[0].gp_offset`; empty for the variable itself. */
  readonly path: readonly (string | number)[];
  readonly value: string;
}

/** The scalars of a value as drgn prints it; of one that was cut off at 200 characters those that are whole. */
function leaves(text: string): Leaf[] {
  const found: Leaf[] = [];
  const path: (string | number)[] = [];
  for (const line of (text.length >= 200 ? text.slice(0, text.lastIndexOf("\n")) : text).split("\n")) {
    const [, member, rest = ""] = /^\t*(?:\.(\w+) = )?(.*?),?$/.exec(line) ?? [];
    const value = SCALAR.exec(rest)?.[1];
    if (rest === "}") path.pop();
    else if (value !== undefined) found.push({ path: member === undefined ? [...path] : [...path, member], value });
    // What is all zeros is left out: `(struct hlist_head [9]){}`.
    else if (rest.endsWith("{")) path.push(member ?? (path.length > 0 || !rest.startsWith("(") ? 0 : ""));
  }
  return found.map(({ path: steps, value }) => ({ path: steps.filter((step) => step !== ""), value }));
}

const reach = (object: Obj, path: Leaf["path"]): Obj =>
  path.reduce<Obj>((at, step) => (typeof step === "number" ? at.index(step) : at.at(step)), object);

/** What a leaf is when it is not what drgn has there. */
function wrongLeaf(ours: Obj, { path, value }: Leaf): string | undefined {
  const found = attempt(() => {
    const object = reach(ours, path);
    if (!/^-?(?:0x[0-9a-f]+|\d+)$/.test(value)) return summary(object);
    const number = value.startsWith("-") ? -BigInt(value.slice(1)) : BigInt(value);
    return BigInt.asUintN(64, object.value()) === BigInt.asUintN(64, number) ? value : `${object.value()}`;
  });
  const shown = found instanceof Fault ? found.message : found;
  return shown === value ? undefined : `drgn: ${path.join(".")} ${value}, ours: ${shown}`;
}

/** What drgn says of a variable and what we say, when they are not the same. */
function difference(
  theirs: { value?: string | null; error?: string } | undefined,
  ours: FrameVariable | undefined,
): string | undefined {
  if (!theirs || !ours) return theirs ? "only drgn has it" : "only we have it";
  const { value } = ours;
  const absent = theirs.value === null || theirs.value === undefined;
  if (absent || value instanceof Fault) {
    if (absent && (value instanceof Fault || ours.inferred)) return undefined;
    return `drgn: ${theirs.value ?? theirs.error ?? "absent"}, ours: ${value instanceof Fault ? value.message : "present"}`;
  }
  for (const leaf of leaves(theirs.value ?? "")) {
    const what = wrongLeaf(value, leaf);
    if (what !== undefined) return what;
  }
  return undefined;
}

test("drgn's values are read leaf by leaf", () => {
  assert.deepEqual(leaves("(struct file *)0xffff8d1f04ea7f00"), [{ path: [], value: "0xffff8d1f04ea7f00" }]);
  assert.deepEqual(leaves("(va_list){\n\t{\n\t\t.gp = (unsigned int)8,\n\t\t.area = (void *)0xff,\n\t},\n}"), [
    { path: [0, "gp"], value: "8" },
    { path: [0, "area"], value: "0xff" },
  ]);
  assert.deepEqual(leaves(`(struct a){\n\t.b = (struct b){\n\t\t.f = (fn_t)f+0x0 = 0x10,\n\t},\n\t.c = (int)-1,\n\t.d = ${"(x)".padEnd(200)}`), [
    { path: ["b", "f"], value: "0x10" },
    { path: ["c"], value: "-1" },
  ]); // prettier-ignore
  assert.deepEqual(leaves('(char [8])"init"'), [{ path: [], value: '"init"' }]);
});

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
    let [compared, values, inferred] = [0, 0, 0];
    for (const [i, { name, locals = {} }] of thread.stack.entries()) {
      const at = places[i];
      // Where drgn loses its way, or has gone on to user space, there is nothing to compare.
      if (!at || at.place.function !== name) continue;
      const ours = new Map(frameVariables(kernel, at.frame, at.place).map((variable) => [variable.name, variable]));
      for (const variable of new Set([...Object.keys(locals), ...ours.keys()])) {
        compared++;
        const own = ours.get(variable);
        if (own?.inferred) inferred++;
        else values += leaves(locals[variable]?.value ?? "").length;
        const what = difference(locals[variable], own);
        if (what !== undefined) differences.push(`${name} ${variable}: ${what}`);
      }
    }
    session.close();
    context.diagnostic(`${compared} variables compared, ${values} values; ${inferred} inferred from calls`);
    assert.ok(compared > 10 && values > 10, `only ${compared} variables and ${values} values were compared`);
    assert.deepEqual(differences, []);
  });
}
