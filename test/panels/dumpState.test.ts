import assert from "node:assert/strict";
import { test } from "node:test";
import { dumpState } from "../../src/panels/dumpState.ts";

function pages() {
  const state: Record<string, unknown> = {};
  return {
    recall: <T>(topic: string, otherwise: T): T => (state[topic] as T | undefined) ?? otherwise,
    // What VS Code keeps is JSON.
    remember: (topic: string, value: unknown): void => void (state[topic] = JSON.parse(JSON.stringify(value))),
  };
}

test("a search of one dump is found again with it, and not with another", () => {
  const shared = pages();
  dumpState(["/a/vmcore"], shared).remember("log search", "oops");
  dumpState(["/a/vmcore"], shared).remember("log level", 3);
  assert.equal(dumpState(["/a/vmcore"], shared).recall("log search", ""), "oops");
  assert.equal(dumpState(["/a/vmcore"], shared).recall("log level", 7), 3);
  assert.equal(dumpState(["/b/vmcore"], shared).recall("log search", ""), "");
  assert.equal(dumpState(["/a/vmcore", "/b/vmcore"], shared).recall("log search", ""), "");
});

test("of many dumps the last are remembered", () => {
  const shared = pages();
  for (let i = 0; i < 100; i++) dumpState([`/${i}`], shared).remember("log search", `word ${i}`);
  assert.equal(dumpState(["/99"], shared).recall("log search", ""), "word 99");
  assert.equal(dumpState(["/0"], shared).recall("log search", ""), "");
});
