/** Every example of every manual page, run on the dump that ships. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { commands } from "../../src/crash/commands.ts";
import { run } from "../../src/crash/language.ts";
import { openSession } from "../../src/session/open.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

for (const { name, examples } of commands()) {
  if (examples.length === 0) continue;
  test(`the examples of ${name} are understood`, () => {
    for (const { line, shows } of examples) {
      assert.match(shows, /^[A-Z0-9].*\.$/, `${line}: a sentence says what it shows`);
      for (const piece of run(session.context, line)) {
        if (piece.kind === "usage") assert.fail(`${line}: ${piece.message}`);
      }
    }
  });
}
