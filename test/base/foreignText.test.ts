import assert from "node:assert/strict";
import { test } from "node:test";
import { parsedJson } from "../../src/session/fetch/packages.ts";
import { unlessRefused } from "../../src/base/refused.ts";
import { regularExpression } from "../../src/base/regularExpression.ts";

test("invalid JSON gives undefined, and another error is thrown", () => {
  assert.deepEqual(parsedJson('{"a":1}'), { a: 1 });
  assert.equal(parsedJson('{"a":'), undefined);
  const bug = { toString: (): string => assert.fail("ours") } as unknown as string;
  assert.throws(() => parsedJson(bug), /ours/);
});

test("a text that is no regular expression is undefined", () => {
  assert.equal(regularExpression("a+", "i")?.test("AA"), true);
  assert.equal(regularExpression("("), undefined);
});

test("an answer that another process refuses is undefined", async () => {
  assert.equal(await unlessRefused(Promise.resolve(3)), 3);
  assert.equal(await unlessRefused(Promise.reject(new Error("not now"))), undefined);
});
