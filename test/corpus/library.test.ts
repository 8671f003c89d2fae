/** The example of the library on a dump with a deadlock. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { openDump } from "../../src/library/index.ts";
import { corpus } from "./corpus.ts";

const vmcore = join(corpus, "x86_64-6.1/abba/vmcore");
const skip = existsSync(vmcore) ? false : "the corpus is absent";

test("the library names the tasks of a deadlock and the locks that they wait for", { skip }, async () => {
  const dump = await openDump(vmcore, { search: false });
  const { cycles } = await dump.waits();
  dump.close();
  assert.equal(cycles.length, 1);
  assert.deepEqual(
    cycles[0]?.tasks.map(({ comm, type, holders }) => [comm, type, holders.map((one) => one.comm)]).sort(),
    [
      ["lab_left", "mutex", ["lab_right"]],
      ["lab_right", "mutex", ["lab_left"]],
    ],
  );
});
