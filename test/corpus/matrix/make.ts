/** Makes the dump of a row: fetches the kernel and its vmlinux, boots and crashes the guest, and asks drgn and crash. */
import { execFileSync, spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs"; // prettier-ignore
import { join } from "node:path";
import { alone, cache } from "../alone.ts";
import { corpus, peers } from "../corpus.ts";
import { digest, source, unstableTree } from "../made/platform.ts";
import type { Kernel, Row } from "./rows.ts";

const lab = join(cache, "foreign");
/** Where the rows' dumps are kept. */
export const matrixCache = join(cache, "matrix");
const scripts = join(import.meta.dirname, "../foreign");

export interface MadeRow {
  readonly release: string;
  readonly vmcore: string;
  /** Undefined when Debian no longer has it. */
  readonly vmlinux: string | undefined;
  /** What the guest's kernel printed. */
  readonly console: string;
  /** What drgn answered about the same memory, with the vmlinux; undefined without one. */
  readonly drgn: string | undefined;
  /** What crash answered; undefined on machines that its program for x86_64 does not read. */
  readonly crash: string | undefined;
}

const script = (file: string, argv: readonly string[], env: NodeJS.ProcessEnv = {}): void => {
  const nice = ["-n", "19", join(scripts, file), ...argv];
  execFileSync("nice", nice, { stdio: ["ignore", "ignore", "inherit"], env: { ...process.env, LAB: lab, ...env } });
};

/** Unpacks a kernel unless it is there. @returns its release */
function unpackedKernel({ name, suite, debian, packages }: Kernel): string {
  const root = join(lab, "kernels", name, "root");
  const complete = join(root, "complete-matrix");
  if (!existsSync(complete)) {
    rmSync(join(lab, "kernels", name), { recursive: true, force: true });
    script("get-kernel.sh", [name, suite, debian, ...packages]);
    // Not every mirror has what an archived suite had.
    script("get-kernel.sh", [name, suite === "bullseye" ? "bookworm" : suite, debian, "busybox-static"]);
    writeFileSync(complete, "");
  }
  const folder = ["usr/lib/modules", "lib/modules"].map((path) => join(root, path)).find((path) => existsSync(path))!;
  return readdirSync(folder)[0]!;
}

/** @returns the vmlinux of a release, fetched when it is absent; undefined when Debian no longer has it */
function unpackedVmlinux(release: string, { suite, debian }: Kernel): string | undefined {
  const kept = join(cache, "debuginfo", `linux-image-${release}-dbg`, "usr/lib/debug/boot", `vmlinux-${release}`);
  if (existsSync(kept)) return kept;
  const file = join(matrixCache, "vmlinux", `vmlinux-${release}`);
  try {
    if (!existsSync(file)) script("get-kernel.sh", ["--vmlinux", file, suite, debian, `linux-image-${release}-dbg`]);
    return file;
  } catch (error) {
    console.error(`no vmlinux of ${release}: ${String(error)}`);
    return undefined;
  }
}

/** Crashes of the corpus' modules, which leave an exception in kernel mode on the stack. SysRq does not. */
export type Scenario = "nullderef" | "bugon";

/** Identifies everything of which the row is made, so that it is made again after a change. */
const stamp = (row: Row): string =>
  digest(JSON.stringify(row), ...["build.sh", "conf.sh", "guest-init", "run-guest.py"].map((file) => source(`../foreign/${file}`)), source("../matrix/account.py")); // prettier-ignore

const CRASH_COMMANDS = ["ps", "foreach bt", "mod", "mount", "kmem -i", "kmem -s", "log"];

/** Runs a tool with a limit of time and space. @returns its output, or its last lines of errors */
function asked(argv: readonly string[], input = ""): string {
  const { status, stdout, stderr } = spawnSync("nice", [peers, ...argv], {
    input,
    encoding: "utf8",
    maxBuffer: 1 << 28,
    timeout: 300_000,
  });
  return status === 0 ? stdout : `${stdout}\nFAILED: ${stderr.trim().split("\n").slice(-3).join(" ")}`;
}

/** Boots the row's guest and writes the dump, the console and the answers of the tools to a folder. */
function boot(row: Row, folder: string, vmlinux: string | undefined): void {
  const { name } = row.kernel;
  const append = ["labt=1 log_buf_len=8M printk.devkmsg=on", row.append ?? ""].join(" ").trim();
  script("build.sh", [name, "initrd", "guest"], { ...row.guest, APPEND: append, CORPUS: corpus });
  const [build, out] = [join(lab, "build", name), join(lab, "dumps", name)];
  copyFileSync(join(out, "console.log"), join(folder, "console.log"));
  const elf = join(build, "vmcore.elf");
  if (vmlinux !== undefined) {
    const account = join(scripts, "../matrix/account.py");
    writeFileSync(join(folder, "drgn.json"), asked(["drgn", "-q", "-c", elf, "-s", vmlinux, account]));
    writeFileSync(
      join(folder, "types.json"),
      asked(["drgn", "-q", "-p", String(process.pid), "--no-default-symbols", account, row.machine, vmlinux]),
    );
    if (row.machine === "x86_64") {
      const input = [...CRASH_COMMANDS.map((line) => `!echo '=== ${line}'\n${line}`), "exit"].join("\n");
      writeFileSync(join(folder, "crash.txt"), asked(["crash", "-s", vmlinux, elf], `${input}\n`));
    }
  }
  const flat = join(build, "vmcore.flat");
  renameSync(existsSync(flat) ? flat : elf, join(folder, "vmcore"));
  rmSync(build, { recursive: true });
}

/** Makes the row's dump unless it is there. */
export function madeRow(row: Row): MadeRow {
  const folder = join(matrixCache, row.name);
  const facts = join(folder, "row.json");
  const isThere =
    existsSync(facts) && (JSON.parse(readFileSync(facts, "utf8")) as { stamp: string }).stamp === stamp(row);
  if (!isThere)
    alone(() => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      const release = unpackedKernel(row.kernel);
      const vmlinux = unpackedVmlinux(release, row.kernel);
      boot(row, folder, vmlinux);
      if (vmlinux !== undefined) symlinkSync(vmlinux, join(folder, "vmlinux"));
      writeFileSync(facts, JSON.stringify({ stamp: stamp(row), release }));
    }, "matrix");
  const file = (name: string): string | undefined => (existsSync(join(folder, name)) ? join(folder, name) : undefined);
  return {
    release: (JSON.parse(readFileSync(facts, "utf8")) as { release: string }).release,
    vmcore: join(folder, "vmcore"),
    vmlinux: file("vmlinux"),
    console: join(folder, "console.log"),
    drgn: file("drgn.json"),
    crash: file("crash.txt"),
  };
}

