/** Where a person lands: the frame that every dump of the corpus stops at, with debuginfo and without. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { DapClient } from "../adapter/client.ts";
import { moduleFolders, snappyDump, storedDumps, vmlinuxOf } from "./corpus.ts";

interface Landing {
  readonly kind: string;
  /** Function, file and line with a vmlinux. */
  readonly lines: readonly [name: string, file: string, line: number] | undefined;
  /** Function without one. */
  readonly bare: string;
}

/** As drgn's account and the sources have it. A panic about hung tasks opens on the first of them, not on khungtaskd. */
const landings: Readonly<Record<string, Landing>> = {
  sample: {
    kind: "NULL pointer dereference",
    lines: ["lab_poke [inlined]", "lab_nullderef.c", 27],
    bare: "lab_apply+0x2f",
  },
  "x86_64-6.1/sysrq": { kind: "sysrq", lines: ["sysrq_handle_crash", "sysrq.c", 155], bare: "sysrq_handle_crash+0x16" },
  "x86_64-6.1/abba": {
    kind: "hung task",
    lines: ["lab_transfer", "lab_abba.c", 35],
    bare: "lab_transfer+0x34",
  },
  "x86_64-6.1/timer": {
    kind: "NULL pointer dereference",
    lines: ["lab_update", "lab_timer.c", 18],
    bare: "lab_update.constprop.0+0x9",
  },
  "x86_64-6.12/sysrq": {
    kind: "sysrq",
    lines: ["sysrq_handle_crash", "sysrq.c", 154],
    bare: "sysrq_handle_crash+0x1a",
  },
  "arm64-6.12/sysrq": { kind: "sysrq", lines: ["sysrq_handle_crash", "sysrq.c", 154], bare: "sysrq_handle_crash+0x20" },
  "s390x-6.12/sysrq": { kind: "sysrq", lines: ["sysrq_handle_crash", "sysrq.c", 154], bare: "sysrq_handle_crash+0x28" },
  "armhf-6.1/sysrq": { kind: "sysrq", lines: ["sysrq_handle_crash", "sysrq.c", 155], bare: "no tasks" },
};

if (storedDumps.length === 0) test("the corpus is absent: no dump was opened", { skip: "no corpus" }, () => {});

async function land(
  args: object,
): Promise<{ client: DapClient; thread: number; name: string; frame: DebugProtocol.StackFrame | undefined }> {
  const client = await DapClient.launch({ search: false, ...args }, { program: "dist/adapter.js" });
  const { threadId } = await client.event<{ threadId: number }>("stopped");
  const { stackFrames } = await client.request<{ stackFrames: DebugProtocol.StackFrame[] }>("stackTrace", { threadId });
  const { threads } = await client.request<{ threads: { id: number; name: string }[] }>("threads");
  const isShown = ({ source, presentationHint }: DebugProtocol.StackFrame): boolean =>
    source !== undefined && source.presentationHint !== "deemphasize" && presentationHint === undefined;
  const name = threads.find(({ id }) => id === threadId)?.name ?? "";
  return { client, thread: threadId, name, frame: stackFrames.find(isShown) };
}

for (const dump of storedDumps) {
  const expected = landings[dump.name];
  if (!expected) continue;

  test(`${dump.name} with debuginfo stops at ${expected.lines?.join(" ")}`, async (t) => {
    const vmlinux = vmlinuxOf(dump.family);
    if (vmlinux === undefined) return t.skip("no vmlinux of this family is to be had");
    const { client, thread, frame } = await land({
      vmcore: dump.vmcore,
      vmlinux,
      modules: moduleFolders(dump, vmlinux),
    });
    assert.deepEqual([frame?.name, frame?.source?.name, frame?.line], expected.lines);
    const { exceptionId } = await client.request<{ exceptionId: string }>("exceptionInfo", { threadId: thread });
    assert.equal(exceptionId, expected.kind);
    await client.close();
  });

  test(`${dump.name} without debuginfo stops at ${expected.bare}`, async () => {
    const { client, name, frame } = await land({ vmcore: dump.vmcore });
    assert.match(frame?.name ?? name, new RegExp(`^${expected.bare.replace(/[+.]/g, "\\$&")}`));
    await client.close();
  });
}

