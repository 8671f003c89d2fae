/** Signals of tasks. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { sigactionFlags, signalName, signalSet, signalsOf } from "../../../src/linux/sched/signal.ts";
import { toyKernel } from "../../builders/kernel.ts";

test("signals of the real-time range are named relative to its ends", () => {
  assert.deepEqual([1, 9, 17, 31, 32, 33, 48, 49, 64].map(signalName), [
    "SIGHUP",
    "SIGKILL",
    "SIGCHLD/SIGCLD",
    "SIGSYS/SIGUNUSED",
    "SIGRTMIN",
    "SIGRTMIN+1",
    "SIGRTMIN+16",
    "SIGRTMAX-15",
    "SIGRTMAX",
  ]);
  assert.deepEqual(signalsOf(0x8000_0000_0000_0201n), [1, 10, 64]);
  assert.deepEqual(sigactionFlags(0x1400_0004n), ["SA_RESTORER", "SA_SIGINFO", "SA_RESTART"]);
});

test("a sigset of two 32-bit words is one number", () => {
  const kernel = toyKernel({
    types: "typedef struct { unsigned long sig[2]; } sigset_t;",
    arch: { name: "arm", byteOrder: "little", wordSize: 4 },
    memory: [["sigset_t", 0x1000n, { sig: [0x200n, 0x8000_0000n] }]],
  });
  assert.deepEqual(signalsOf(signalSet(kernel.object("sigset_t", 0x1000n))), [10, 64]);
});
