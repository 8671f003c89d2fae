/** Long commands: they report progress after half a second, and stop when they are told to. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { DapClient } from "./client.ts";

/** Hundreds of values that are nowhere, over all memory: some seconds of work. */
const LONG = `search -p ${Array.from({ length: 400 }, (_, i) => (0xdeadbeefcafe0000n + BigInt(i)).toString(16)).join(" ")}`;

let client: DapClient;
before(async () => {
  const traits = { supportsProgressReporting: true };
  client = await DapClient.launch({ vmcore: "sample/vmcore", search: false }, { traits });
  await client.event<{ output: string }>("output", ({ output }) => output.includes("PANIC"));
});
after(() => client.close());

interface Report {
  readonly progressId: string;
  readonly requestId: number;
  readonly title: string;
  readonly cancellable: boolean;
}

const start = (expression: string): ReturnType<DapClient["send"]> =>
  client.send("evaluate", { expression, context: "repl" });

test("a long command reports its progress after half a second, and is cancelled by that report", async () => {
  const started = performance.now();
  const { seq, response } = start(LONG);
  const report = await client.event<Report>("progressStart", ({ requestId }) => requestId === seq);
  assert.ok(performance.now() - started >= 500);
  assert.match(report.title, /^search -p .*…$/);
  assert.equal(report.cancellable, true);
  const update = await client.event<{ message: string; percentage: number; progressId: string }>("progressUpdate");
  assert.equal(update.progressId, report.progressId);
  assert.match(update.message, new RegExp(`^${update.percentage}% of bytes$`));
  await client.request("cancel", { progressId: report.progressId });
  assert.equal((await response).message, "cancelled");
  await client.event<Report>("progressEnd", ({ progressId }) => progressId === report.progressId);
});

test("a short command reports no progress", async () => {
  const before = client.events.length;
  await client.command("eval 6 * 7");
  assert.deepEqual(
    client.events.slice(before).filter(({ event }) => event.startsWith("progress")),
    [],
  );
});

test("a cancel is obeyed within 50 ms", async () => {
  const took: number[] = [];
  for (let i = 0; i < 5; i++) {
    const { seq, response } = start(LONG);
    await new Promise((done) => setTimeout(done, 60));
    const asked = performance.now();
    await client.request("cancel", { requestId: seq });
    const { success, message } = await response;
    took.push(performance.now() - asked);
    assert.deepEqual([success, message], [false, "cancelled"]);
  }
  // The best of some: other processes of a busy machine delay us as well.
  assert.ok(Math.min(...took) < 50, `${took.map(Math.round).join(", ")} ms`);
});