test(
  "a dump without types stops in the debugger, reports the missing types, and has its log",
  { skip: storedDumps.length === 0 },
  async () => {
    const { client, name } = await land({ vmcore: snappyDump.vmcore });
    assert.match(name, /^no tasks: .*/);
    await client.event<{ output: string; category?: string }>("output", ({ output }) => /no types/.test(output));
    assert.match(await client.command("log | tail -n 1"), /end Kernel panic/);
    await client.close();
  },
);

test("an argument that is only known from the call is shown and marked as inferred", async (t) => {
  const dump = storedDumps.find(({ name }) => name === "x86_64-6.12/sysrq");
  const vmlinux = dump && vmlinuxOf(dump.family);
  if (!dump || vmlinux === undefined) return t.skip("no corpus, or no vmlinux of this family is to be had");
  const { client, thread } = await land({ vmcore: dump.vmcore, vmlinux });
  const { stackFrames } = await client.request<{ stackFrames: { id: number; name: string }[] }>("stackTrace", {
    threadId: thread,
  });
  const frameId = stackFrames.find(({ name }) => name === "panic")?.id;
  const { scopes } = await client.request<{ scopes: DebugProtocol.Scope[] }>("scopes", { frameId });
  const { variables } = await client.request<{ variables: DebugProtocol.Variable[] }>("variables", {
    variablesReference: scopes.find(({ name }) => name === "Arguments")?.variablesReference,
  });
  const format = variables.find(({ name }) => name === "fmt");
  assert.match(format?.value ?? "", /^0x[0-9a-f]{16} "sysrq triggered crash\\n" \(inferred from the call\)$/);
  assert.deepEqual(format?.presentationHint?.attributes, ["readOnly", "inferred"]);
  await client.close();
});

/** Long in a dump of a few hundred megabytes with its vmlinux. */
const LONG_COMMANDS = [
  "sym -l",
  "foreach bt -l",
  "foreach vm -p",
  "search deadbeef1",
  "search -p deadbeefcafe",
  "kmem -s",
  "kmem -S",
  "kmem -S -a dentry",
  "kmem -p",
  "whatis -r 1-200000",
  "whatis -m list_head",
  "sys -c",
];

test("a cancel request ends any long command within 50 ms", async (t) => {
  const dump = storedDumps.find(({ name }) => name === "x86_64-6.1/sysrq");
  const vmlinux = dump && vmlinuxOf(dump.family);
  if (!dump || vmlinux === undefined) return t.skip("no corpus, or no vmlinux of this family is to be had");
  const { client } = await land({ vmcore: dump.vmcore, vmlinux });
  await client.event<{ output: string }>("output", ({ output }) => output.includes("PANIC"));
  const slow: string[] = [];
  for (const expression of LONG_COMMANDS) {
    const took: number[] = [];
    // The best of some: a first step may have to read a unit's lines, and a busy machine delays us as well.
    for (const wait of [15, 25, 40, 15, 20, 25, 30, 35, 40]) {
      if (took.length >= 3 && Math.min(...took) <= 50) break;
      const { seq, response } = client.send("evaluate", { expression, context: "repl" });
      await new Promise((done) => setTimeout(done, wait));
      const asked = performance.now();
      void client.send("cancel", { requestId: seq });
      const { message } = await response;
      if (message === "cancelled") took.push(performance.now() - asked);
    }
    t.diagnostic(`${expression}: ${took.map(Math.round).join(", ")} ms`);
    if (took.length > 0 && Math.min(...took) > 50) slow.push(`${expression}: ${took.map(Math.round).join(", ")} ms`);
  }
  assert.deepEqual(slow, []);
  await client.close();
});
