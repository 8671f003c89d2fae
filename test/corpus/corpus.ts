import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { alone, cache } from "./alone.ts";

/** The real dumps and what crash and drgn said of them; beside the project, or where VMCORE_CORPUS says. */
export const corpus = resolve(process.env["VMCORE_CORPUS"] ?? "../shared/corpus");
export const peers = resolve(corpus, "../peers/peers.sh");

export const made = process.env["DUMPS"] ?? join(cache, "make", "dumps");

export interface CorpusDump {
  /** "x86_64-6.1/sysrq": names it in test titles and in tables of differences. */
  readonly name: string;
  readonly vmcore: string;
  /** Folder of kernel.conf: says which vmlinux. */
  readonly family: string;
  /** Folder with the reference outputs; undefined when nobody recorded any. */
  readonly ref: string | undefined;
}

const stored = (name: string, family = name.split("/")[0]!): CorpusDump => ({
  name,
  vmcore: join(corpus, name, "vmcore"),
  family,
  ref: existsSync(join(corpus, name, "ref")) ? join(corpus, name, "ref") : undefined,
});

/** The dumps that are stored. */
export const storedDumps: readonly CorpusDump[] = existsSync(corpus)
  ? [
      stored("sample", "x86_64-6.1"),
      stored("x86_64-6.1/sysrq"),
      stored("x86_64-6.1/abba"),
      stored("x86_64-6.1/timer"),
      stored("x86_64-6.12/sysrq"),
      stored("arm64-6.12/sysrq"),
      stored("s390x-6.12/sysrq"),
      stored("armhf-6.1/sysrq"),
    ]
  : [];

export const snappyDump: CorpusDump = { ...stored("snappy", "x86_64-6.1"), ref: undefined };

/**
 * A dump that is made on demand by booting a guest (a minute or two each), with crash's and drgn's account of it.
 * `scenario` as make-dump.sh names it.
 */
export function madeDump(scenario: string, ...options: string[]): CorpusDump {
  const name = [scenario, "qmp", ...(options.includes("--nokaslr") ? ["nokaslr"] : [])].join("-");
  const folder = join(made, name);
  const vmcore = join(folder, "vmcore.elf");
  const script = (file: string, ...args: string[]): void => {
    execFileSync(join(corpus, "make", file), args, { stdio: ["ignore", "ignore", "inherit"], timeout: 900_000 });
  };
  const ref = join(folder, "ref-vmcore.elf");
  alone(() => {
    if (!existsSync(vmcore)) script("make-dump.sh", scenario, "--formats", "elf", ...options);
    if (!existsSync(join(ref, "drgn.json"))) script("refs.sh", folder, "vmcore.elf");
  });
  return { name: `made/${name}`, vmcore, family: "x86_64-6.1", ref };
}

/** The family's vmlinux, fetched when missing; undefined when Debian no longer has it. */
export function vmlinuxOf(family: string): string | undefined {
  try {
    const only = family === "x86_64-6.1" ? {} : { VMLINUX_ONLY: "1" };
    const env = { ...process.env, ...only };
    const script = join(corpus, "get-debuginfo.sh");
    return alone(() =>
      execFileSync(script, [family], { encoding: "utf8", env, stdio: ["ignore", "pipe", "ignore"] }),
    ).trim();
  } catch {
    return undefined;
  }
}

/** Where debuginfo of a dump's modules lies: the scenario modules (a made dump's were built here), and Debian's beside the vmlinux. */
export function moduleFolders({ name, family }: CorpusDump, vmlinux: string): string[] {
  const scenario = name.startsWith("made/")
    ? join(process.env["BUILD"] ?? join(cache, "make", "build"), "modules")
    : join(corpus, family, "modules");
  const debian = resolve(vmlinux, "../../lib/modules");
  return [scenario, ...(existsSync(debian) ? readdirSync(debian).map((release) => join(debian, release)) : [])].filter(
    (folder) => existsSync(folder),
  );
}

export const hasDrgn =
  existsSync(peers) && alone(() => spawnSync(peers, ["install"], { stdio: "ignore" })).status === 0;

