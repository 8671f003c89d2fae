/** The `health` command: checks the state of the whole machine. */
import { commandOf, evidenceText } from "../../../../insight/evidence.ts";
import { health as healthOf } from "../../../../insight/health.ts";
import type { DumpState } from "../../../../insight/healthCheck.ts";
import { utsname } from "../../../../linux/utsname.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { type Line, type Pieces, text } from "../../../../say/piece.ts";
import { command, type Context } from "../../../language/command.ts";
import { type HealthRow, healthRows, healthTable } from "./rows.ts";

/** Returns what the checks need to know of the dump file. */
const dumpOf = ({ kernel, session: { dumpLevel, incomplete, configFile } }: Context): DumpState => ({
  dumpLevel,
  incomplete,
  config: configFile && (() => configFile(utsname(kernel).release)),
});

export const health = command({
  name: "health",
  readsOnly: true,
  summary: "state of the machine: CPUs, tasks, memory, I/O, timers, settings",
  usage: "[-v]",
  takesOnlyOptions: true,
  options: [{ flag: "-v", help: "also the checks that found nothing, and the evidence of each finding" }],
  description: `Checks one part of the machine after the other and says what is unusual, each in a sentence. Suspects come first: a state that keeps a part of the machine from working. Notes follow: settings, and states that can be normal.

A check that could not be done says why. docs/health.md lists the checks with their limits.`,
  examples: [
    { line: "health", shows: "What is unusual about the machine." },
    { line: "health -v", shows: "Every check, with the evidence and the command that prints it." },
  ],
  records: () => [{ line: "health", fields: healthTable.columns }],
  needs: ["types"],
  *run(context, args): Pieces {
    const { kernel } = context;
    const isVerbose = args.has("-v");
    const rows = healthRows(yield* healthOf(kernel, dumpOf(context)), isVerbose);
    if (rows.length === 0) {
      yield text("every check passed");
      return;
    }
    const layout = new TableLayout(kernel, healthTable);
    layout.fit(rows);
    yield layout.heading();
    for (const row of rows) yield layout.row(row, () => (isVerbose ? evidenceLines(row) : []));
  },
});

const evidenceLines = ({ evidence }: HealthRow): Line[] =>
  evidence.map((one) => ["      ", { as: "dim", text: evidenceText(one) }, `  <- ${commandOf(one)}`]);
