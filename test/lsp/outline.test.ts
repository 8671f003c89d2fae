import assert from "node:assert/strict";
import { test } from "node:test";
import { commandFolds, commandSymbols, frameFolds } from "../../src/lsp/outline.ts";

test("frames with their words below them fold", () => {
  const lines = [
    "insmod [169]",
    "#0  delay_tsc+0x33",
    "  ffffd11f40523ad8  ffffffff9b9cd21a  return to panic",
    "  ffffd11f40523ae0  0000000000000008",
    "",
    " #1 [ffffd11f40523b58] oops_end.cold at ffffffff9b9c7c6f",
    "    ffffd11f40523b60: 0000000000000000 ffffd11f40523c28",
    "#2  last+0x1",
  ];
  assert.deepEqual(frameFolds(lines), [
    { startLine: 1, endLine: 3 },
    { startLine: 5, endLine: 6 },
  ]);
});

test("a command of a transcript folds with its output and is in the outline", () => {
  const lines = [
    "crash> bt 7",
    "PID: 7",
    " #0 [ffff] f at ffffffff81000000",
    "",
    "crash> sys | grep RELEASE",
    "RELEASE: 6.1.0",
  ];
  assert.deepEqual(commandFolds(lines), [
    { startLine: 0, endLine: 2 },
    { startLine: 4, endLine: 5 },
  ]);
  assert.deepEqual(
    commandSymbols(lines).map(({ name }) => name),
    ["bt 7", "sys | grep RELEASE"],
  );
});
