import assert from "node:assert/strict";
import { test } from "node:test";
import { pagedSink, pagerCommand } from "../../src/cli/pager.ts";
import { buffered, type Sink } from "../../src/cli/sink.ts";

/** A sink that remembers. */
function memory(): Sink & { text: string; writes: number; ended: boolean } {
  return {
    text: "",
    writes: 0,
    ended: false,
    write(text) {
      this.text += text;
      this.writes++;
    },
    end() {
      this.ended = true;
      return Promise.resolve();
    },
  };
}

const screen = { rows: 4, columns: 10 };

test("output that fits on the screen is printed; longer output is passed to the pager", async () => {
  for (const [lines, goesToPager] of [
    [3, false],
    [4, true],
    [40, true],
  ] as const) {
    const [direct, pager] = [memory(), memory()];
    const sink = pagedSink(direct, screen, () => pager);
    for (let i = 0; i < lines; i++) await sink.write(`line ${i}\n`);
    await sink.end();
    assert.equal((goesToPager ? pager : direct).text.split("\n").length - 1, lines);
    assert.equal((goesToPager ? direct : pager).text, "");
  }
});

test("a long line counts as several rows; colours and links have no width", async () => {
  const [direct, pager] = [memory(), memory()];
  const sink = pagedSink(direct, screen, () => pager);
  await sink.write("\u001b[31mred\u001b[0m \u001b]8;;file:///a/very/long/address\u001b\\x\u001b]8;;\u001b\\\n");
  assert.equal(pager.text, "");
  await sink.write(`${"x".repeat(35)}\n`);
  assert.notEqual(pager.text, "");
});

test("the pager is CRASHPAGER, then PAGER, then an installed one; an empty variable means no pager", () => {
  assert.equal(pagerCommand({ CRASHPAGER: "most", PAGER: "less" }), "most");
  assert.equal(pagerCommand({ PAGER: "cat" }), "cat");
  assert.equal(pagerCommand({ PAGER: "" }), undefined);
  assert.equal(pagerCommand({ PATH: "/no/such" }), undefined);
});

test("small writes are collected", async () => {
  const sink = memory();
  const collecting = buffered(sink);
  for (let i = 0; i < 1000; i++) await collecting.write("0123456789");
  assert.equal(sink.writes, 0);
  await collecting.end();
  assert.equal(sink.text.length, 10_000);
  assert.deepEqual([sink.writes, sink.ended], [1, true]);
});
