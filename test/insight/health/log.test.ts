import assert from "node:assert/strict";
import { test } from "node:test";
import { sentenceText } from "../../../src/insight/finding.ts";
import { clocks } from "../../../src/insight/health/clocks.ts";
import { consoleLock } from "../../../src/insight/health/consoleLock.ts";
import { lostMessages } from "../../../src/insight/health/lostMessages.ts";
import { checkedOne } from "../../builders/changedSample.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";
import { type LogMessage, ringbuffer } from "../../builders/log.ts";
import { lockTypes, ring, sleepingKernel, waiterAddress } from "../../builders/sleepers.ts";
import { taskAddress } from "../../builders/tasks.ts";

/** A kernel with a log, up for a million seconds by its timer ticks. */
function logged(messages: readonly LogMessage[], clockSeconds = 1_000_000): ToyKernel {
  const { memory, vmcoreinfo } = ringbuffer(messages);
  return toyKernel({
    types: `struct seqcount { unsigned int sequence; };
      struct timekeeper { unsigned long long xtime_sec; unsigned long ktime_sec; };
      struct tk_data { struct timekeeper timekeeper; };`,
    vmcoreinfo,
    symbols: { jiffies_64: 0xffff_8000_0000_0000n, tk_core: 0xffff_8000_0000_0100n },
    memory: [
      ...memory,
      ["unsigned long long", 0xffff_8000_0000_0000n, BigInt.asUintN(32, -300n * 250n) + 1_000_000n * 250n],
      ["struct timekeeper", 0xffff_8000_0000_0100n, { ktime_sec: clockSeconds }],
    ],
  });
}

const line = (text: string, seconds: number): LogMessage => ({ text, nanoseconds: BigInt(Math.round(seconds * 1e9)) });
const ids = (kernel: ToyKernel, check: typeof clocks): (string | undefined)[] =>
  checkedOne(kernel, check).findings.map(({ slots }) => Object.keys(slots)[0]);

test("an unstable clock source and a log whose time steps back are noted", () => {
  const kernel = logged([
    line("tsc: Marking TSC unstable due to TSCs unsynchronized", 1),
    line("later", 9),
    line("earlier", 7),
  ]);
  assert.deepEqual(ids(kernel, clocks), ["unstable", "stepBack"]);
});

test("a log whose times differ by less than a second is in order", () => {
  const kernel = logged([line("one", 5), line("two", 4.5), line("three", 6)]);
  assert.deepEqual(checkedOne(kernel, clocks).findings, []);
  assert.equal(
    checkedOne(kernel, clocks).said,
    "The log's time does not step back by more than 1 s, and the clock and the timer ticks differ by at most 10 s.",
  );
});

test("a clock that counts other seconds than the timer ticks is noted", () => {
  const [one] = checkedOne(logged([line("one", 5)], 1_000_030), clocks).findings;
  assert.deepEqual(one?.slots, { clock: 1_000_030, ticks: 1_000_000 });
});

test("a log without times does not show whether the clock steps back", () => {
  assert.equal(
    checkedOne(logged([]), clocks).said,
    "The log has no times, and the clock and the timer ticks differ by at most 10 s.",
  );
});

test("ticks are said to be lost only if there are fewer of them than seconds of the clock", () => {
  const text = (clock: number): string => sentenceText(checkedOne(logged([], clock), clocks).findings[0]?.text ?? []);
  assert.match(text(1_000_030), /: ticks were lost/);
  assert.equal(text(999_970), "The clock counts 999970 s since boot and the timer ticks 1000000 s.");
});

/** A kernel with two consoles, of which the first has dropped messages; the chain has a console's name and number. */
function withConsoles(dropped: number): ToyKernel {
  const [FIRST, SECOND] = [0xffff_8000_0000_1000n, 0xffff_8000_0000_2000n];
  const { memory, vmcoreinfo } = ringbuffer([line("a", 1)]);
  return toyKernel({
    types: `struct console { char name[16]; short index; unsigned long dropped; struct console *next; };
      struct console *console_drivers;`,
    vmcoreinfo,
    symbols: { console_drivers: 0xffff_8000_0000_0000n },
    memory: [
      ...memory,
      ["struct console *", 0xffff_8000_0000_0000n, FIRST],
      ["struct console", FIRST, { name: "ttyS", index: 1, dropped, next: SECOND }],
      ["struct console", SECOND, { name: "tty", index: 0, dropped: 0, next: 0n }],
    ],
  });
}

test("messages that a console dropped, and messages that newer ones overwrote, are noted", () => {
  const [found] = checkedOne(withConsoles(17), lostMessages).findings;
  assert.deepEqual([found?.severity, found?.slots], ["note", { dropped: 17, console: "ttyS1" }]);
  assert.equal(sentenceText(found?.text ?? []), "The console ttyS1 has dropped 17 messages and not printed that yet.");
  assert.deepEqual(checkedOne(withConsoles(0), lostMessages).findings, []);
  const wrapped = logged(Array.from({ length: 70 }, (_, i) => line(`message ${i}`, i)));
  const [one] = checkedOne(wrapped, lostMessages).findings;
  assert.equal(one?.severity, "note");
  assert.ok(Number(one.slots["overwritten"]) > 0);
});

