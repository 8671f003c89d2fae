import assert from "node:assert/strict";
import { test } from "node:test";
import { Fault } from "../../../../../src/base/fault.ts";
import { backtraceJson } from "../../../../../src/crash/commands/tasks/bt/json.ts";
import { backtraceLines, type BacktraceStyle } from "../../../../../src/crash/commands/tasks/bt/stack.ts";
import { fromStop } from "../../../../../src/linux/sched/stoppedStack.ts";
import { lineText } from "../../../../../src/say/piece.ts";
import type { CodePlace } from "../../../../../src/model/kernel.ts";
import type { Frame, Stack, StackKind, Trap } from "../../../../../src/unwind/frame.ts";
import { taskAddress, toyTasks } from "../../../../builders/tasks.ts";
import { toyContext, transcript } from "../../../../builders/transcript.ts";

const kernel = toyTasks({ cpus: [1], tasks: [{ pid: 1, comm: "init" }] });
const task = kernel.object("struct task_struct", taskAddress(1));
const plain: BacktraceStyle = { lines: false, inlined: false, offsets: undefined, data: undefined };

const trap = (type: string, pc: bigint, sp: bigint, more: Partial<Trap> = {}): Trap => ({
  type,
  registers: new Map([["rip", pc], ["rsp", sp], ["rflags", 0x46n], ["cs", 0x10n], ["ss", 0x18n]]), // prettier-ignore
  address: 0x1n,
  errorCode: undefined,
  errorText: undefined,
  faultAddress: undefined,
  user: false,
  ...more,
});

interface FrameOptions {
  readonly stack?: StackKind;
  readonly trap?: Trap;
  readonly exact?: boolean;
  readonly module?: string;
  readonly doubt?: string;
  readonly places?: readonly CodePlace[];
}

/** A frame of a function that starts 16 bytes before `pc`. */
const frame = (name: string, pc: bigint, sp: bigint, options: FrameOptions = {}): Frame => ({
  pc,
  sp,
  cfa: undefined,
  registers: new Map([["rip", pc], ["rsp", sp]]), // prettier-ignore
  exact: options.exact ?? options.trap !== undefined,
  symbol: { name, address: pc - 16n, size: 64, type: "T", ...(options.module ? { module: options.module } : {}) },
  stack: options.stack ?? "task",
  trap: options.trap,
  caller: undefined,
  doubt: options.doubt,
  places: () => options.places ?? [],
});

const stackOf = (frames: readonly Frame[], more: Partial<Stack> = {}): Stack => ({
  frames,
  userTrap: undefined,
  fault: undefined,
  ...more,
});

/** Without the heading, registers shortened to their first line. */
const shown = (stack: Stack, style: Partial<BacktraceStyle> = {}): string[] =>
  backtraceLines(task, stack, { ...plain, ...style })
    .slice(1)
    .map(lineText)
    .filter((line) => !/^ +CS: /.test(line));

test("frames of a sleeping task are numbered, each with the place of its return address", () => {
  const frames = [frame("__schedule", 0x1000n, 0x8010n), frame("schedule", 0x2000n, 0x8040n, { module: "ext4" })];
  assert.deepEqual(shown(stackOf(frames)), [" #0 [8008] __schedule at 1000", " #1 [8038] schedule at 2000 [ext4]"]);
  assert.equal(shown(stackOf(frames), { offsets: 16 })[0], " #0 [8008] __schedule+0x10 at 1000");
});

test("an interrupted function on the same stack is identified by its registers", () => {
  const frames = [
    frame("exc_page_fault", 0x1000n, 0x8010n),
    frame("asm_exc_page_fault", 0x2000n, 0x8040n),
    frame("broken", 0x3000n, 0x8100n, {
      trap: trap("page fault", 0x3000n, 0x8100n, { errorText: "read", faultAddress: 8n }),
    }),
    frame("caller", 0x4000n, 0x8140n),
  ];
  assert.deepEqual(shown(stackOf(frames)), [
    " #0 [8008] exc_page_fault at 1000",
    " #1 [8038] asm_exc_page_fault at 2000",
    "    [exception RIP: broken+16]",
    "    RIP: 0000000000003000  RSP: 0000000000008100  RFLAGS: 00000046",
    "    page fault at 0000000000000008: read",
    " #2 [8138] caller at 4000",
  ]);
});

test("the function that an NMI interrupted is a frame of its own after the change of stacks", () => {
  const frames = [
    frame("crash_nmi_callback", 0x1000n, 0xe010n, { stack: "nmi" }),
    frame("read_hpet", 0x3000n, 0x8100n, { trap: trap("NMI", 0x3000n, 0x8100n) }),
    frame("caller", 0x4000n, 0x8108n),
  ];
  assert.deepEqual(shown(stackOf(frames)), [
    " #0 [e008] crash_nmi_callback at 1000",
    "    [exception RIP: read_hpet+16]",
    "    RIP: 0000000000003000  RSP: 0000000000008100  RFLAGS: 00000046",
    "--- <NMI exception stack> ---",
    " #1 [8100] read_hpet at 3000",
    " #2 [8100] caller at 4000",
  ]);
});

