import assert from "node:assert/strict";
import { after, test } from "node:test";
import { panicSettings } from "../../../src/insight/health/panicSettings.ts";
import { taints } from "../../../src/insight/health/taints.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { changedSample, checked } from "../../builders/changedSample.ts";

const sample = openSession({ vmcore: ["sample/vmcore"] });
const other = changedSample(({ kernel, put, word }) => {
  word(kernel.symbols.find("tainted_mask")?.address ?? 0n, 0);
  put(kernel.variable("panic_on_oops"), 0);
  put(kernel.variable("sysrq_enabled"), 176);
  put(kernel.variable("panic_timeout"), 10);
});
const [first, second] = [checked(sample), checked(other)];
after(() => {
  sample.close();
  other.close();
});

test("taints are spelled out, and a kernel without any passes", () => {
  assert.deepEqual(first.of(taints)[0]?.text, [
    "The kernel is tainted: kernel died before (D), module from out of tree (O), unsigned module (E).",
  ]);
  assert.equal(first.of(taints)[0]?.severity, "note");
  assert.equal(second.said(taints), "The kernel is not tainted.");
});

test("panic settings are told with their values, and what the sysrq mask allows", () => {
  const [one] = first.of(panicSettings);
  assert.equal(one?.severity, "note");
  assert.equal(one.slots["kernel.panic_on_oops"], 1);
  assert.match(String(one.text[0]), /^The kernel panics after: an oops; it does not panic after: a warning, /);
  const said = String(second.of(panicSettings)[0]?.text[0]);
  assert.match(said, /^The kernel panics after: none of the events that can be chosen; /);
  assert.match(said, /the machine reboots 10 s after a panic/);
  assert.match(said, /the sysrq key allows reboot and power off \(128\), remounting read-only \(32\), sync \(16\)\.$/);
});
