import assert from "node:assert/strict";
import { test } from "node:test";
import { Budget, parseSize } from "../../src/base/budget.ts";
import { Fault } from "../../src/base/fault.ts";

const GIB = 2 ** 30;

test("more than 2 GiB are kept only after the user agreed, and the question is sent once", async () => {
  await assert.rejects(new Budget({ remedy: "so and so" }).keep(2 * GIB + 1, "a.deb"), (error: unknown) => {
    assert.ok(error instanceof Fault);
    assert.equal(error.message, "a.deb unpacks to more than 2 GiB: so and so");
    return true;
  });
  for (const yes of [true, false]) {
    const asked: string[] = [];
    const ask = (question: string): Promise<boolean> => Promise.resolve(Boolean(asked.push(question)) && yes);
    const budget = new Budget({ ask });
    await budget.keep(2 * GIB, "a.deb");
    for (let round = 0; round < 2; round++)
      if (yes) await budget.keep(GIB, "a.deb");
      else await assert.rejects(budget.keep(GIB, "a.deb"), Fault);
    assert.deepEqual(asked, ["a.deb unpacks to more than 2 GiB. Unpack up to 32 GiB?"]);
    await assert.rejects(budget.keep(40 * GIB, "a.deb"), /more than/);
  }
});

test("unpacked bytes, files and time are limited too, for the whole session", () => {
  const budget = new Budget({ kept: GIB });
  budget.pass(31 * GIB, 0, "a");
  assert.throws(() => budget.pass(2 * GIB, 0, "b"), /b unpacks to more than 32 GiB in all/);
  assert.throws(() => new Budget().pass(1, 601_000, "a"), /takes too long to unpack: stopped after 601 seconds/);
  const files = new Budget();
  assert.throws(() => {
    for (let i = 0; i < 1_000_000; i++) files.file("a.tar");
  }, /a\.tar cannot be unpacked: this session has unpacked 300000 files/);
});

test("released memory can be reserved again, and is released only once", () => {
  const budget = new Budget();
  const { room } = budget;
  const giveBack = budget.hold(1000);
  assert.equal(budget.room, room - 1000);
  giveBack();
  giveBack();
  assert.equal(budget.room, room);
});

test("a size is written with a unit or without", () => {
  assert.deepEqual(["8G", "500m", "123", "2k"].map(parseSize), [8 * GIB, 500 << 20, 123, 2048]);
  assert.deepEqual(["", "G", "8 G", "-1", "8X", "999999999999T"].map(parseSize), Array(6).fill(undefined));
});