/** Modules that the scenarios load; Debian's are in no stack and no trace that is compared. */
const LAB_MODULES = ["abba", "bugdev", "nullderef", "softlockup", "timer"].map((name) => `lab_${name}.ko`);

/** drgn cannot open arm64's dump in this format: the vmlinux alone, where it was linked, in a program of no memory. */
const withoutMemory = (vmlinux: string, script: string): string => `
from drgn import Architecture, Platform, Program
prog = Program(Platform(Architecture.AARCH64))
kernel = prog.extra_module("kernel", create=True)
kernel.address_range = (0, 2**64 - 1)
kernel.try_file(${JSON.stringify(vmlinux)}, force=True)
${script}`;

/** What a script for drgn prints as JSON, with debuginfo of the kernel and of the scenario's modules. */
export function askDrgn<T>(dump: CorpusDump, vmlinux: string, script: string): T {
  const folder = mkdtempSync(join(tmpdir(), "vmcore-drgn-"));
  try {
    const file = join(folder, "ask.py");
    const opens = !dump.name.startsWith("arm64");
    writeFileSync(file, opens ? script : withoutMemory(vmlinux, script));
    const modules = LAB_MODULES.map((name) => join(moduleFolders(dump, vmlinux)[0] ?? "", name)).filter(existsSync);
    const symbols = [vmlinux, ...modules].flatMap((path) => ["-s", path]);
    const target = opens ? ["-c", dump.vmcore, ...symbols] : ["-p", String(process.pid), "--no-default-symbols"];
    const answer = execFileSync(peers, ["drgn", "-q", ...target, file], {
      encoding: "utf8",
      maxBuffer: 1 << 26,
      timeout: 120_000,
      stdio: ["ignore", "pipe", "ignore"],
    });
    return JSON.parse(answer) as T;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** drgn's account of one frame. */
export interface DrgnFrame {
  readonly name: string | null;
  readonly pc: string | null;
  readonly sp?: string;
  readonly inline: boolean;
  readonly interrupted: boolean;
  readonly file?: string;
  readonly line?: number;
  readonly symbol?: string;
  readonly locals?: Record<string, { type?: string; value?: string | null; error?: string }>;
}

export interface DrgnTask {
  readonly task: string;
  readonly pid: number;
  readonly ppid: number;
  readonly comm: string;
  readonly state: string;
  readonly cpu: number;
  readonly stack?: readonly DrgnFrame[];
  readonly stack_error?: string;
}

export interface DrgnAccount {
  readonly uts: {
    readonly release: string;
    readonly version: string;
    readonly machine: string;
    readonly nodename: string;
  };
  readonly tasks: readonly DrgnTask[];
  readonly crashed_thread?: { readonly tid: number; readonly comm: string; readonly stack: readonly DrgnFrame[] };
  readonly modules: readonly {
    readonly name: string;
    readonly module: string;
    readonly sections?: Record<string, string>;
  }[];
  readonly dmesg: readonly string[];
}

export const drgnAccount = (ref: string): DrgnAccount =>
  JSON.parse(readFileSync(join(ref, "drgn.json"), "utf8")) as DrgnAccount;

export interface Answer {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs the built command line program as a user does, with no debuginfo but what the arguments name. */
export const cli = (...args: readonly string[]): Answer => runProgram(["--no-search", ...args]);

/** Runs a verb of the program: `vmcore-debug VERB --no-search ARGUMENTS`. */
export const cliVerb = (verb: string, ...args: readonly string[]): Answer => runProgram([verb, "--no-search", ...args]);

/** Runs the program with these arguments only. */
export function runProgram(args: readonly string[]): Answer {
  try {
    const stdout = execFileSync("node_modules/.bin/node", [process.env["VMCORE_CLI"] ?? "dist/cli.js", ...args], {
      encoding: "utf8",
      maxBuffer: 1 << 28,
      timeout: 120_000,
      stdio: ["ignore", "pipe", "pipe"],
    });
    return { status: 0, stdout, stderr: "" };
  } catch (error) {
    const { status, stdout, stderr } = error as { status: number | null; stdout?: string; stderr?: string };
    return { status, stdout: stdout ?? "", stderr: stderr ?? String(error) };
  }
}
