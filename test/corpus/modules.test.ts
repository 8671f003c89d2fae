/**
 * Stacks that go through modules: with the modules' debuginfo file, line, inlines and locals are drgn's; without it
 * names come from kallsyms and types from the modules' own BTF.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../src/base/fault.ts";
import { UsageError } from "../../src/base/usageError.ts";
import { run } from "../../src/crash/language/language.ts";
import { sizeOf, type StructType } from "../../src/debuginfo/ctype.ts";
import { stackTrace } from "../../src/linux/sched/stackTrace.ts";
import { openSession } from "../../src/session/open/open.ts";
import { frameVariables } from "../../src/unwind/locals.ts";
import { askDrgn, type CorpusDump, drgnAccount, type DrgnFrame, hasDrgn, madeDump, moduleFolders, storedDumps, vmlinuxOf } from "./corpus.ts"; // prettier-ignore
import { compareStack } from "./crashedStack.ts";

if (storedDumps.length === 0) test("the corpus is absent: no module was looked into", { skip: "no corpus" }, () => {});

/** Accounts hold the locals of the crashed thread alone; drgn is asked for those of these tasks. */
const localsScript = (tasks: readonly string[]): string => `
import json
def value(frame, name):
    try:
        object = frame[name]
        return None if object.absent_ else object.format_(dereference=False)[:200]
    except Exception:
        return None
def row(frame):
    try:
        source = frame.source()
    except Exception:
        source = ("", 0, 0)
    names = frame.locals() if frame.name else []
    return {"name": frame.name, "pc": None, "inline": frame.is_inline, "interrupted": frame.interrupted,
            "file": source[0], "line": source[1], "locals": {name: {"value": value(frame, name)} for name in names}}
from drgn import Object
print(json.dumps({hex(task): [row(frame) for frame in prog.stack_trace(Object(prog, "struct task_struct *", task))]
                  for task in [${tasks.join(", ")}]}))
`;

/** How many functions of modules are on the stacks of all tasks, by drgn's account. */
const scenarios: readonly (readonly [string, () => CorpusDump, number])[] = [
  ...["sample", "x86_64-6.1/abba", "x86_64-6.1/timer"].map(
    (name, i) => [name, () => storedDumps.find((dump) => dump.name === name)!, [2, 10, 2][i]!] as const,
  ),
  ["softlockup", () => madeDump("softlockup"), 4],
  ["bugon", () => madeDump("bugon"), 3],
];

for (const [name, dumpOf, count] of storedDumps.length > 0 ? scenarios : []) {
  test(`${name}: functions of modules have drgn's lines, inlines and locals`, (context) => {
    const dump = dumpOf();
    const vmlinux = vmlinuxOf(dump.family);
    if (!vmlinux) return context.skip(`NOT RUN: no vmlinux of ${dump.family} to be had`);
    if (!hasDrgn) return context.skip("NOT RUN: no drgn to be had here");
    const account = drgnAccount(dump.ref!);
    const through = account.tasks.filter(({ stack }) =>
      stack?.some(({ file = "", symbol = "" }) => /\blab_/.test(`${file} ${symbol}`)),
    );
    const stacks = askDrgn<Record<string, DrgnFrame[]>>(dump, vmlinux, localsScript(through.map(({ task }) => task)));
    const session = openSession({ vmcore: [dump.vmcore], vmlinux, modules: moduleFolders(dump, vmlinux) });
    context.after(() => session.close());
    let [inModules, variables] = [0, 0];
    for (const { task, comm } of through) {
      const result = compareStack(session, BigInt(task), stacks[task]!);
      inModules += result.inModules;
      variables += result.variables;
      assert.deepEqual(result.differences, [], comm);
    }
    context.diagnostic(`${through.length} stacks, ${inModules} functions in modules, ${variables} variables`);
    assert.equal(inModules, count);
  });

  test(`${name}: without debuginfo functions of modules are named as drgn names their symbols`, (context) => {
    const dump = dumpOf();
    const session = openSession({ vmcore: [dump.vmcore] });
    context.after(() => session.close());
    const { kernel } = session;
    let named = 0;
    for (const { task, stack = [] } of drgnAccount(dump.ref!).tasks) {
      const theirs = stack.filter(({ inline, symbol = "" }) => !inline && symbol.startsWith("lab_"));
      if (theirs.length === 0) continue;
      const { frames } = stackTrace(kernel, kernel.object("struct task_struct", BigInt(task)));
      const ours = new Map(frames.map(({ pc }) => [pc, kernel.symbols.at(pc - 1n)]));
      for (const { pc, symbol } of theirs) {
        const own = ours.get(BigInt(pc!));
        assert.equal(own?.name, symbol);
        assert.match(own?.module ?? "", /^lab_/);
        named++;
      }
    }
    assert.ok(named > 0);
  });
}

