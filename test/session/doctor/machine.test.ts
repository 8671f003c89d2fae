import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, test } from "node:test";
import { crashkernelOf } from "../../../src/linux/kdump/crashkernel.ts";
import { machineDiagnoses, runningRelease } from "../../../src/session/doctor/machine.ts";

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

/** A root directory with files. */
function machine(files: { readonly [path: string]: string }): string {
  const root = mkdtempSync(join(tmpdir(), "machine-"));
  folders.push(root);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  }
  return root;
}

const said = (root: string): string[] =>
  machineDiagnoses(root).map(({ state, what, says }) => `${state} ${what}: ${says}`);

const ready = {
  "proc/sys/kernel/osrelease": "6.12.1\n",
  "proc/cmdline": "quiet crashkernel=512M -- crashkernel=1\n",
  "sys/kernel/kexec_crash_size": "536870912\n",
  "sys/kernel/kexec_crash_loaded": "1\n",
  "proc/sys/kernel/panic_on_oops": "1\n",
  "proc/sys/kernel/sysrq": "176\n",
  "proc/sys/kernel/panic": "10\n",
  "proc/meminfo": "MemTotal:       4 kB\n",
  "var/crash/empty": "",
};

test("no remedy is listed for a machine that is ready", () => {
  const root = machine(ready);
  assert.equal(runningRelease(root), "6.12.1");
  assert.deepEqual(said(root).slice(0, 2), [
    "ok crashkernel=: crashkernel=512M reserved 512 MiB.",
    "ok /sys/kernel/kexec_crash_loaded: A capture kernel is loaded.",
  ]);
  assert.deepEqual(
    machineDiagnoses(root).filter(({ state }) => state !== "ok"),
    [],
  );
});

test("settings are reported in words, with their values", () => {
  const root = machine(ready);
  assert.ok(said(root).includes("ok kernel.panic_on_oops = 1: An oops panics the kernel."));
  assert.ok(said(root).includes("ok kernel.panic = 10: The machine reboots 10 s after a panic."));
  assert.match(said(root).join("\n"), /kernel\.sysrq = 176: The sysrq key allows reboot and power off \(128\)/);
});

test("crash memory that is not requested, and crash memory that is requested but not reserved, is reported as missing", () => {
  const unasked = machine({ ...ready, "proc/cmdline": "quiet\n", "sys/kernel/kexec_crash_size": "0\n" });
  assert.match(said(unasked)[0] ?? "", /^missing crashkernel=: The kernel's command line reserves no memory/);
  const refused = machine({ ...ready, "sys/kernel/kexec_crash_size": "0\n" });
  assert.match(said(refused)[0] ?? "", /^missing crashkernel=: crashkernel=512M is given, but no memory is reserved/);
});

test("a capture kernel that is not loaded is reported as missing, and an unknown one gives a note", () => {
  const unloaded = machine({ ...ready, "sys/kernel/kexec_crash_loaded": "0\n" });
  assert.match(said(unloaded)[1] ?? "", /^missing .*: No capture kernel is loaded/);
  const { "sys/kernel/kexec_crash_loaded": _, ...others } = ready;
  assert.match(said(machine(others))[1] ?? "", /^note /);
});

test("an oops that does not panic the kernel is noted", () => {
  const root = machine({ ...ready, "proc/sys/kernel/panic_on_oops": "0\n" });
  assert.match(said(root).join("\n"), /note kernel\.panic_on_oops = 0: An oops does not panic the kernel\. A dump/);
});

test("the free space of the directory that kdump is set to is compared with the memory", () => {
  const root = machine({
    ...ready,
    "etc/default/kdump-tools": 'USE_KDUMP=1\nKDUMP_COREDIR="/srv/dumps"\n',
    "srv/dumps/empty": "",
    "proc/meminfo": "MemTotal:       9007199254740 kB\n",
  });
  assert.match(said(root).at(-1) ?? "", /^note \/srv\/dumps: \d+ MiB are free, the memory has \d+ MiB/);
  assert.match(said(machine(ready)).at(-1) ?? "", /^ok \/var\/crash: .* enough for all of the memory/);
  const { "var/crash/empty": _, ...others } = ready;
  assert.match(said(machine(others)).at(-1) ?? "", /^note \/var\/crash: The directory for dumps does not exist/);
});

test("crashkernel= is read from the kernel's part of the command line", () => {
  assert.deepEqual(crashkernelOf("crashkernel=1G,high crashkernel=128M,low ro -- crashkernel=5"), [
    "1G,high",
    "128M,low",
  ]);
  assert.deepEqual(crashkernelOf("nocrashkernel=1G"), []);
});
