/** Tests of the scripted agent on one crash: with all tools, and without those that conclude by themselves. */
import assert from "node:assert/strict";
import type { TestContext } from "node:test";
import { caseOf } from "../verdict.ts";
import { wrongCause, wrongVerdict } from "./cause.ts";
import { investigate, MAX_CALLS, type Mode } from "./run.ts";

/** Compares what the agent says of a crash with its truth file, and reports its calls and bytes. */
export async function compareAgent(context: TestContext, name: string): Promise<void> {
  const known = await caseOf(name);
  if (!known) return context.skip("NOT RUN: no truth file says what it is");
  context.after(() => known.close());
  const { truth, facts } = known;
  for (const mode of ["hands", "verdict"] satisfies Mode[])
    await context.test(
      mode === "hands" ? `in ${MAX_CALLS} calls without verdict and run` : "with all tools",
      async (t) => {
        const { conclusion, calls, bytes } = await investigate(known.made.vmcore, mode);
        t.diagnostic(`${calls.length} calls, ${bytes} bytes`);
        const wrong = mode === "hands" ? wrongCause(conclusion, truth, facts) : wrongVerdict(conclusion, truth, facts);
        if (wrong.length > 0) assert.fail(wrong.join("\n"));
        assert.ok(calls.length <= MAX_CALLS);
      },
    );
}
