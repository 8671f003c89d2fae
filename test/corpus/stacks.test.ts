/**
 * Every task's stack on every dump, with vmlinux and without, against drgn's account of the same dump.
 * What is legitimately different is a row of `stackDifferences`, with its cause.
 *
 * drgn begins the stack of a task on a CPU at the registers that the CPU saved, and so does our `gdb bt`. `bt` begins
 * it where crash does, at the function that stopped the CPU: what both share has to be the same.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync } from "node:fs";
import { test } from "node:test";
import {
  cli,
  type CorpusDump,
  corpus,
  drgnAccount,
  type DrgnFrame,
  type DrgnTask,
  madeDump,
  moduleFolders,
  storedDumps,
  vmlinuxOf,
} from "./corpus.ts";
import { stackDifferences } from "./stackDifferences.ts";

interface OurFrame {
  readonly function: string | null;
  readonly inlined: boolean;
  readonly pc: string;
  readonly file?: string;
  readonly line?: number;
}
interface OurStack {
  readonly pid: number;
  readonly comm: string;
  readonly task: string;
  readonly frames: readonly OurFrame[];
  readonly error?: { readonly message: string };
}

/** drgn's frames up to the last one in the kernel: it unwinds on into user space, and into nonsense. */
function kernelFrames(stack: readonly DrgnFrame[], wordSize: number): DrgnFrame[] {
  const start = wordSize === 8 ? 1n << 63n : 0xbf00_0000n;
  const end = stack.findIndex(
    (frame) =>
      frame.pc === null || (BigInt(frame.pc) < start && frame.symbol === undefined && frame.file === undefined),
  );
  return end < 0 ? [...stack] : stack.slice(0, end);
}

const place = (frame: { file?: string; line?: number }): string =>
  frame.file === undefined ? "?" : `${frame.file}:${frame.line ?? 0}`;
const oursWithLines = (frame: OurFrame): string =>
  `${frame.pc} ${frame.function ?? "?"}${frame.inlined ? " (inline)" : ""} ${place(frame)}`;
const drgnWithLines = (frame: DrgnFrame): string =>
  `${frame.pc ?? "?"} ${frame.name ?? frame.symbol ?? "?"}${frame.inline ? " (inline)" : ""} ${place(frame)}`;

/** drgn writes addresses without leading zeros, which those of 32-bit machines have here. */
const short = (address: string): string => `0x${BigInt(address).toString(16)}`;
const withShortPcs = (frames: readonly OurFrame[]): OurFrame[] =>
  frames.map((frame) => ({ ...frame, pc: short(frame.pc) }));

