/** A part of the sample, as a copy that broke off leaves it. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { drive } from "../../src/base/job.ts";
import { analyze, type Verdict } from "../../src/insight/analyze.ts";
import { OpenError, openSession } from "../../src/session/open/open.ts";

const folder = mkdtempSync(join(tmpdir(), "truncated-"));
after(() => rmSync(folder, { recursive: true, force: true }));
const whole = readFileSync("sample/vmcore");

/** Returns the verdict on the first `share` percent of the sample; undefined if it cannot be opened. */
async function verdictOf(share: number): Promise<Verdict | undefined> {
  const path = join(folder, `vmcore-${share}`);
  writeFileSync(path, whole.subarray(0, Math.floor((whole.length * share) / 100)));
  try {
    const session = openSession({ vmcore: [path] });
    try {
      return await drive(analyze(session.kernel), new AbortController().signal);
    } finally {
      session.close();
    }
  } catch (error) {
    if (error instanceof OpenError) return undefined;
    throw error;
  }
}

test("a dump without the end of its pages is never said to be of a machine that was running", async () => {
  let opened = 0;
  for (const share of [40, 80, 92, 96, 99]) {
    const verdict = await verdictOf(share);
    if (!verdict) continue;
    opened++;
    const { title, findings, unchecked } = verdict;
    assert.doesNotMatch(title, /was running/, `${share} %: ${title}`);
    assert.ok(!findings.some(({ id }) => id === "crash.survived"), `${share} %`);
    // What is missing is said, unless the crash was found.
    assert.ok(/lab_apply/.test(title) || unchecked.some(({ check }) => check === "log"), `${share} %: ${title}`);
    for (const { id, text } of findings)
      assert.ok(!/\bis a free object|was used after it was freed/.test(JSON.stringify(text, (_, one: unknown) => (typeof one === "bigint" ? "" : one))), `${share} %: ${id}`); // prettier-ignore
  }
  assert.ok(opened >= 2);
});
