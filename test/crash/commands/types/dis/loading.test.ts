/** The first disassembly of a process, which has to load the disassembler: nothing in this file may do so before. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { run } from "../../../../../src/crash/language/language.ts";
import { lineText, type Piece } from "../../../../../src/say/piece.ts";
import { drive } from "../../../../../src/base/job.ts";
import { openSession } from "../../../../../src/session/open/open.ts";

const session = openSession({ vmcore: ["sample/vmcore"] });
after(() => session.close());

test("a filter after the first disassembly receives its lines, and the job waits once", async () => {
  const pieces: Piece[] = [];
  await drive(run(session.context, "dis panic 3 | tail -1"), new AbortController().signal, {
    onStep: (piece) => void pieces.push(piece),
  });
  const lines = pieces.flatMap((piece) => (piece.kind === "progress" ? [] : piece.lines.map(lineText)));
  assert.equal(lines.length, 1, lines.join("\n"));
  assert.match(lines[0] ?? "", /^0x[0-9a-f]+ <panic\+\d+>:\t\w+/);
  assert.equal(pieces.filter((piece) => piece.kind === "progress" && piece.until !== undefined).length, 1);
});