test("descriptors whose texts were overwritten count as overwritten messages", () => {
  const REUSABLE = 3;
  const log = logged([{ ...line("a", 1), state: REUSABLE }, { ...line("b", 2), state: REUSABLE }, line("c", 3)]);
  const [one] = checkedOne(log, lostMessages).findings;
  assert.deepEqual(one?.slots, { overwritten: 2 });
});

test("messages for which the ring buffer had no room are a suspect", () => {
  const { memory, vmcoreinfo } = ringbuffer([line("a", 1)]);
  const kernel = toyKernel({
    types: `typedef struct { long counter; } atomic_long_t;
      struct printk_ringbuffer { atomic_long_t fail; };`,
    vmcoreinfo: { ...vmcoreinfo },
    symbols: { prb: 0xffff_8000_0000_0000n },
    memory: [
      ...memory,
      ["struct printk_ringbuffer *", 0xffff_8000_0000_0000n, 0xffff_8000_0000_0100n],
      ["struct printk_ringbuffer", 0xffff_8000_0000_0100n, { fail: { counter: 3 } }],
    ],
  });
  const [one] = checkedOne(kernel, lostMessages).findings;
  assert.deepEqual([one?.severity, one?.slots], ["suspect", { lost: 3 }]);
});

test("a log whose records cannot be read does not show whether messages were overwritten", () => {
  const REUSABLE = 3;
  assert.match(
    checkedOne(logged([{ ...line("a", 1), state: REUSABLE }]), lostMessages).said,
    /no message was lost; the log does not show whether some were overwritten\.$/,
  );
});

test("a log with its first message has lost no messages", () => {
  const { findings, said } = checkedOne(logged([line("a", 1), line("b", 2)]), lostMessages);
  assert.deepEqual(findings, []);
  assert.equal(said, "2 lines; no message was lost or overwritten.");
});

const SEM = 0xffff_8880_3000_0000n;
/** Offset of semaphore.wait_list. */
const WAIT_LIST = 8n;

/** A machine with the console lock; `waits` says whether a task sleeps in down(). */
const withConsole = (count: number, waits: boolean): ToyKernel =>
  sleepingKernel({
    sleepers: waits
      ? [{ pid: 5, comm: "printer", functions: ["schedule_timeout", "__down_common", "console_lock"] }]
      : [],
    symbols: { console_sem: { address: SEM, size: 24, type: "d" } },
    memory: [
      ["struct semaphore", SEM, { count }],
      ...(waits
        ? [
            ["struct semaphore_waiter", waiterAddress(5), { task: taskAddress(5) }] as const,
            ...ring(SEM + WAIT_LIST, waiterAddress(5)),
          ]
        : ring(SEM + WAIT_LIST)),
    ],
  });

test("a console lock that a task waits for is a suspect; one that is only held is a note", () => {
  const [held] = checkedOne(withConsole(0, false), consoleLock).findings;
  assert.deepEqual([held?.severity, held?.slots["waiters"]], ["note", 0]);
  const [waited] = checkedOne(withConsole(0, true), consoleLock).findings;
  assert.deepEqual([waited?.severity, waited?.slots["waiters"]], ["suspect", 1]);
});

test("a free console lock passes", () => {
  const { findings, said } = checkedOne(withConsole(1, false), consoleLock);
  assert.deepEqual([findings, said], [[], "The console lock is free."]);
});

test("a console that prints without the console lock is reported with the CPU that owns it", () => {
  const [FIRST, SECOND] = [0xffff_8880_3100_0000n, 0xffff_8880_3100_1000n];
  /** Offset of `node` in the toy's struct console. */
  const NODE = 24n;
  const types = `${lockTypes} struct hlist_head { void *first; }; struct hlist_node { void *next, *pprev; };
    struct nbcon_state { unsigned int prio:2, req_prio:2, unsafe:1, unsafe_takeover:1, cpu:24; };
    struct console { char name[16]; short index; struct hlist_node node; struct { unsigned int counter; } nbcon_state; };`;
  const kernel = sleepingKernel({
    sleepers: [],
    types,
    symbols: {
      console_sem: { address: SEM, size: 24, type: "d" },
      console_list: { address: SEM + 0x100n, size: 8, type: "b" },
    },
    memory: [
      ["struct semaphore", SEM, { count: 1 }],
      ...ring(SEM + WAIT_LIST),
      ["struct hlist_head", SEM + 0x100n, { first: FIRST + NODE }],
      // Priority normal, unsafe, CPU 3; the second console is owned by nobody.
      ["struct console", FIRST, { name: "ttyS", index: 0, node: { next: SECOND + NODE, pprev: SEM + 0x100n }, nbcon_state: { counter: 1 | (1 << 4) | (3 << 6) } }], // prettier-ignore
      ["struct console", SECOND, { name: "tty", index: 1, node: { next: 0n, pprev: FIRST + NODE } }],
    ],
  });
  const { findings } = checkedOne(kernel, consoleLock);
  assert.deepEqual(
    findings.map(({ slots }) => slots),
    [{ console: "ttyS0", cpu: 3, priority: "normal" }],
  );
});
