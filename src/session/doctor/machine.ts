/** Reads whether a machine is set up to write a crash dump. */
import { statfsSync } from "node:fs";
import { join } from "node:path";
import { wholeFile } from "../../base/file.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { crashkernelOf } from "../../linux/kdump/crashkernel.ts";
import { isOn, PANIC_SETTINGS, panicEvent } from "../../linux/kdump/panicSettings.ts";
import { type Diagnosis, diagnosis } from "./diagnosis.ts";

/** Maximum size of a file of /proc, /sys or /etc in bytes. */
const MAX_BYTES = 1 << 20;

/** Reads a small file below the root; undefined if it cannot be read. */
const textOf = (root: string, path: string): string | undefined =>
  attemptSystem(() => wholeFile(join(root, path), MAX_BYTES).toString("utf8"));

/** Returns the running kernel's release; undefined where /proc does not have it. */
export const runningRelease = (root: string): string | undefined => textOf(root, "proc/sys/kernel/osrelease")?.trim();

/** Looks at the running machine. @param root the directory that stands for `/` */
export const machineDiagnoses = (root: string): readonly Diagnosis[] => [
  ...reservation(root),
  ...captureKernel(root),
  ...settings(root),
  ...dumpDirectory(root),
];

const megabytes = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;

/** Compares the size that `crashkernel=` requests with the size that is reserved. */
function* reservation(root: string): Generator<Diagnosis> {
  const line = textOf(root, "proc/cmdline");
  const asked = line === undefined ? [] : crashkernelOf(line);
  const reserved = Number(textOf(root, "sys/kernel/kexec_crash_size")?.trim() ?? Number.NaN);
  if (line === undefined) yield diagnosis("note", "crashkernel=", "/proc/cmdline cannot be read.");
  else if (asked.length === 0 && !(reserved > 0))
    yield diagnosis(
      "missing",
      "crashkernel=",
      "The kernel's command line reserves no memory for a capture kernel. Add for example crashkernel=512M to the boot loader's configuration, and reboot.",
    );
  if (!Number.isSafeInteger(reserved)) return;
  const words = asked.map((one) => `crashkernel=${one}`).join(" ");
  if (reserved > 0)
    yield diagnosis("ok", "crashkernel=", `${words || "The kernel"} reserved ${megabytes(reserved)}.`.trim());
  else if (asked.length > 0)
    yield diagnosis(
      "missing",
      "crashkernel=",
      `${words} is given, but no memory is reserved: there was no free range of this size. "dmesg | grep -i crashkernel" says why.`,
    );
}

function* captureKernel(root: string): Generator<Diagnosis> {
  const path = "/sys/kernel/kexec_crash_loaded";
  const loaded = textOf(root, path)?.trim();
  if (loaded === "1") yield diagnosis("ok", path, "A capture kernel is loaded.");
  else if (loaded === "0")
    yield diagnosis(
      "missing",
      path,
      "No capture kernel is loaded: a crash is not dumped. Install and start kdump (Debian, Ubuntu: kdump-tools; Fedora, RHEL: kdump.service; SUSE: kdump).",
    );
  else yield diagnosis("note", path, "The file cannot be read: the kernel has no kexec, or /sys is not mounted.");
}

/** Reports the panic sysctls. An oops that does not panic the kernel leaves no dump. */
function* settings(root: string): Generator<Diagnosis> {
  const valueOf = (sysctl: string): number | undefined => {
    const text = textOf(root, `proc/sys/${sysctl.replaceAll(".", "/")}`)?.trim();
    const value = Number(text);
    return text === undefined || text === "" || !Number.isInteger(value) ? undefined : value;
  };
  for (const setting of PANIC_SETTINGS) {
    const { sysctl, words } = setting;
    const value = valueOf(sysctl);
    if (value === undefined) continue;
    const event = panicEvent(setting, value);
    if (event !== undefined) {
      const isOops = sysctl === "kernel.panic_on_oops" && value === 0;
      const effect = isOn(setting, value, valueOf) ? "panics the kernel" : "does not panic the kernel";
      yield diagnosis(
        isOops ? "note" : "ok",
        `${sysctl} = ${value}`,
        `${capital(event)} ${effect}.${isOops ? " A dump of it is only written if the setting is 1." : ""}`,
      );
    } else if (words) yield diagnosis("ok", `${sysctl} = ${value}`, `${capital(words(value))}.`);
  }
}

const capital = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`;

/** Where kdump's services read the directory of the dumps, and what sets it there. */
const DIRECTORIES: readonly (readonly [file: string, setting: RegExp])[] = [
  ["etc/default/kdump-tools", /^\s*KDUMP_COREDIR=["']?([^"'\n#]+?)["']?\s*$/m],
  ["etc/kdump.conf", /^\s*path\s+(\S+)/m],
  ["etc/sysconfig/kdump", /^\s*KDUMP_SAVEDIR=["']?(?:file:\/\/)?([^"'\n#]+?)["']?\s*$/m],
];

/** Compares the free space where dumps are written with the size of the memory. */
function* dumpDirectory(root: string): Generator<Diagnosis> {
  const set = DIRECTORIES.map(([file, setting]) => setting.exec(textOf(root, file) ?? "")?.[1]);
  const directory = set.find((one) => one !== undefined) ?? "/var/crash";
  const total = Number(/^MemTotal:\s+(\d+) kB/m.exec(textOf(root, "proc/meminfo") ?? "")?.[1] ?? Number.NaN) * 1024;
  const place = attemptSystem(() => statfsSync(join(root, directory)));
  if (!place) {
    yield diagnosis(
      "note",
      directory,
      "The directory for dumps does not exist; kdump creates it, or writes elsewhere.",
    );
    return;
  }
  const free = place.bavail * place.bsize;
  const says = `${megabytes(free)} are free`;
  if (Number.isNaN(total)) yield diagnosis("ok", directory, `${says}.`);
  else if (free < total)
    yield diagnosis(
      "note",
      directory,
      `${says}, the memory has ${megabytes(total)}: a dump without filtering (makedumpfile -d 31) may not fit.`,
    );
  else yield diagnosis("ok", directory, `${says}, enough for all of the memory (${megabytes(total)}).`);
}
