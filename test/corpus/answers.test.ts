/** `sys`, `log`, `ps` and `mod` on every dump, with vmlinux and without, against drgn's account and crash's transcripts. */
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cli, type CorpusDump, corpus, drgnAccount, madeDump, snappyDump, storedDumps, vmlinuxOf } from "./corpus.ts";
import { agreeing, normal } from "./transcript.ts";

function answer<T>(...args: string[]): T[] {
  const { stdout, stderr, status } = cli(...args);
  assert.equal(status, 0, `${args.join(" ")}: ${stderr}`);
  return (JSON.parse(stdout) as { records: T[] }).records;
}

/** drgn's letter is /proc's, crash has two; a task being woken (TASK_WAKING) is "R" in /proc, which reports TASK_REPORT alone. */
const states: Record<string, string> = {
  R: "RU",
  S: "IN",
  D: "UN",
  T: "ST",
  t: "TR",
  X: "DE",
  Z: "ZO",
  P: "PA",
  I: "ID",
};

function checkAccount(dump: CorpusDump, files: readonly string[]): void {
  const account = drgnAccount(dump.ref!);
  const [sys] = answer<Record<string, unknown>>(...files, "--json", "-c", "sys");
  assert.equal(sys?.["release"], account.uts.release);
  assert.equal(sys?.["version"], account.uts.version);
  assert.equal(sys?.["nodename"], account.uts.nodename);
  assert.equal(sys?.["machine"], account.uts.machine);

  const log = normal(cli(...files, "-c", "log").stdout);
  assert.deepEqual(log, normal(account.dmesg.join("\n")), "log");

  interface Task {
    task: string;
    pid: number;
    ppid: number;
    comm: string;
    state: string;
    cpu: number;
  }
  const ours = new Map(answer<Task>(...files, "--json", "-c", "ps").map((task) => [BigInt(task.task), task]));
  for (const task of account.tasks) {
    const { pid, ppid, comm, state, cpu } = ours.get(BigInt(task.task)) ?? ({} as Partial<Task>);
    assert.deepEqual(
      { pid, ppid, comm, state: state === "WA" ? "RU" : state, cpu },
      { pid: task.pid, ppid: task.ppid, comm: task.comm, state: states[task.state], cpu: task.cpu },
      `ps: task ${task.task}`,
    );
  }
  // drgn leaves out the idle tasks.
  assert.deepEqual(
    [...ours.values()].filter(
      ({ pid, task }) => pid !== 0 && !account.tasks.some((one) => BigInt(one.task) === BigInt(task)),
    ),
    [],
  );

  const modules = answer<{ module: string; name: string }>(...files, "--json", "-c", "mod");
  assert.deepEqual(
    new Set(modules.map(({ module, name }) => `${BigInt(module)} ${name}`)),
    new Set(account.modules.map(({ module, name }) => `${BigInt(module)} ${name}`)),
    "mod",
  );
}

/** What Debian's armhf kernel does not tell by itself: it has no BTF. */
const needsVmlinux = /^armhf/;

if (!existsSync(corpus))
  test("answers over the corpus", { skip: `no corpus at ${corpus}: set VMCORE_CORPUS` }, () => {});
