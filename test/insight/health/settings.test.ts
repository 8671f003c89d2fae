import assert from "node:assert/strict";
import { after, test } from "node:test";
import { sentenceText } from "../../../src/insight/finding.ts";
import { dumpContents } from "../../../src/insight/health/dumpContents.ts";
import { kdump } from "../../../src/insight/health/kdump.ts";
import { kernelOptions } from "../../../src/insight/health/kernelOptions.ts";
import { panicSettings } from "../../../src/insight/health/panicSettings.ts";
import { taints } from "../../../src/insight/health/taints.ts";
import { toyKernel, type ToyKernel } from "../../builders/kernel.ts";
import { KERNEL_NEEDS, kernelOptions as optionsOf } from "../../../src/linux/kdump/kernelOptions.ts";
import { openSession } from "../../../src/session/open/open.ts";
import { changedSample, checked, checkedOne } from "../../builders/changedSample.ts";

const sample = openSession({ vmcore: ["sample/vmcore"] });
const other = changedSample(({ kernel, put, word }) => {
  word(kernel.symbols.find("tainted_mask")?.address ?? 0n, 0);
  put(kernel.variable("panic_on_oops"), 0);
  put(kernel.variable("sysrq_enabled"), 176);
  put(kernel.variable("panic_timeout"), 10);
  put(kernel.variable("crashk_res").at("start"), 0x1000_0000);
  put(kernel.variable("crashk_res").at("end"), 0x17ff_ffff);
});
const [first, second] = [checked(sample), checked(other)];
after(() => {
  sample.close();
  other.close();
});

test("taints are spelled out, and a kernel without any passes", () => {
  assert.deepEqual(first.of(taints)[0]?.text, [
    "The kernel is tainted: there was an oops or a BUG, perhaps that of this crash (D), module from out of tree (O), unsigned module (E).",
  ]);
  assert.equal(first.of(taints)[0]?.severity, "note");
  assert.equal(second.said(taints), "The kernel is not tainted.");
});

test("panic settings are listed with their values, and with what the sysrq mask allows", () => {
  const [one] = first.of(panicSettings);
  assert.equal(one?.severity, "note");
  assert.equal(one.slots["kernel.panic_on_oops"], 1);
  assert.match(sentenceText(one.text), /^The kernel panics after: an oops; it does not panic after: a warning, /);
  const said = sentenceText(second.of(panicSettings)[0]?.text ?? []);
  assert.match(said, /^The kernel panics after: none of the events that can be chosen; /);
  assert.match(said, /the machine reboots 10 s after a panic/);
  assert.match(said, /the sysrq key allows reboot and power off \(128\), remounting read-only \(32\), sync \(16\)\.$/);
});

/** A kernel that was booted with a command line, and what is reserved and loaded. */
const kdumpKernel = (commandLine: string, end: bigint, image: bigint): ToyKernel =>
  toyKernel({
    types: `struct resource { unsigned long long start; unsigned long long end; };
      struct kimage { unsigned long head; unsigned long start; };
      struct resource crashk_res;`,
    symbols: { saved_command_line: 0x1000n, crashk_res: 0x2000n, kexec_crash_image: 0x3000n },
    memory: [
      ["char *", 0x1000n, commandLine],
      ["struct resource", 0x2000n, { start: end === 0n ? 0n : 0x1300_0000n, end }],
      ["unsigned long", 0x3000n, image],
      ["struct kimage", 0x4000n, { start: 0x1eff_a120n }],
    ],
  });

test("kdump that was not set up is a note; memory without a capture kernel is a suspect", () => {
  assert.deepEqual(
    first.of(kdump).map(({ severity, slots }) => [severity, slots["asked"], slots["reserved"]]),
    [["note", "", 0]],
  );
  assert.deepEqual(
    second.of(kdump).map(({ severity, slots }) => [severity, slots["asked"], slots["reserved"]]),
    [["suspect", "", 128 * 2 ** 20]],
  );
});

