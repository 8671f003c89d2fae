import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { DapClient, Refused } from "./client.ts";

/** What clients other than VS Code rely on. */
const SAMPLE = { vmcore: "sample/vmcore", modules: "sample", kernelSource: "sample", search: false };
/** insmod's pid: the task that crashed. */
const INSMOD = 169;
/** The name of a symbol in the call trace with lines in the debuginfo. */
const POKE = /^lab_poke/;

type Stopped = DebugProtocol.StoppedEvent["body"];

const stops = ({ events }: DapClient): Stopped[] =>
  events.filter(({ event }) => event === "stopped").map(({ body }) => body as Stopped);

const poke = async (client: DapClient): Promise<DebugProtocol.StackFrame> => {
  const { stackFrames } = await client.request<DebugProtocol.StackTraceResponse["body"]>("stackTrace", {
    threadId: INSMOD,
  });
  const frame = stackFrames.find(({ name }) => POKE.test(name));
  assert.ok(frame);
  return frame;
};

let [from1, from0]: [DapClient, DapClient] = [undefined!, undefined!];
before(async () => {
  [from1, from0] = await Promise.all([
    DapClient.launch(SAMPLE),
    DapClient.launch(SAMPLE, {
      traits: {
        linesStartAt1: false,
        columnsStartAt1: false,
        supportsVariableType: false,
        supportsMemoryReferences: false,
      },
    }),
  ]);
});
after(() => Promise.all([from1.close(), from0.close()]));

for (const command of [
  "continue",
  "next",
  "stepIn",
  "stepOut",
  "stepBack",
  "reverseContinue",
  "restartFrame",
  "goto",
]) {
  test(`a refused ${command} is followed by a stopped event of its thread, without taking the focus`, async () => {
    const before = stops(from1).length;
    await assert.rejects(from1.request(command, { threadId: INSMOD }), Refused);
    const { result } = await from1.request<{ result: string }>("evaluate", { expression: "1 + 1" });
    assert.equal(result, "2");
    const again = stops(from1).slice(before);
    assert.equal(again.length, 1);
    const { reason, threadId, preserveFocusHint, allThreadsStopped } = again[0] ?? ({} as Stopped);
    assert.deepEqual(
      { reason, threadId, preserveFocusHint, allThreadsStopped },
      { reason: "exception", threadId: INSMOD, preserveFocusHint: true, allThreadsStopped: true },
    );
  });
}

test("a pause is answered by a stopped event; a task that did not crash is no exception", async () => {
  await from1.request("threads");
  const before = stops(from1).length;
  await from1.request("pause", { threadId: 1 });
  await from1.request("evaluate", { expression: "1 + 1" });
  assert.deepEqual(
    stops(from1)
      .slice(before)
      .map(({ reason, threadId }) => ({ reason, threadId })),
    [{ reason: "pause", threadId: 1 }],
  );
});

test("VS Code, which keeps a thread selected after a refusal, does not request all stacks again", async () => {
  const client = await DapClient.launch(SAMPLE, { traits: { clientID: "vscode" } });
  await assert.rejects(client.request("next", { threadId: INSMOD }), Refused);
  await client.request("evaluate", { expression: "1 + 1" });
  assert.equal(stops(client).length, 1);
  await client.close();
});

test("a client that sends configurationDone before launch is answered receives one stopped event", async () => {
  const client = new DapClient();
  const answers = [
    client.send("initialize", { adapterID: "vmcore" }),
    client.send("launch", SAMPLE),
    client.send("configurationDone"),
  ];
  await Promise.all(answers.map(({ response }) => response));
  await client.event("stopped", undefined, 10_000);
  const order = client.events.map(({ event }) => event);
  assert.ok(order.indexOf("initialized") < order.indexOf("stopped"));
  // Another one says nothing new.
  await client.request("configurationDone");
  await client.request("evaluate", { expression: "1 + 1" });
  assert.equal(stops(client).length, 1);
  await client.close();
});

