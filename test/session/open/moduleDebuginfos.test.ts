import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession } from "../../../src/session/open/open.ts";

test("debuginfo for a module that the dump does not have is refused", (t) => {
  const session = openSession({ vmcore: ["sample/vmcore"] });
  t.after(() => session.close());
  assert.throws(() => session.debuginfos.load("nosuch", undefined), {
    name: "UsageError",
    message: 'no module is named nosuch; "mod" lists them',
  });
});