/** The records of each command: every command prints a JSON document of its own. */
function recordsOf(args: readonly string[], commands: readonly string[]): unknown[][] {
  const { stdout, stderr, status } = cli(...args, "--json", ...commands.flatMap((line) => ["-c", line]));
  assert.ok(status === 0 || status === 1, `exit ${status}: ${stderr}`);
  const answers = stdout
    .split(/^(?=\{"schema": )/m)
    .filter((text) => text.trim() !== "")
    .map((text) => (JSON.parse(text) as { records: unknown[] }).records);
  assert.equal(answers.length, commands.length, `one answer to each command: ${stderr}`);
  return answers;
}

/** Every task's stack from the registers that were saved, by the task's address. */
function ourStacks(...args: string[]): Map<string, OurStack> {
  const [all, running] = recordsOf(args, ["foreach bt", "bt -a"]) as OurStack[][];
  const printed = new Map(
    all!.map((stack) => [short(stack.task), { ...stack, frames: withShortPcs(stack.frames) }] as const),
  );
  const answers = recordsOf(
    args,
    running!.flatMap(({ task }) => [`set ${task}`, "gdb bt"]),
  ) as OurFrame[][];
  const result = new Map<string, OurStack>(printed);
  for (const [i, { task, comm, pid }] of running!.entries()) {
    const saved = withShortPcs(answers[2 * i + 1]!);
    const own = printed.get(short(task));
    if (own === undefined) continue;
    sameOutside(`${comm} [${pid}]`, own.frames, saved);
    result.set(short(task), { ...own, frames: saved });
  }
  return result;
}

/**
 * Of one stack that begins at two places, the longer has the shorter one as its outer part. Only the function that saved
 * its own registers is at two addresses: there, and where it called machine_kexec() later.
 */
function sameOutside(title: string, printed: readonly OurFrame[], saved: readonly OurFrame[]): void {
  let common = 0;
  while (
    common < Math.min(printed.length, saved.length) &&
    oursWithLines(printed.at(-1 - common)!) === oursWithLines(saved.at(-1 - common)!)
  )
    common++;
  const before = printed.slice(0, printed.length - common);
  const inner = saved.slice(0, saved.length - common);
  const savesItself = new Set(inner.map(({ pc }) => pc)).size === 1 && before[0]?.function === "machine_kexec";
  const lines = (frames: readonly OurFrame[]): string =>
    frames.map((frame) => `\n    ${oursWithLines(frame)}`).join("");
  assert.ok(
    before.length === 0 || inner.length === 0 || (savesItself && before.at(-1)?.function === inner.at(-1)?.function),
    `${title}: bt begins with${lines(before)}\n  and gdb bt with${lines(inner)}`,
  );
}

/** Line by line; what the table of differences explains is counted apart. */
function compare(
  dump: CorpusDump,
  mode: "vmlinux" | "bare",
  task: DrgnTask,
  ours: readonly string[],
  theirs: readonly string[],
  wrong: string[],
): number {
  if (ours.length === theirs.length && ours.every((line, i) => line === theirs[i])) return 0;
  const first = ours.findIndex((line, i) => line !== theirs[i]);
  const at = first < 0 ? ours.length : first;
  const cause = stackDifferences.find(
    (row) =>
      row.dump.test(dump.name) &&
      (row.mode === undefined || row.mode === mode) &&
      row.task.test(task.comm) &&
      row.ours.test(ours[at] ?? "(end)") &&
      row.drgn.test(theirs[at] ?? "(end)"),
  );
  if (cause) return 1;
  wrong.push(
    `${task.comm} [${task.pid}] frame ${at} of ${ours.length}/${theirs.length}:\n    ours ${ours[at] ?? "(end)"}\n    drgn ${theirs[at] ?? "(end)"}`,
  );
  return 0;
}

/**
 * Names that vmlinux's symbol table (by nm) has for the place of a pc. kallsyms knows no sizes, so a label inside of a
 * function is a symbol like any other, and of several names of one address it cannot tell which one was meant.
 */
function namesAt(dump: CorpusDump): (pc: bigint) => readonly string[] {
  const vmlinux = vmlinuxOf(dump.family);
  if (vmlinux === undefined) return () => [];
  const addresses: bigint[] = [];
  const names: string[][] = [];
  let base = 0n;
  for (const line of execFileSync("nm", ["-n", vmlinux], { encoding: "utf8", maxBuffer: 1 << 28 }).split("\n")) {
    const [, address, name] = /^([0-9a-f]+) [tTwW] (\S+)$/.exec(line) ?? [];
    if (address === undefined || name === undefined) continue;
    const value = BigInt(`0x${address}`);
    if (name === "schedule") base = value;
    if (addresses.at(-1) === value) names.at(-1)!.push(name);
    else {
      addresses.push(value);
      names.push([name]);
    }
  }
  const runtime = BigInt(
    cli(dump.vmcore, "--json", "-c", "sym schedule").stdout.match(/"address": ?"(0x[0-9a-f]+)"/)?.[1] ?? 0,
  );
  return (pc) => {
    const at = addresses.findLastIndex((address) => address <= pc - (runtime - base));
    return names[at] ?? [];
  };
}

function check(dump: CorpusDump, mode: "vmlinux" | "bare", stacks: Map<string, OurStack>): void {
  assert.ok(dump.ref);
  const account = drgnAccount(dump.ref);
  const wordSize = account.uts.machine.startsWith("arm") ? 4 : 8;
  const aliases = mode === "bare" ? namesAt(dump) : () => [];
  const wrong: string[] = [];
  let explained = 0;
  let compared = 0;
  for (const task of account.tasks) {
    const our = stacks.get(task.task);
    if (!our) {
      wrong.push(`${task.comm} [${task.pid}]: not in our answer`);
      continue;
    }
    const theirs = kernelFrames(task.stack ?? [], wordSize);
    compared++;
    if (mode === "vmlinux")
      explained += compare(dump, mode, task, our.frames.map(oursWithLines), theirs.map(drgnWithLines), wrong);
    else {
      const real = our.frames.filter((frame) => !frame.inlined);
      const symbols = theirs
        .filter((frame) => !frame.inline)
        .map((frame, i) => {
          const name = real[i]?.function;
          const same =
            name != null &&
            name !== frame.symbol &&
            aliases(BigInt(frame.pc ?? 0) - (frame.interrupted ? 0n : 1n)).includes(name);
          return `${frame.pc} ${same ? name : (frame.symbol ?? "?")}`;
        });
      explained += compare(
        dump,
        mode,
        task,
        real.map((frame) => `${frame.pc} ${frame.function ?? "?"}`),
        symbols,
        wrong,
      );
    }
  }
  console.log(
    `# ${dump.name} (${mode}): ${compared} stacks compared, ${explained} with an explained difference, ${wrong.length} wrong`,
  );
  assert.ok(compared > 50, "drgn's account has the dump's tasks");
  assert.deepEqual(wrong, [], wrong.slice(0, 20).join("\n"));
}

if (!existsSync(corpus)) {
  test("stacks of the corpus", { skip: `no corpus at ${corpus}: set VMCORE_CORPUS` }, () => {});
} else {
  const withoutBtf = /s390x|armhf/;
  const dumps: (() => CorpusDump)[] = [
    ...storedDumps.map((dump) => () => dump),
    ...["softlockup", "bugon", "oom", "none"].map((scenario) => () => madeDump(scenario)),
    () => madeDump("sysrq", "--nokaslr"),
  ];
  const names = [...storedDumps.map((dump) => dump.name), "softlockup", "bugon", "oom", "none", "sysrq --nokaslr"];
  for (const [i, name] of names.entries()) {
    if (withoutBtf.test(name)) continue;
    test(`${name}: every task's stack has drgn's names, inlines and lines with a vmlinux`, (t) => {
      const dump = dumps[i]!();
      const vmlinux = vmlinuxOf(dump.family);
      if (vmlinux === undefined) return t.skip(`no vmlinux of ${dump.family} to be had`);
      check(
        dump,
        "vmlinux",
        ourStacks(vmlinux, dump.vmcore, ...moduleFolders(dump, vmlinux).flatMap((folder) => ["--modules", folder])),
      );
    });
    test(`${name}: with the dump alone every task's stack has the right symbols`, () => {
      const dump = dumps[i]!();
      check(dump, "bare", ourStacks(dump.vmcore));
    });
  }
}