test("a client that tries again after a refused launch gets one stopped event", async () => {
  const client = new DapClient();
  await client.initialize();
  await assert.rejects(client.request("launch", { vmcore: "nowhere" }), Refused);
  await client.request("configurationDone");
  await client.request("launch", SAMPLE);
  await client.request("configurationDone");
  await client.event("stopped");
  assert.equal(stops(client).length, 1);
  await client.close();
});

test("the line and the column of a completion are numbered as the client numbers them", async () => {
  const text = "ps\nstruct task_str";
  const targets = async (client: DapClient, first: number, more: object): Promise<object[]> => {
    const body = await client.request<{ targets: { label: string; start: number }[] }>("completions", {
      text,
      column: "struct task_str".length + first,
      ...more,
    });
    return body.targets.map(({ label, start }) => ({ label, start: start - first }));
  };
  const expected = await targets(from1, 1, { line: 2 });
  assert.ok(expected.length > 0);
  assert.deepEqual(await targets(from0, 0, { line: 1 }), expected);
  // Without a line it is the first one.
  const first = { text: "struct task_str", line: undefined };
  assert.deepEqual(await targets(from1, 1, first), expected);
  assert.deepEqual(await targets(from0, 0, first), expected);
});

test("lines of a disassembly are numbered as the client numbers them", async () => {
  const lines = async (client: DapClient): Promise<number[]> => {
    const memoryReference = (await poke(client)).instructionPointerReference;
    const { instructions } = await client.request<DebugProtocol.DisassembleResponse["body"] & object>("disassemble", {
      memoryReference,
      instructionCount: 12,
    });
    return instructions.flatMap(({ line }) => line ?? []);
  };
  const expected = await lines(from1);
  assert.ok(expected.length > 0);
  assert.deepEqual(
    await lines(from0),
    expected.map((line) => line - 1),
  );
});

test("lines that the console links to are numbered as the client numbers them", async () => {
  const lines = async (client: DapClient): Promise<number[]> => {
    const before = client.events.length;
    await client.command("bt -l");
    return client.events
      .slice(before)
      .filter(({ event }) => event === "output")
      .flatMap(({ body }) => (body as { line?: number }).line ?? []);
  };
  const expected = await lines(from1);
  assert.ok(expected.length > 0);
  assert.deepEqual(
    await lines(from0),
    expected.map((line) => line - 1),
  );
});

test("types and memory references are sent only to clients that support them", async () => {
  const evaluated = async (client: DapClient): Promise<DebugProtocol.EvaluateResponse["body"]> =>
    client.request("evaluate", { expression: "&init_task", context: "watch", frameId: (await poke(client)).id });
  const known = await evaluated(from1);
  assert.equal(known.type, "struct task_struct *");
  assert.match(known.memoryReference ?? "", /^0x[0-9a-f]{16}$/);
  const plain = await evaluated(from0);
  assert.equal(plain.result, known.result);
  assert.ok(!("type" in plain) && !("memoryReference" in plain));
  const { variables } = await from0.request<DebugProtocol.VariablesResponse["body"]>("variables", {
    variablesReference: plain.variablesReference,
  });
  assert.ok(variables.length > 10);
  assert.ok(!variables.some((one) => "type" in one || "memoryReference" in one));
});

test("a session request whose arguments are no object is answered as one without arguments", async () => {
  for (const given of [null, 7, "x", []]) {
    const { success, message } = await from1.send("cancel", given as unknown as object).response;
    assert.deepEqual([success, message], [true, undefined]);
  }
});

test("null stands for an absent argument: optional ones have their default, required ones are missing", async () => {
  const at = { memoryReference: "init_task", count: 8 };
  const read = async (given: object): Promise<unknown> =>
    (await from1.request<DebugProtocol.ReadMemoryResponse["body"]>("readMemory", given))?.data;
  assert.equal(await read({ ...at, offset: null }), await read(at));
  await assert.rejects(read({ ...at, count: null }), /readMemory: "count" is missing/);
  const identified = (given: object): Promise<unknown> => from1.request("vmcore/identify", given);
  assert.deepEqual(await identified({ text: "init_task", frameId: null }), await identified({ text: "init_task" }));
  await assert.rejects(identified({ text: null }), /vmcore\/identify: "text" is missing/);
});
