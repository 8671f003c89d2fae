/** Machines beside x86_64, arm64, arm and s390x: compared with drgn, and with the call trace that the kernel printed. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { corpus, vmlinuxOf } from "./corpus.ts";

interface Expected {
  /** The last frame before user mode. */
  readonly entry: string;
  /** A register of the user's, as `bt` prints it. */
  readonly user: RegExp;
  /** The dump has BTF: types without a vmlinux. */
  readonly btf: boolean;
}

const machines: Readonly<Record<string, Expected>> = {
  "i386-6.1": {
    entry: "entry_SYSENTER_32",
    user: /^ +CS: 0073  EIP: b7fe5559  ERR: 00000004  EFLAGS: 00000246$/m,
    btf: false,
  },
  "ppc64le-6.12": { entry: "system_call_vectored_common", user: /^ +NIP: 00000000100bd1f8 +MSR: /m, btf: true },
  "riscv64-6.12": { entry: "handle_exception", user: /^ +PC: 00000000000b5926 +RA: 00000000000b5936 /m, btf: true },
};

function cli(...args: string[]): string {
  const { stdout } = spawnSync("node_modules/.bin/node", ["dist/cli.js", "--no-rc", ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  return stdout;
}

interface Reference {
  readonly tasks: readonly { readonly task: string; readonly pid: number; readonly comm: string }[];
  readonly modules: readonly { readonly name: string; readonly module: string }[];
  readonly mounts: readonly unknown[];
  readonly dmesg: readonly string[];
}

/** Functions of the kernel's own call trace, without those that its unwinder doubts and those after the panic. */
function consoleTrace(log: string): string[] {
  const trace = log.slice(log.indexOf("sysrq triggered crash")).split("\n");
  return trace.flatMap((line) => /^\[[ .\d]+\] +(?:\[.*\] )?(\w+)\+0x[\da-f]+\/0x[\da-f]+/.exec(line)?.[1] ?? []);
}

for (const [name, expected] of Object.entries(machines)) {
  const folder = join(corpus, name, "sysrq");
  const vmcore = join(folder, "vmcore");
  for (const mode of ["with a vmlinux", "with nothing but the dump"] as const) {
    const isBare = mode === "with nothing but the dump";
    if (isBare && !expected.btf) continue;
    test(`${name}: tasks, stacks, modules and log ${mode}`, { skip: !existsSync(vmcore) && `no ${vmcore}` }, (t) => {
      const vmlinux = isBare ? undefined : vmlinuxOf(name);
      if (!isBare && vmlinux === undefined) return t.skip(`no vmlinux of ${name} to be had`);
      const given = vmlinux === undefined ? [vmcore] : ["--vmlinux", vmlinux, vmcore];
      const reference = JSON.parse(readFileSync(join(folder, "ref", "drgn.json"), "utf8")) as Reference;

      const tasks = new Map([...cli(...given, "-c", "ps").matchAll(/^>? +(\d+) +\d+ +\d+ +([\da-f]+)/gm)].map(([, pid, task]) => [`0x${task ?? ""}`, Number(pid)])); // prettier-ignore
      for (const { task, pid, comm } of reference.tasks) assert.equal(tasks.get(task), pid, comm);

      const loaded = [...cli(...given, "-c", "mod").matchAll(/^([\da-f]{8,}) +(\w+)/gm)].map(([, address, module]) => `${module ?? ""} 0x${address ?? ""}`); // prettier-ignore
      assert.deepEqual(loaded.sort(), reference.modules.map((one) => `${one.name} ${one.module}`).sort());

      const log = cli(...given, "-c", "log -t");
      for (const line of reference.dmesg) assert.ok(log.includes(line.replace(/^\[[^\]]*\] /, "")), line);

      const stacks = cli(...given, "-c", "foreach bt");
      const faults = stacks.split("\n").filter((line) => /^ +<(?!the task has exited)/.test(line));
      assert.deepEqual(faults, []);
      assert.ok(stacks.split(/^PID: /m).length > reference.tasks.length);

      const panicked = cli(...given, "-c", "bt");
      const frames = [...panicked.matchAll(/^ *#\d+ \[[\da-f]+\] (\S+) at/gm)].map(([, symbol = ""]) => symbol.replace(/\.cold$/, "")); // prettier-ignore
      const printed = consoleTrace(readFileSync(join(folder, "console.log"), "utf8")).filter((one) =>
        frames.includes(one),
      );
      assert.ok(printed.length > 8, printed.join());
      assert.deepEqual(
        printed,
        frames.filter((one) => printed.includes(one)),
      );
      assert.equal(frames.at(-1), expected.entry);
      assert.match(panicked, expected.user);
    });
  }
}
