/** Writes the first lines of the answer to each example of the manual pages, on the dump that ships. */
import { writeFileSync } from "node:fs";
import { disassembler } from "../src/arch/disassembler/disassembler.ts";
import { effectDecoder } from "../src/arch/disassembler/effects.ts";
import { drive } from "../src/base/job.ts";
import { commands } from "../src/crash/commands.ts";
import { sampleOf } from "../src/crash/commands/console/help/sampleOutput.ts";
import { run } from "../src/crash/language/language.ts";
import { openSession } from "../src/session/open/open.ts";

// The times of the log are printed in the zone of the machine.
process.env["TZ"] = "UTC";
const session = openSession({ vmcore: ["sample/vmcore"] });
await drive(disassembler(session.kernel.arch), new AbortController().signal);
await drive(effectDecoder(session.kernel.arch), new AbortController().signal);
const context = session.context.with({ createFile: () => ({ write: () => undefined, close: () => undefined }) });
const samples = commands().flatMap(({ examples }) =>
  examples.flatMap(({ line }): [string, readonly string[]][] => {
    const sample = sampleOf(run(context, line));
    return sample.length > 0 ? [[line, sample]] : [];
  }),
);
session.close();
writeFileSync(
  "src/crash/commands/console/help/samples.json",
  `${JSON.stringify(Object.fromEntries(samples), null, 1)}\n`,
);