else {
  const made: [string, () => CorpusDump][] = [
    ...["softlockup", "bugon", "oom", "none"].map((scenario): [string, () => CorpusDump] => [
      scenario,
      () => madeDump(scenario),
    ]),
    ["sysrq --nokaslr", () => madeDump("sysrq", "--nokaslr")],
  ];
  for (const [name, dumpOf] of [
    ...storedDumps.map((dump): [string, () => CorpusDump] => [dump.name, () => dump]),
    ...made,
  ]) {
    test(`${name}: sys, log, ps and mod agree with drgn's account with a vmlinux`, (t) => {
      const dump = dumpOf();
      const vmlinux = vmlinuxOf(dump.family);
      if (vmlinux === undefined) return t.skip(`no vmlinux of ${dump.family} to be had`);
      checkAccount(dump, [vmlinux, dump.vmcore]);
    });
    if (!needsVmlinux.test(name)) {
      test(`${name}: sys, log, ps and mod agree with drgn's account, with the dump alone`, () => {
        const dump = dumpOf();
        checkAccount(dump, [dump.vmcore]);
      });
    }
  }

  // crash 9.0.2 shows 3:47 of uptime where the log ends at 10.5 seconds: jiffies_64 is 0xfffee547, 2623 ticks of HZ 250
  // after INITIAL_JIFFIES (include/linux/jiffies.h).
  const isOurs = /^(KERNEL|DUMPFILE|UPTIME):/;
  const crash612 = join(corpus, "x86_64-6.12/sysrq");
  for (const command of ["sys", "log", "ps"]) {
    test(`x86_64-6.12/sysrq: ${command} prints every value that crash printed`, () => {
      const theirs = normal(readFileSync(join(crash612, "ref", `crash-${command}.txt`), "utf8")).filter(
        (line) => !isOurs.test(line),
      );
      const ours = normal(cli(join(crash612, "vmcore"), "-c", command).stdout);
      const agreed = agreeing(ours, theirs).theirs;
      assert.deepEqual(
        theirs.filter((_, i) => !agreed.has(i)),
        [],
      );
    });
  }

  test("snappy: a dump without BTF has sys, log and symbols; every other command reports in one line what is missing", () => {
    const sample = storedDumps.find(({ name }) => name === "sample")!;
    const both = (command: string): [string[], string[]] => [
      normal(cli(snappyDump.vmcore, "-c", command).stdout),
      normal(cli(sample.vmcore, "-c", command).stdout),
    ];
    const [log, wholeLog] = both("log");
    assert.deepEqual(log, wholeLog);
    const [sym, wholeSym] = both("sym schedule");
    assert.deepEqual(sym, wholeSym);
    const [sys] = both("sys");
    assert.ok(
      sys.includes("RELEASE: 6.1.0-56-cloud-amd64") && sys.some((line) => line.startsWith('PANIC: "Kernel panic')),
      sys.join("\n"),
    );
    for (const command of ["ps", "bt", "mod", "task", "struct task_struct", "p init_task"]) {
      const { stdout, stderr, status } = cli(snappyDump.vmcore, "-c", command);
      const said = normal(stdout + stderr);
      assert.equal(status, 1, command);
      assert.equal(said.length, 1, `${command}: ${said.join("\n")}`);
      assert.match(said[0]!, /vmlinux/, command);
    }
  });

  test("snappy: with its vmlinux the pages that it leaves out are read from there", () => {
    const sample = storedDumps.find(({ name }) => name === "sample")!;
    const vmlinux = vmlinuxOf("x86_64-6.1");
    assert.ok(vmlinux);
    for (const command of ["bt -l", "ps", "mod", "foreach bt"]) {
      assert.deepEqual(
        normal(cli(vmlinux, snappyDump.vmcore, "-c", command).stdout),
        normal(cli(vmlinux, sample.vmcore, "-c", command).stdout),
        command,
      );
    }
  });

  test("armhf without a vmlinux has sys, log and symbols, and reports what is missing for the rest", () => {
    const { vmcore } = storedDumps.find(({ name }) => name.startsWith("armhf"))!;
    assert.match(cli(vmcore, "-c", "sys").stdout, /RELEASE: 6\.1\.0-50-armmp/);
    assert.match(cli(vmcore, "-c", "log").stdout, /sysrq triggered crash/);
    assert.match(cli(vmcore, "-c", "sym panic").stdout, /^c0[0-9a-f]{6} \(T\) panic/m);
    assert.match(cli(vmcore, "-c", "sym c093bbc0").stdout, /\(t\) sysrq_handle_crash\+12/);
    assert.match(cli(vmcore, "-c", "dis sysrq_handle_crash").stdout, /bl +0xc0d20a6c <panic>/);
    const { stdout, stderr, status } = cli(vmcore, "-c", "ps");
    assert.equal(status, 1);
    assert.match(stdout + stderr, /no types.*vmlinux/);
  });
}
