import assert from "node:assert/strict";
import { test } from "node:test";
import { isOn, PANIC_SETTINGS, panicEvent, panicSettings, sysrqWords } from "../../../src/linux/kdump/panicSettings.ts";
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

const settingOf = (sysctl: string) => {
  const found = PANIC_SETTINGS.find((one) => one.sysctl === sysctl);
  assert.ok(found);
  return found;
};

test("an unknown NMI panics the kernel by either of two settings", () => {
  const unknown = settingOf("kernel.unknown_nmi_panic");
  const unrecovered = (value: number) => (sysctl: string) =>
    sysctl === "kernel.panic_on_unrecovered_nmi" ? value : undefined;
  assert.equal(isOn(unknown, 0, unrecovered(1)), true);
  assert.equal(isOn(unknown, 0, unrecovered(0)), false);
  assert.equal(isOn(unknown, 1, unrecovered(0)), true);
});

test("hung_task_panic above 1 is a number of hung tasks", () => {
  const setting = settingOf("kernel.hung_task_panic");
  assert.equal(panicEvent(setting, 1), "a hung task");
  assert.equal(panicEvent(setting, 10), "10 hung tasks in one check");
});

test("sysrq_always_enabled overrides the mask of the sysrq key", () => {
  const of = (always: number): string | undefined => {
    const kernel = toyKernel({
      symbols: { sysrq_enabled: 0x1000n, sysrq_always_enabled: 0x1010n },
      memory: [
        ["int", 0x1000n, 0],
        ["unsigned char", 0x1010n, always],
      ],
    });
    const [known] = panicSettings(kernel);
    return known?.setting.words?.(known.value);
  };
  assert.equal(of(0), "the sysrq key is disabled");
  assert.equal(of(1), "the sysrq key allows everything (sysrq_always_enabled)");
});
