/** Every example of every manual page, run on the dump that ships. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { commands } from "../../../src/crash/commands.ts";
import { recordedSample, sampleOf } from "../../../src/crash/commands/console/help/sampleOutput.ts";
import { run } from "../../../src/crash/language/language.ts";
import { disassembler } from "../../../src/arch/disassembler/disassembler.ts";
import { effectDecoder } from "../../../src/arch/disassembler/effects.ts";
import { drive } from "../../../src/base/job.ts";
import { openSession } from "../../../src/session/open/open.ts";

// The times of the log are printed in the zone of the machine.
process.env["TZ"] = "UTC";
const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());
/** As in the terminal, but what commands write is dropped. */
const context = session.context.with({ createFile: () => ({ write: () => undefined, close: () => undefined }) });
// Loaded before it is asked for: a test does not pause where a face does.
await drive(disassembler(session.kernel.arch), new AbortController().signal);
await drive(effectDecoder(session.kernel.arch), new AbortController().signal);

/** Examples that have no answer on this dump, and why. */
const unanswered: Readonly<Record<string, string>> = {
  "search -t -w dead4ead": "no stack holds a spinlock: the kernel was built without CONFIG_DEBUG_SPINLOCK",
  "sbitmapq -s request -a ffff8ef68521d800 -p ffff8ef6853136d0": "no request was under way",
};

for (const { name, examples } of commands()) {
  if (examples.length === 0) continue;
  test(`the examples of ${name} are answered`, () => {
    for (const { line, shows } of examples) {
      assert.match(shows, /^[A-Z0-9].*\.$/, `${line}: a sentence says what it shows`);
      let said = 0;
      const pieces = [...run(context, line)];
      assert.deepEqual(sampleOf(pieces), recordedSample(line), `${line}: npm run samples`);
      for (const piece of pieces) {
        if (piece.kind === "usage") assert.fail(`${line}: ${piece.message}`);
        if (piece.kind === "fault") assert.fail(`${line}: ${piece.fault.message}`);
        if (piece.kind !== "progress") said += piece.lines.length;
      }
      assert.equal(said > 0, !Object.hasOwn(unanswered, line), `${line}: ${said} lines`);
    }
  });
}
