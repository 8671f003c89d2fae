import assert from "node:assert/strict";
import { test } from "node:test";
import { openSession } from "../../../src/session/open/open.ts";

test("named sources and modules that are not there are told, and the dump opens all the same", () => {
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