export interface MadeCrash {
  readonly vmcore: string;
  readonly vmlinux: string | undefined;
  /** What the guest's kernel printed. */
  readonly console: string;
}

/** Makes the dump of a row's guest that a module of the corpus crashes, unless it is there. */
export function madeCrash(row: Row, scenario: Scenario): MadeCrash {
  const folder = join(matrixCache, `${row.name}-${scenario}`);
  const { name, suite, debian } = row.kernel;
  const facts = join(folder, "row.json");
  const stamped = `${stamp(row)} ${scenario}`;
  const isThere = existsSync(facts) && (JSON.parse(readFileSync(facts, "utf8")) as { stamp: string }).stamp === stamped;
  if (!isThere) {
    const root = unstableTree();
    alone(() => {
      rmSync(folder, { recursive: true, force: true });
      mkdirSync(folder, { recursive: true });
      const vmlinux = unpackedVmlinux(unpackedKernel(row.kernel), row.kernel);
      script("lab-modules.sh", [name, suite, debian, root], { CORPUS: corpus });
      script("build.sh", [name, "initrd", "guest"], { ...row.guest, APPEND: row.append ?? "", CORPUS: corpus, SCENARIO: scenario }); // prettier-ignore
      copyFileSync(join(lab, "dumps", name, "console.log"), join(folder, "console.log"));
      renameSync(join(lab, "build", name, "vmcore.flat"), join(folder, "vmcore"));
      rmSync(join(lab, "build", name), { recursive: true });
      if (vmlinux !== undefined) symlinkSync(vmlinux, join(folder, "vmlinux"));
      writeFileSync(facts, JSON.stringify({ stamp: stamped }));
    }, "matrix");
  }
  const vmlinux = join(folder, "vmlinux");
  return {
    vmcore: join(folder, "vmcore"),
    vmlinux: existsSync(vmlinux) ? vmlinux : undefined,
    console: join(folder, "console.log"),
  };
}

/** Deletes the unpacked packages of a kernel; its dumps and its vmlinux stay. */
export const deleteKernel = ({ name }: Kernel): void =>
  rmSync(join(lab, "kernels", name), { recursive: true, force: true });
