import assert from "node:assert/strict";
import { test } from "node:test";
import { panicSettings, sysrqWords } from "../../../src/linux/kdump/panicSettings.ts";
import { toyKernel } from "../../builders/kernel.ts";

test("the mask of the sysrq key is decoded", () => {
  assert.equal(
    sysrqWords(176),
    "the sysrq key allows reboot and power off (128), remounting read-only (32), sync (16)",
  );
  assert.equal(sysrqWords(0), "the sysrq key is disabled");
  assert.equal(sysrqWords(1), "the sysrq key allows everything");
  assert.equal(sysrqWords(0x410), "the sysrq key allows sync (16), unknown bits (1024)");
});

test("settings have their values and sizes; one that the kernel does not have is left out", () => {
  const kernel = toyKernel({
    symbols: { panic_timeout: 0x1000n, sysctl_hung_task_timeout_secs: 0x1008n, panic_on_oops: 0x1010n },
    memory: [
      ["int", 0x1000n, -1],
      ["unsigned long", 0x1008n, 120],
      ["int", 0x1010n, 1],
    ],
  });
  assert.deepEqual(
    panicSettings(kernel).map(({ setting, value }) => [setting.sysctl, value]),
    [
      ["kernel.panic_on_oops", 1],
      ["kernel.panic", -1],
      ["kernel.hung_task_timeout_secs", 120],
    ],
  );
});
