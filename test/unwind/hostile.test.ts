import assert from "node:assert/strict";
import { test } from "node:test";
import { stackTrace } from "../../src/linux/sched/stackTrace.ts";
import { taskTable } from "../../src/linux/sched/task.ts";
import { openSession } from "../../src/session/open/open.ts";
import { savedCursor } from "../../src/unwind/start.ts";
import { unwind } from "../../src/unwind/unwind.ts";

const { kernel } = openSession({ vmcore: ["sample/vmcore"] });
const { tasks } = taskTable(kernel);

/** A repeatable row of numbers below a bound. */
function* random(seed: number): Generator<(bound: number) => number> {
  let state = seed;
  for (;;) {
    yield (bound) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * bound);
    };
  }
}

test("from any place with any registers the walk ends, in frames or in a fault", () => {
  const below = random(42).next().value as (bound: number) => number;
  const text = [...kernel.symbols.all()].filter(({ type }) => type === "t" || type === "T");
  const stacks = tasks.map((task) => task.at("stack").value()).filter((stack) => stack !== 0n);
  const addresses = [
    () => (stacks[below(stacks.length)] ?? 0n) + BigInt(below(0x4000) & ~7),
    () => (stacks[below(stacks.length)] ?? 0n) + BigInt(below(0x4000)),
    () => text[below(text.length)]!.address + BigInt(below(64)),
    () => BigInt(below(2 ** 32)) << BigInt(below(33)),
    () => 0xffffffffffffffffn - BigInt(below(64)),
    () => BigInt(below(64)),
  ];
  const any = (): bigint => addresses[below(addresses.length)]!();
  let faults = 0;
  let frames = 0;
  for (let round = 0; round < 1500; round++) {
    const registers = new Map(["rbp", "rdi", "rdx", "r10", "r13"].map((name) => [name, any()]));
    registers.set("rsp", below(4) > 0 ? addresses[0]!() : any());
    registers.set("rip", below(4) > 0 ? addresses[2]!() : any());
    registers.set("cs", 0x10n);
    const stack = unwind(kernel, savedCursor(kernel, registers), { task: tasks[below(tasks.length)]! });
    for (const frame of stack.frames) void [frame.symbol, frame.registers, frame.places(), frame.trap?.errorText];
    assert.ok(stack.frames.length <= 1000);
    frames += stack.frames.length;
    if (stack.fault) faults++;
  }
  assert.ok(faults > 100 && frames > 1500, `${faults} faults, ${frames} frames`);
});

test("every stack of the sample is complete, except that of the exited task", () => {
  const broken = tasks.filter((task) => stackTrace(kernel, task).fault !== undefined);
  assert.deepEqual(
    broken.map((task) => task.at("comm").text()),
    ["zombie-child"],
  );
});

test("the sample's panic is followed through the module's init code to user space", () => {
  const panicked = tasks.find((task) => task.at("comm").text() === "insmod")!;
  const { frames, userTrap } = stackTrace(kernel, panicked);
  const names = frames.map(({ symbol }) => symbol?.name);
  assert.deepEqual(names.slice(0, 4), ["delay_tsc", "panic", "oops_end.cold", "page_fault_oops"]);
  assert.deepEqual(names.slice(6, 10), ["lab_apply", "hello_init", "do_one_initcall", "do_init_module"]);
  assert.equal(userTrap?.type, "system call");
  const trap = frames[6]!.trap!;
  assert.equal(trap.type, "page fault");
  assert.equal(trap.errorText, "write to a page that is not present, kernel mode");
  assert.equal(trap.faultAddress, 0n);
  assert.equal(trap.registers.get("rip"), frames[6]!.pc);
});