const sample = storedDumps.find(({ name }) => name === "sample");
const vmlinux = sample && vmlinuxOf(sample.family);
const skip = vmlinux ? false : "NOT RUN: no corpus, or no vmlinux of x86_64-6.1 to be had";

test(
  "the init function of a module that crashed in it has its line and locals, where drgn and crash are lost",
  { skip },
  (context) => {
    const session = openSession({
      vmcore: [sample!.vmcore],
      vmlinux: vmlinux!,
      modules: moduleFolders(sample!, vmlinux!),
    });
    context.after(() => session.close());
    const { kernel } = session;
    const crashed = drgnAccount(sample!.ref!).tasks.find(({ comm }) => comm === "insmod")!;
    const { frames } = stackTrace(kernel, kernel.object("struct task_struct", BigInt(crashed.task)));
    const places = frames.flatMap((frame) => frame.places().map((place) => ({ frame, place })));
    const at = places.findIndex(({ place }) => place.function === "hello_init");
    assert.deepEqual(places.slice(at - 2, at + 2).map(({ place }) => place.function), ["lab_poke", "lab_apply", "hello_init", "do_one_initcall"]); // prettier-ignore
    const { place } = places[at]!;
    assert.deepEqual([place.source?.line, place.module], [55, "lab_nullderef"]);
    assert.match(place.source?.file ?? "", /\/lab_nullderef\.c$/);
    const values = (index: number) =>
      new Map(
        frameVariables(kernel, places[index]!.frame, places[index]!.place).map(({ name, value }) => [name, value]),
      );
    // What drgn says of its callee is what it was called with.
    const cfg = values(at).get("cfg");
    assert.ok(cfg && !(cfg instanceof Fault) && cfg.value() === 0xffff8ef6849a9800n);
    assert.deepEqual([...values(at).keys()].sort(), ["cfg", "n"]);
  },
);

test("without debuginfo a module's own types come from its BTF, as its DWARF has them", { skip }, (context) => {
  const bare = openSession({ vmcore: [sample!.vmcore] });
  const full = openSession({ vmcore: [sample!.vmcore], vmlinux: vmlinux!, modules: moduleFolders(sample!, vmlinux!) });
  context.after(() => [bare, full].forEach((session) => session.close()));
  for (const name of ["virtio_blk", "virtblk_req", "vring_virtqueue", "virtio_pci_device", "fw_cfg_sysfs_entry"]) {
    const [own, real] = [bare, full].map(({ kernel }) => kernel.types.find("struct", name));
    assert.ok(own, `struct ${name}`);
    assert.equal(sizeOf(own), sizeOf(real!), name);
  }
});

for (const dump of storedDumps.filter(({ name }) => name === "x86_64-6.12/sysrq" || name === "arm64-6.12/sysrq"))
  test(`${dump.name}: a module's types come from the dump alone`, (context) => {
    const session = openSession({ vmcore: [dump.vmcore] });
    context.after(() => session.close());
    const type = session.kernel.types.find("struct", "virtio_blk") as StructType | undefined;
    assert.deepEqual(type?.members.slice(0, 3).map(({ name }) => name), ["vdev_mutex", "vdev", "disk"]); // prettier-ignore
  });

const commands = ["sys", "ps", "bt -l", "log", "mount", "files", "kmem -i", "dev", "timer", "irq", "net", "mod", "sym schedule", "struct list_head", "whatis no_such_thing"]; // prettier-ignore

for (const [name, opened] of [
  ["x86_64-6.1/sysrq", /^$/],
  ["x86_64-6.1/timer", /^[^,]*lab_timer\.ko$/],
] as const)
  if (storedDumps.length > 0)
    test(`${name}: no command opens the debuginfo of a module that it does not come to`, (context) => {
      const dump = storedDumps.find((one) => one.name === name)!;
      const vmlinux = vmlinuxOf(dump.family);
      if (!vmlinux) return context.skip(`NOT RUN: no vmlinux of ${dump.family} to be had`);
      const session = openSession({ vmcore: [dump.vmcore], vmlinux, modules: moduleFolders(dump, vmlinux) });
      context.after(() => session.close());
      for (const one of commands) {
        try {
          for (const _ of run(session.context, one));
        } catch (error) {
          if (!(error instanceof UsageError)) throw error;
        }
      }
      assert.match(session.debuginfos.paths().join(), opened);
    });
