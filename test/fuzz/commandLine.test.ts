/** Nonsense typed at the prompt ends in an answer, a fault or a message: never in an exception of ours. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { commands } from "../../src/crash/commands.ts";
import { complete } from "../../src/crash/language/complete.ts";
import { filters } from "../../src/crash/language/filters.ts";
import { run } from "../../src/crash/language/language.ts";
import { taskAddress, toyTasks } from "../builders/tasks.ts";
import { toyContext } from "../builders/transcript.ts";
import { firstSeed } from "./fuzzing.ts";

/** mulberry32: small, seeded, good enough to type nonsense. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

const fragments = [
  ..."'\"()[]{}|<>&*+-/%^~!.,:;=?@$#\\ \t0123456789abcdefxgk_".split(""),
  ...["0x", "->", "<<", "::", "ffffffffffffffff", "ffff888000001000", "99999999999999999999", "-1", "-9"],
  ...[
    "init_task",
    "init_task.tasks",
    "task_struct",
    "task_struct.pid,comm",
    "runqueues:a",
    "struct",
    "sizeof",
    "(",
    "(((",
  ],
  ...["1", "init", "kernel", "UN", "list_head.next", "\u0000", "é", "𝄞", "a".repeat(300)],
];

test("nonsense is answered", () => {
  const next = random(20261121 + firstSeed);
  const kernel = toyTasks({ cpus: [1], tasks: [{ pid: 1, comm: "init" }] });
  const context = toyContext(kernel, kernel.object("struct task_struct", taskAddress(1)));
  const names = [...commands(), ...filters].map(({ name }) => name).filter((name) => name !== "exit" && name !== "q");
  for (let round = 0; round < 3000; round++) {
    const parts = Array.from({ length: next(8) }, () => fragments[next(fragments.length)]!);
    const options = Array.from(
      { length: next(3) },
      () => `-${"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"[next(52)]!}`,
    );
    const line = [names[next(names.length)]!, ...options, ...parts].join(next(2) ? " " : "");
    let count = 0;
    try {
      for (const piece of run(context, line)) {
        assert.ok(piece.kind === "progress" || Array.isArray(piece.lines), line);
        if (++count > 5000) break;
      }
      complete(context, line);
    } catch (error) {
      assert.fail(`${JSON.stringify(line)}: ${error instanceof Error ? error.stack : String(error)}`);
    }
  }
});
