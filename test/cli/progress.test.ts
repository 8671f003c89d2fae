import assert from "node:assert/strict";
import { test } from "node:test";
import { progressText } from "../../src/cli/progress.ts";
import { progress, type Piece } from "../../src/say/piece.ts";

const line = (done: number, total: number, elapsed: number): string =>
  progressText(progress("pages", done, total) as Extract<Piece, { kind: "progress" }>, elapsed);

test("a progress line has the share of the work, and after three seconds the time left", () => {
  assert.equal(line(250, 1000, 1000), "pages 25%");
  assert.equal(line(250, 1000, 4000), "pages 25%, 12 s left");
  assert.equal(line(1, 1000, 4000), "pages 0%, 67 min left");
  assert.equal(line(1000, 1000, 4000), "pages 100%");
  assert.equal(line(17, 0, 4000), "pages 17");
  assert.equal(line(0, 10, 4000), "pages 0%");
});
