import assert from "node:assert/strict";
import { test } from "node:test";
import { arm } from "../../../../../src/arch/arm/arm.ts";
import { backtraceLines } from "../../../../../src/crash/commands/tasks/bt/stack.ts";
import { lineText } from "../../../../../src/say/piece.ts";
import type { Frame, Stack } from "../../../../../src/unwind/frame.ts";
import { toyKernel } from "../../../../builders/kernel.ts";

const kernel = toyKernel({
  arch: arm,
  types: "struct task_struct { int pid; char comm[16]; unsigned cpu; };",
  symbols: { panic: 0xc0ebbe00n, die: 0xc030da00n },
  memory: [["struct task_struct", 0xc1000000n, { pid: 7, comm: "insmod" }]],
});

const frame = (name: string, pc: bigint, more: Partial<Frame> = {}): Frame =>
  ({
    pc,
    exact: false,
    symbol: { name, address: pc - 16n, size: 64, type: "T", module: name === "apply" ? "lab" : undefined },
    stack: "task",
    registers: new Map(),
    sp: 0xd0000000n,
    doubt: undefined,
    places: () => [],
    ...more,
  }) as unknown as Frame;

test("frames of arm have crash's layout: the code, the function, and the address that it returns to", () => {
  const trap = { type: "data abort", registers: new Map([["pc", 0xbf19e0bcn]]), address: 0xd0001000n, user: false };
  const stack = {
    frames: [
      frame("die", 0xc030da2cn),
      frame("__dabt_svc", 0xc0300b4cn),
      frame("apply", 0xbf19e0bcn, { exact: true, trap: trap as unknown as Frame["trap"] }),
      frame("apply", 0xbf19e148n),
    ],
    userTrap: undefined,
    fault: undefined,
  } as unknown as Stack;
  const style = { lines: false, inlined: false, offsets: undefined, data: undefined };
  const lines = backtraceLines(kernel.object("struct task_struct", 0xc1000000n), stack, style).map(lineText);
  assert.deepEqual(
    lines.filter((line) => line.includes("#")),
    [
      " #0 [<c030da2c>] (die) from [<c0300b4c>]",
      " #1 [<c0300b4c>] (__dabt_svc) from [<bf19e0bc>]",
      " #2 [<bf19e148>] (apply [lab])",
    ],
  );
});
