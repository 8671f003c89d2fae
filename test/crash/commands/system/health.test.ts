import assert from "node:assert/strict";
import { after, test } from "node:test";
import { GridBuilder } from "../../../../src/render/grid.ts";
import { openSession } from "../../../../src/session/open/open.ts";
import { data, pieces, transcript } from "../../../builders/transcript.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => {
  session.close();
});

interface Row {
  readonly severity: string;
  readonly check: string;
  readonly evidence: readonly string[];
  readonly commands: readonly string[];
}

const rows = (line: string): readonly Row[] => data(session.context, line) as unknown as readonly Row[];

test("health lists what is unusual, and with -v the checks that passed as well", () => {
  assert.deepEqual(
    rows("health").map(({ severity, check }) => [severity, check]),
    [
      ["note", "clock jumps"],
      ["note", "taints"],
      ["note", "panic and watchdog settings"],
      ["note", "kdump"],
      ["note", "contents of the dump"],
      ["not checked", "kernel options"],
    ],
  );
  const all = rows("health -v");
  assert.ok(all.some(({ severity, check }) => severity === "pass" && check === "load average"));
  assert.ok(all.length > 25);
});

test("each finding has its evidence, and each piece the command that prints it", () => {
  for (const { severity, check, evidence, commands } of rows("health -v")) {
    assert.equal(evidence.length, commands.length);
    assert.equal(evidence.length > 0, severity === "note" || severity === "suspect", check);
  }
  assert.match(transcript(session.context, "health -v"), /tainted_mask = 0x3080 {2}<- sys -t/);
});

test("a grid has one row for each finding, however much evidence it has", () => {
  const grid = new GridBuilder({ wordSize: 8, isAddress: () => false, isPlace: () => false });
  for (const piece of pieces(session.context, "health")) grid.add(piece);
  assert.equal(grid.end().tables[0]?.rows.length, rows("health").length);
});
