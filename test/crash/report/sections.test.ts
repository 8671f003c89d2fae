import assert from "node:assert/strict";
import { test } from "node:test";
import { sectionsOf, type Subject } from "../../../src/crash/report/sections.ts";
import type { ResourceKind } from "../../../src/linux/locks/resource.ts";
import { toyKernel } from "../../builders/kernel.ts";
import { toyContext } from "../../builders/transcript.ts";

/** Returns what the report says before the memory of a resource that one task waits for. */
function beforeMemory(kind: ResourceKind, path: string, holders: readonly object[]): string | undefined {
  const context = toyContext(toyKernel({ types: "struct task_struct { int pid; };", symbols: {}, memory: [] }));
  const resource = { kind, address: 0x1000n, type: `struct ${kind}` };
  const fields = [{ type: `struct ${kind}`, address: 0x1000n, path, value: "0" }];
  const waiting = {
    task: context.kernel.object("struct task_struct", 0x2000n),
    pid: 7,
    comm: "cat",
    wait: { resource, state: { holders, fields } },
    holders,
  };
  const subject = {
    context,
    verdict: { findings: [] },
    graph: { blocked: [waiting], cycles: [], tasks: new Map() },
  } as unknown as Subject;
  const [, waits] = sectionsOf(subject);
  return waits?.steps.at(-1)?.before;
}

test("the report says that a lock's memory names its owner only where it has one", () => {
  const holder = {
    task: 0x3000n,
    pid: 8,
    comm: "dd",
    certainty: "certain",
    how: "mutex.owner",
    fate: { activity: "sleeping" },
  };
  assert.match(
    beforeMemory("mutex", "owner", [holder]) ?? "",
    /names its owner\. The lowest bits of the word are flags\.$/,
  );
  assert.match(beforeMemory("mutex", "owner", []) ?? "", /`mutex 1000` shows its state\.$/);
  assert.match(beforeMemory("completion", "done", [{ ...holder, certainty: "likely" }]) ?? "", /shows its state\.$/);
});

test("the report asks for the waits even if they cannot be read, so that the answer says why", () => {
  const context = toyContext(toyKernel());
  const subject = { context, verdict: { findings: [] }, graph: undefined } as unknown as Subject;
  const waits = sectionsOf(subject).find(({ title }) => title === "Who waits for whom");
  assert.deepEqual(
    waits?.steps.map(({ command }) => command),
    ["waits"],
  );
});