test("requested but unreserved crash memory is a suspect, a loaded capture kernel is not", () => {
  const [refused] = checkedOne(kdumpKernel("quiet crashkernel=8G", 0n, 0n), kdump).findings;
  assert.equal(refused?.severity, "suspect");
  assert.deepEqual(refused.text, ["crashkernel=8G requests memory, but none is reserved: kdump could not work."]);
  const ready = checkedOne(kdumpKernel("crashkernel=192M", 0x1eff_ffffn, 0x4000n), kdump);
  assert.deepEqual(ready.findings, []);
  assert.equal(
    ready.said,
    "crashkernel=192M reserved 192.0 MiB at physical 0x13000000, and a capture kernel is loaded there; its entry point is 0x1effa120.",
  );
});

test("memory that is reserved without a request of the command line is said to be there", () => {
  assert.match(
    checkedOne(kdumpKernel("quiet", 0x1eff_ffffn, 0x4000n), kdump).said,
    /^There is reserved memory: 192\.0 MiB at physical 0x13000000, and a capture kernel is loaded there/,
  );
});

test("a soft lockup in the taint can be that of the crash", () => {
  const kernel = toyKernel({ symbols: { tainted_mask: 0x1000n }, memory: [["unsigned long", 0x1000n, 1n << 14n]] });
  assert.equal(
    sentenceText(checkedOne(kernel, taints).findings[0]?.text ?? []),
    "The kernel is tainted: there was a soft lockup, perhaps that of this crash (L).",
  );
});

test("missing options of the kernel configuration are notes with their consequence", () => {
  const lines = [...KERNEL_NEEDS.flatMap(({ anyOf }) => anyOf.map((name) => `CONFIG_${name}=y`))];
  const config = (left: string) => () => ({
    path: "/boot/config-6.1",
    config: optionsOf(lines.filter((line) => !line.includes(left))),
  });
  const kernel = toyKernel({ symbols: { init_task: 0x1000n } });
  const lacking = checkedOne(kernel, kernelOptions, { config: config("KALLSYMS_ALL") }).findings;
  assert.deepEqual(
    lacking.map(({ severity, slots }) => [severity, slots["option"]]),
    [["note", "CONFIG_KALLSYMS_ALL"]],
  );
  assert.match(sentenceText(lacking[0]?.text ?? []), /Without a vmlinux, a dump names functions/);
  const complete = checkedOne(kernel, kernelOptions, { config: config("nothing") });
  assert.deepEqual(complete.findings, []);
  assert.equal(complete.said, "/boot/config-6.1 serves the 7 needs of kdump and the analysis.");
  assert.throws(() => checkedOne(kernel, kernelOptions), /no configuration in its memory/);
});

test("excluded pages of a dump are a note with what they hide, and an incomplete dump is a suspect", () => {
  const kernel = toyKernel();
  const [left] = checkedOne(kernel, dumpContents, { dumpLevel: 31 }).findings;
  assert.deepEqual(left?.slots, {
    dumpLevel: 31,
    leftOut: ["zero", "page cache", "private page cache", "user", "free"],
  });
  assert.match(sentenceText(left?.text ?? []), /The memory of processes cannot be read/);
  assert.deepEqual(
    checkedOne(kernel, dumpContents, { incomplete: true }).findings.map(({ severity }) => severity),
    ["suspect"],
  );
  const said = (dump: { readonly dumpLevel?: number }): string => {
    const { findings, said } = checkedOne(kernel, dumpContents, dump);
    assert.deepEqual(findings, []);
    return said;
  };
  assert.equal(said({ dumpLevel: 1 }), "The dump leaves out only pages of zeros (level 1).");
  assert.equal(said({ dumpLevel: 0 }), "The dump leaves out no kind of page (level 0).");
  assert.equal(said({}), "The dump's header has no dump level: it does not say whether pages were left out.");
});