test("an interrupt's stack ends at the change of stacks in its entry code", () => {
  const frames = [
    frame("sysvec_apic_timer_interrupt", 0x1000n, 0xa010n, { stack: "irq" }),
    frame("asm_sysvec_apic_timer_interrupt", 0x2000n, 0x8040n),
  ];
  assert.deepEqual(shown(stackOf(frames)), [
    " #0 [a008] sysvec_apic_timer_interrupt at 1000",
    "--- <IRQ stack> ---",
    " #1 [8040] asm_sysvec_apic_timer_interrupt at 2000",
  ]);
});

test("the delay loop of panic() is not shown, but the function in which another CPU stopped is", () => {
  const looping = [frame("delay_tsc", 0x900n, 0x8000n, { exact: true }), frame("panic", 0x1000n, 0x8008n), frame("sysrq_handle_crash", 0x2000n, 0x8040n)]; // prettier-ignore
  assert.deepEqual(shown(fromStop(stackOf(looping))), [
    " #0 [8000] panic at 1000",
    " #1 [8038] sysrq_handle_crash at 2000",
  ]);
  const stopped = [frame("stop_this_cpu", 0x900n, 0x8000n, { exact: true }), frame("sysvec_reboot", 0x1000n, 0x8008n)];
  assert.deepEqual(shown(fromStop(stackOf(stopped))), [
    "    [exception RIP: stop_this_cpu+16]",
    "    RIP: 0000000000000900  RSP: 0000000000008000",
    " #0 [8000] sysvec_reboot at 1000",
  ]);
});

test("for an incomplete stack the reason is printed after its frames", () => {
  const fault = Fault.at("unmapped", 0x8040n, "not mapped");
  assert.deepEqual(shown(stackOf([frame("schedule", 0x1000n, 0x8010n)], { fault })), [
    " #0 [8008] schedule at 1000",
    "    <8040: not mapped>",
  ]);
});

test("a frame found by scanning is marked as doubtful", () => {
  const [line] = shown(stackOf([frame("schedule", 0x1000n, 0x8010n, { doubt: "scan" })]));
  assert.equal(line, " #0 [8008] schedule at 1000  (found by scanning the stack)");
});

const place = (name: string, inlined: boolean, line: number): CodePlace => ({
  function: name,
  inlined,
  source: { file: "kernel/sched/core.c", line, column: 2 },
  entry: 0n,
  variables: () => [],
  module: undefined,
});
const inlined = frame("__schedule", 0x1000n, 0x8010n, { places: [place("context_switch", true, 5257), place("__schedule", false, 6600)] }); // prettier-ignore

test("lines are those of the function itself and, if requested, of the functions inlined into it", () => {
  assert.deepEqual(shown(stackOf([inlined]), { lines: true }), [
    " #0 [8008] __schedule at 1000",
    "    kernel/sched/core.c: 6600",
  ]);
  assert.deepEqual(shown(stackOf([inlined]), { lines: true, inlined: true }), [
    " #0 [8008] __schedule at 1000",
    "    (inlined) context_switch  kernel/sched/core.c: 5257",
    "    kernel/sched/core.c: 6600",
  ]);
});

test("JSON output has inlined functions as frames, innermost first", () => {
  const broken = frame("broken", 0x3000n, 0x8100n, { trap: trap("page fault", 0x3000n, 0x8100n) });
  const unnamed = { ...frame("x", 0x5000n, 0x8200n), symbol: undefined };
  const fault = Fault.of("unknown", "nothing tells how to go on");
  const json = JSON.parse(JSON.stringify(backtraceJson(task, stackOf([inlined, broken, unnamed], { fault })))) as {
    pid: number;
    frames: Record<string, unknown>[];
    error: { fault: string; message: string };
  };
  const absent = { module: null, trap: null, livePatch: null, doubt: null };
  assert.deepEqual(json.frames.slice(0, 2), [
    {
      function: "context_switch",
      inlined: true,
      pc: "0x0000000000001000",
      sp: "0x0000000000008010",
      file: "kernel/sched/core.c",
      line: 5257,
      ...absent,
    },
    {
      function: "__schedule",
      inlined: false,
      pc: "0x0000000000001000",
      sp: "0x0000000000008010",
      file: "kernel/sched/core.c",
      line: 6600,
      ...absent,
    },
  ]);
  assert.deepEqual(json.frames[2]?.["trap"], {
    type: "page fault",
    registers: {
      rip: "0x0000000000003000",
      rsp: "0x0000000000008100",
      rflags: "0x0000000000000046",
      cs: "0x0000000000000010",
      ss: "0x0000000000000018",
    },
    errorText: null,
    faultAddress: null,
  });
  assert.equal(json.frames[3]?.["function"], null);
  assert.deepEqual([json.pid, json.error.message], [1, "nothing tells how to go on"]);
});

test("a frame of Rust is shown by its plain name, with an offset or without, and has the symbol in JSON", () => {
  const mangled = "_RNvNtCshc5sK6KjdJJ_6kernel5print11call_printk";
  const stack = stackOf([frame(mangled, 0xffffffff81000010n, 0xffffc90000001000n)]);
  assert.match(shown(stack)[0]!, /\] kernel::print::call_printk at ffffffff81000010$/);
  assert.match(shown(stack, { offsets: 16 })[0]!, /\] kernel::print::call_printk\+0x10 at /);
  assert.match(JSON.stringify(backtraceJson(task, stack)), new RegExp(mangled));
});

test("bt -v says of how many tasks the end of the stack cannot be read", () => {
  assert.match(transcript(toyContext(kernel), "bt -v"), /^The end of the stack cannot be read: \d+ tasks?$/m);
});
