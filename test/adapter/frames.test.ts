import assert from "node:assert/strict";
import { test } from "node:test";
import { Frames } from "../../src/adapter/frames.ts";
import type { Thread } from "../../src/adapter/threads.ts";
import type { Kernel } from "../../src/model/kernel.ts";
import type { Frame } from "../../src/unwind/frame.ts";

const thread = { id: 1 } as Thread;
/** A frame without symbol, trap or line information. */
const frame = (pc: bigint) => ({ pc, places: () => [] }) as unknown as Frame;

test("the number of a stack's rows is known from when its end was reached, also for rows before the end", () => {
  const frames = new Frames({} as Kernel, () => ({
    frames: [frame(1n), frame(2n), frame(3n)],
    userTrap: undefined,
    fault: undefined,
  }));
  assert.equal(frames.of(thread, 0, 2).total, undefined);
  assert.equal(frames.of(thread, 0, 9).total, 3);
  assert.equal(frames.of(thread, 0, 2).total, 3);
});
