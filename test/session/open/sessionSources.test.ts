import assert from "node:assert/strict";
import { resolve } from "node:path";
import { test, type TestContext } from "node:test";
import { toEnd } from "../../../src/base/job.ts";
import { openSession, type OpenOptions, type Session } from "../../../src/session/open/open.ts";

function opened(t: TestContext, options: Partial<OpenOptions>): Session {
  const session = openSession({ vmcore: ["sample/vmcore"], ...options });
  t.after(() => session.close());
  return session;
}

test("a session has one set of sources, which commands read from too", (t) => {
  const built = "/home/builder/lab";
  const session = opened(t, { sourceFileMap: { [built]: resolve("sample") } });
  assert.equal(session.sources(), session.sources());
  assert.deepEqual(session.sources().locate(`${built}/lab_nullderef.c`), { path: resolve("sample/lab_nullderef.c") });
  const lines = toEnd(session.context.sourceText!(`${built}/lab_nullderef.c`));
  assert.ok(lines!.length > 10);
});

test("sources next to the dump and next to modules are found without a setting", (t) => {
  assert.equal(opened(t, {}).sources().find("/elsewhere/lab_nullderef.c"), resolve("sample/lab_nullderef.c"));
});
