import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession } from "../../../src/session/open/open.ts";

test("missing sources and modules that the user named are reported, and the dump opens", () => {
  const session = openSession({ vmcore: ["sample/vmcore"], kernelSource: ["/nonexistent/linux"], modules: ["sample", "/nonexistent/modules"] }); // prettier-ignore
  session.close();
  assert.deepEqual(
    session.warnings.filter((warning) => warning.includes("no such")),
    [
      '/nonexistent/linux: no such kernel source; check "kernelSource" or --source',
      '/nonexistent/modules: no such directory of modules; check "modules" or --modules',
    ],
  );
});
