/**
 * The program without arguments on a running kernel: a guest runs this checkout's dist/ on its own /proc/kcore, on
 * /dev/mem and on /dev/crash. Its CPU has five-level page tables, whose /proc/kcore has offsets of 56 bits.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { chmodSync, cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs"; // prettier-ignore
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { test } from "node:test";
import { cache } from "./alone.ts";

const RELEASE = "6.1.0-56-cloud-amd64";
const kernel = join(cache, "make", "sysroot", "boot", `vmlinuz-${RELEASE}`);
const initrd = join(cache, "make", "build", "initrd-full.zst");
const skip = existsSync(kernel) && existsSync(initrd) ? false : "no guest: run make/install.sh of the corpus";

const COMMANDS = ["sys", "ps", "bt 1", "log", "refresh", "sys", "bt -a"];
const INIT = `#!/bin/busybox sh
export PATH=/bin:/sbin HOME=/root LD_LIBRARY_PATH=/libs
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mkdir -p /tmp /root /etc; mount -t tmpfs tmp /tmp
echo "nobody:x:65534:65534::/nonexistent:/bin/sh" >/etc/passwd
cli="/kc/node /kc/dist/cli.js --no-rc"
chmod 755 / /root; chmod -R a+rX /bin /kc /libs /lib64
echo "lab: user"
su nobody -s /bin/sh -c "$cli -c sys; $cli /dev/mem -c sys" 2>&1
echo "lab: mem"
$cli /dev/mem -c sys 2>&1
$cli /dev/crash -c sys 2>&1
insmod /kc/lab_crashdev.ko
echo "lab: crash"
$cli /dev/crash -c sys -c "bt 1" 2>&1
echo "lab: begin"
/kc/node /kc/dist/cli.js --no-rc ${COMMANDS.map((command) => `-c "!echo '== '" -c "${command}"`).join(" ")} 2>&1
echo "lab: status $?"
poweroff -f
`;

/** Builds an initramfs with Node, the libraries that it needs, and dist/, before the corpus's own. */
function build(folder: string): string {
  const root = join(folder, "root");
  for (const name of ["kc/dist", "libs", "lib64"]) mkdirSync(join(root, name), { recursive: true });
  const foreign = /\.map$|^(?:adapter|extension|mcp|panels|server)/;
  cpSync("dist", join(root, "kc/dist"), { recursive: true, filter: (path) => !foreign.test(basename(path)) });
  const node = realpathSync(process.execPath);
  cpSync(node, join(root, "kc/node"));
  for (const [, library = ""] of execFileSync("ldd", [node], { encoding: "utf8" }).matchAll(/(\/\S+\.so[.\d]*) \(/g))
    cpSync(realpathSync(library), join(root, basename(dirname(library)) === "lib64" ? "lib64" : "libs", basename(library))); // prettier-ignore
  writeFileSync(join(root, "kc-init"), INIT);
  cpSync("test/corpus/crashdev", join(folder, "crashdev"), { recursive: true });
  execFileSync("make", ["-s", "-C", join(folder, "crashdev"), `KREL=${RELEASE}`], { stdio: ["ignore", "ignore", "pipe"] }); // prettier-ignore
  cpSync(join(folder, "crashdev", "lab_crashdev.ko"), join(root, "kc/lab_crashdev.ko"));
  chmodSync(join(root, "kc-init"), 0o755);
  const image = join(folder, "initrd");
  execFileSync("sh", ["-c", `cd "${root}" && { find . | cpio -o -H newc --quiet; cat "${initrd}"; } >"${image}"`]);
  return image;
}

test("without arguments the running kernel answers, and after refresh again", { skip, timeout: 900_000 }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), "vmcore-kcore-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const log = join(folder, "console.log");
  execFileSync(
    "qemu-system-x86_64",
    [
      ...["-accel", "tcg", "-cpu", "max", "-m", "1500", "-smp", "2", "-machine", "q35", "-display", "none"],
      ...["-nodefaults", "-no-reboot", "-serial", `file:${log}`, "-kernel", kernel, "-initrd", build(folder)],
      ...["-append", "console=ttyS0 quiet loglevel=1 rdinit=/kc-init panic=-1"],
    ],
    { stdio: "ignore", timeout: 800_000 },
  );
  const text = readFileSync(log, "utf8").replace(/\r|\x1b\[[0-9;]*[A-Za-z]/g, "");
  const [first = "", sys = "", ps = "", bt = "", dmesg = "", , later = "", active = ""] = text
    .slice(text.indexOf("lab: begin"))
    .split(/== $/m);
  const part = (name: string): string => text.split(/^lab: (?=\w+$)/m).find((one) => one.startsWith(name)) ?? "";
  const denied =
    /\/proc\/kcore may not be read: run vmcore-debug, or the editor, as root[^]*\/proc\/iomem hides the addresses/;
  assert.match(part("user"), denied);
  assert.match(part("mem"), /\/dev\/mem does not give the memory at 0x100000: a kernel with CONFIG_STRICT_DEVMEM/);
  assert.match(part("mem"), /there is no \/dev\/crash: load the module "crash"/);
  assert.match(part("crash"), /This is the running kernel: memory changes while it is read/);
  assert.match(
    part("crash"),
    /DUMPFILE: \/dev\/crash[^]*RELEASE: 6\.1\.0-56-cloud-amd64[^]*#0 .* __schedule at [^]*do_wait/,
  );
  assert.match(first, /This is the running kernel: memory changes while it is read/);
  assert.match(text, /lab: status 0$/m);
  assert.match(sys, /RELEASE: 6\.1\.0-56-cloud-amd64[^]*PANIC: \(no panic: the machine was running\)/);
  assert.match(ps, /\b1 +0 +\d +[0-9a-f]{16} +\w\w .* kc-init$/m);
  assert.match(bt, /#0 .* __schedule at [^]*do_wait/);
  assert.match(dmesg, /Linux version 6\.1\.0-56-cloud-amd64/);
  const seconds = (answer: string): number => Number(/UPTIME: 00:(\d\d):\d\d/.exec(answer)?.[1]) * 60 + Number(/UPTIME: 00:\d\d:(\d\d)/.exec(answer)?.[1]); // prettier-ignore
  assert.ok(seconds(later) > seconds(sys), `${later} is not later than ${sys}`);
  // The thread that reads is on a CPU, its stack changes meanwhile, and no CPU has the zeros of the note.
  assert.match(active, /COMMAND: "MainThread"/);
  assert.doesNotMatch(active, /RIP: 0000000000000000/);
});
