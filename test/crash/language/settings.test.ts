/** set, alias and the session's own state. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../../../src/crash/commands.ts";
import { withChange } from "../../../src/crash/language/context.ts";
import { RADIXES, setting, variable, variables } from "../../../src/crash/language/variables.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { taskAddress, toyTasks } from "../../builders/tasks.ts";
import { data, toyContext, transcript } from "../../builders/transcript.ts";

const tasks = () => {
  const kernel = toyTasks({
    cpus: [1, 2],
    tasks: [
      { pid: 1, comm: "init" },
      { pid: 2, comm: "kthreadd" },
      { pid: 3, comm: "sleeper" },
    ],
  });
  return toyContext(kernel, kernel.object("struct task_struct", taskAddress(1)), { vmcore: ["a", "b"] });
};

test("each variable accepts the values that its declaration lists, and refuses others", () => {
  const context = toyContext(
    toyKernel({ symbols: { schedule: { address: 0xffff800000001000n, type: "T", size: 16 } } }),
  );
  for (const { name, accepts } of variables) {
    const values = accepts === "number" ? ["7"] : accepts === "text" ? ["x"] : accepts === "text-addr" ? ["schedule"] : accepts.split(" | "); // prettier-ignore
    for (const value of values) {
      const set = withChange(context, setting(context, name, value));
      const kept = name === "scope" ? String(0xffff800000001000n) : name === "radix" ? (RADIXES[value] ?? "") : value;
      assert.equal(variable(set, name), kept, name);
    }
    if (accepts !== "text") assert.match(transcript(context, `set ${name} "no such value"`), new RegExp(`^set: ${name} takes `), name); // prettier-ignore
  }
});

test("a variable without effect reports that when it is set, and only then", () => {
  const context = tasks();
  assert.equal(
    transcript(context, "set zero_excluded on"),
    "zero_excluded: on\n  no effect here: missing pages are always reported",
  );
  assert.equal(transcript(context, "set zero_excluded"), "zero_excluded: on");
  assert.equal(transcript(context, "set null-stop on"), "null-stop: on");
});

test("set hex and set dec are short for a radix, which is given by name or number", () => {
  const context = toyContext();
  for (const [line, radix] of [
    ["set hex", 16],
    ["set dec", 10],
    ["set radix hex", 16],
    ["set radix dec", 10],
    ["set radix 16", 16],
  ] as const)
    // prettier-ignore
    assert.match(transcript(context, line), new RegExp(`^output radix: ${radix} \\(`), line);
  assert.match(transcript(context, "set radix 8"), /^set: radix takes/);
});

test("set print_array puts each element of an array on a line of its own", () => {
  const kernel = toyKernel({
    types: "struct pair { int a[2]; }; struct pair couple;",
    symbols: { couple: 0xffff800000001000n },
    memory: [["couple", { a: [1, 2] }]],
  });
  const context = toyContext(kernel);
  assert.equal(transcript(context, "struct pair.a couple"), "  a = {1, 2}");
  transcript(context, "set print_array on");
  assert.equal(transcript(context, "struct pair.a couple"), "  a = {\n    1,\n    2\n  }");
});

test("set selects tasks by pid, address and CPU, lists the open files, and reports an unknown argument", () => {
  const context = tasks();
  const pid = (line: string): unknown => (data(context, line)[0] as { pid?: unknown } | undefined)?.pid;
  assert.equal(pid("set"), 1);
  assert.equal(pid("set 3"), 3);
  assert.equal(pid("set"), 3);
  assert.equal(pid("set -c 1"), 2);
  assert.equal(pid(`set ${taskAddress(1).toString(16)}`), 1);
  assert.match(transcript(context, "set -c 9"), /^set: invalid cpu number 9: this system has 0,1$/);
  assert.match(transcript(context, "set 99999"), /^set: invalid task or pid value: 99999$/);
  assert.equal(transcript(context, "set namelist"), "namelist: (none)");
  assert.equal(transcript(context, "set dumpfile"), "dumpfile: a b");
  assert.match(transcript(context, "set -a 2"), /^"kthreadd" task [0-9a-f]{16} is the active task on cpu 1$/);
  assert.match(transcript(context, "set -a 3"), /^set: "sleeper" task [0-9a-f]{16} was not running/);
});

test("the user's alias has priority over a built-in one and over a command, until it is deleted", () => {
  const context = toyContext();
  transcript(context, "alias px btop");
  assert.equal(transcript(context, "px 1000"), "1000: 1");
  assert.equal(transcript(context, 'alias px ""'), "alias deleted: px");
  assert.equal(transcript(context, "px 16"), "$1 = 0x10");
  assert.match(transcript(context, 'alias px ""'), /^alias: alias does not exist: px$/);
  transcript(context, "alias twice 'eval 2 | grep -c octal'");
  assert.equal(transcript(context, "twice"), "1");
});

test("rustfilt names symbols of Rust as the source does, and refuses others", () => {
  const context = toyContext();
  assert.equal(transcript(context, "rustfilt _RNvC1a1b _RNvC1a1c"), "a::b\na::c");
  assert.deepEqual(data(context, "rustfilt _RNvC1a1b"), [{ symbol: "_RNvC1a1b", name: "a::b" }]);
  assert.equal(transcript(context, "rustfilt init_task"), "rustfilt: not a Rust symbol: init_task");
  assert.match(transcript(context, "rustfilt"), /^rustfilt: a symbol is missing\nUsage:/);
});

test("every command has the options that crash's manual gives it", () => {
  // What crash 9.0.2 prints for "help COMMAND".
  const manual: Readonly<Record<string, string>> = {
    ...{ bpf: "pPmMtTjsxd", bt: "acgprtTleEfFoOvRsxdISnA", dev: "ipdDVv", dis: "rfludxsb", eval: "bl", extend: "us" },
    ...{ files: "dpcR", ipcs: "smMqn", irq: "udbasc", kmem: "fFcCivVnzohpmsSrIgP", list: "oesSlxdrBhOH" },
    ...{ log: "TtdmascR", mach: "mcxdo", map: "af", mod: "sdSDtrRog", mount: "fin", net: "sSxdRanN", p: "xdu" },
    ...{ ps: "kuGyspctlmCagrSAH", rd: "adDsSupxmfNRoer", runq: "tTmgc", sbitmapq: "sapvxd", set: "acpv" },
    ...{ search: "skKVuptTelmxcwh", sig: "lsg", struct: "olrfuxdpc", union: "olrfuxdpc", sym: "lMmpnq", sys: "cti" },
    ...{ task: "Rdx", timer: "rC", tree: "trsSxdolpvN", vm: "pPMvmxdRf", vtop: "cuk", whatis: "orm", wr: "ukp" },
  };
  for (const [name, letters] of Object.entries(manual)) {
    const own = commands()
      .find((one) => one.name === name)
      ?.options.map(({ flag }) => flag);
    for (const letter of letters) assert.ok(own?.includes(`-${letter}`), `${name} -${letter}`);
  }
});

test("echo prints its words, hyphens and all, and lets filters have them", () => {
  const context = toyContext();
  assert.equal(transcript(context, "echo ---- tasks -a ----"), "---- tasks -a ----");
  assert.equal(transcript(context, "echo 'a  b' c"), "a  b c");
  assert.equal(transcript(context, "echo one | grep -c one"), "1");
  assert.equal(transcript(context, "echo"), "");
  assert.deepEqual(data(context, "echo hi"), [{ text: "hi" }]);
});
