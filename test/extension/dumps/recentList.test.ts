import assert from "node:assert/strict";
import { test } from "node:test";
import {
  dumpRows,
  isKept,
  keyOf,
  type Recent,
  withDump,
  withoutDump,
} from "../../../src/extension/dumps/recentList.ts";
import { KCORE } from "../../../src/session/open/liveKernel.ts";
import { MEMORY_DEVICES } from "../../../src/session/open/memoryDevice.ts";
import type { About } from "../../../src/protocol/custom.ts";

const about = (path: string, more: Partial<About> = {}): About =>
  ({ vmcore: [path], title: "Oops", release: "6.1.0", host: "web1", panicked: true, ...more }) as About;
const listOf = (...paths: readonly string[]): readonly Recent[] =>
  paths.reduce<readonly Recent[]>((list, path, i) => withDump(list, about(path), i), []);

test("the dump that was opened last comes first, once", () => {
  const list = withDump(listOf("/a/vmcore", "/b/vmcore"), about("/a/vmcore"), 9);
  assert.deepEqual(list.map(({ vmcore, openedAt }) => [vmcore[0], openedAt]), [["/a/vmcore", 9], ["/b/vmcore", 1]]); // prettier-ignore
  assert.deepEqual(withoutDump(list, ["/a/vmcore"]).length, 1);
});

test("a running kernel is not kept as a dump, a file that exists is", () => {
  // The extension cannot import from session/: these are the files that a session opens as the running kernel.
  for (const path of [KCORE, ...MEMORY_DEVICES])
    assert.equal(
      isKept([path], () => true),
      false,
      path,
    );
  assert.equal(isKept(["/a/vmcore"], () => true), true); // prettier-ignore
  assert.equal(isKept(["/a/vmcore"], () => false), false); // prettier-ignore
});

test("twenty dumps are kept", () => {
  const list = listOf(...Array.from({ length: 30 }, (_, i) => `/${i}/vmcore`));
  assert.deepEqual([list.length, list[0]?.vmcore[0]], [20, "/29/vmcore"]);
});

test("open dumps are listed first, and one whose file is gone says so", () => {
  const open = new Set([keyOf(["/a/vmcore"])]);
  const rows = dumpRows(listOf("/a/vmcore", "/b/vmcore", "/c/vmcore"), open, ([path]) => path !== "/b/vmcore");
  assert.deepEqual(
    rows.map(({ label, description, state }) => [label, description, state]),
    [
      ["a/vmcore", "open · Oops · 6.1.0 · web1", "open"],
      ["c/vmcore", "Oops · 6.1.0 · web1", "closed"],
      ["b/vmcore", "missing · Oops · 6.1.0 · web1", "missing"],
    ],
  );
});
