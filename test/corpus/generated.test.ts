/**
 * Stacks through code that the kernel made while it ran, and through a live patch: a guest crashes in a function of a
 * live patch, called by a BPF program, called by its trampoline; once more in a probe of that function. What the kernel
 * itself printed of those stacks is the measure.
 */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { hex } from "../../src/base/hex.ts";
import { crashSite } from "../../src/linux/printk/crashSite.ts";
import { livePatchText } from "../../src/linux/module/livepatch.ts";
import { panicTask } from "../../src/linux/printk/panic.ts";
import { stackTrace } from "../../src/linux/sched/stackTrace.ts";
import type { Described } from "../../src/protocol/custom.ts";
import { openSession, type Session } from "../../src/session/open/open.ts";
import { DapClient } from "../adapter/client.ts";
import { alone } from "./alone.ts";
import { cli, corpus, made, storedDumps, vmlinuxOf } from "./corpus.ts";

if (storedDumps.length === 0) test("the corpus is absent: nothing generated was looked at", { skip: "no corpus" }, () => {}); // prettier-ignore

function folderOf(kind: "patched" | "probed"): string {
  const folder = join(made, kind);
  const script = join(import.meta.dirname, "guest", "make-patched.sh");
  alone(() => {
    if (!existsSync(join(folder, "vmcore.elf")))
      execFileSync(script, [corpus, ...(kind === "probed" ? ["probe"] : [])], {
        stdio: ["ignore", "ignore", "inherit"],
        timeout: 900_000,
      });
  });
  return folder;
}

/** "lab_count+0x5", from where the CPU stood when it crashed outwards, generated addresses that have no fixed name left out. */
function crashedFrames({ kernel }: Session): string[] {
  const { frames, fault } = stackTrace(kernel, panicTask(kernel)!);
  assert.equal(fault, undefined);
  for (const { doubt } of frames) assert.equal(doubt, undefined);
  return frames.slice(crashSite(frames)).map(({ symbol, pc }) => `${symbol?.name}+0x${hex(pc - symbol!.address)}`);
}

/** What the oops is sure of: entries of its call trace without a question mark. */
function sureEntries(folder: string): string[] {
  const log = readFileSync(join(folder, "console.log"), "utf8");
  const trace = /Call Trace:([\s\S]*?)<\/TASK>/.exec(log)![1]!;
  return [...trace.matchAll(/\]  ([\w.]+\+0x[0-9a-f]+)\//g)].map(([, entry]) => entry!);
}

const outer = [/^bpf_prog_[0-9a-f]{16}_lab_watch$/, /^bpf_trampoline_\d+$/, "__x64_sys_sethostname", "do_syscall_64", "entry_SYSCALL_64_after_hwframe"]; // prettier-ignore
const scenarios = [
  ["patched", ["lab_count", "lab_ktime_get_ns", ...outer]],
  ["probed", ["lab_count", "lab_handler", "opt_pre_handler", "optimized_callback", "kprobe_optinsn_page", "lab_ktime_get_ns", ...outer]], // prettier-ignore
] as const;

for (const [kind, functions] of storedDumps.length > 0 ? scenarios : [])
  for (const symbols of ["with a vmlinux", "from the dump alone"])
    test(`${kind}, ${symbols}: the stack goes through live patch, BPF program and trampoline as the oops says`, (context) => {
      const folder = folderOf(kind);
      const vmlinux = symbols === "with a vmlinux" ? vmlinuxOf("x86_64-6.1") : undefined;
      if (symbols === "with a vmlinux" && !vmlinux) return context.skip("NOT RUN: no vmlinux of x86_64-6.1 to be had");
      const session = openSession({ vmcore: [join(folder, "vmcore.elf")], vmlinux });
      context.after(() => session.close());
      const ours = crashedFrames(session);
      assert.equal(ours.length, functions.length, ours.join(" "));
      for (const [i, expected] of functions.entries()) {
        const [name = ""] = ours[i]!.split("+");
        if (typeof expected === "string") assert.equal(name, expected);
        else assert.match(name, expected);
      }
      // The kernel loses its way in a probe's detour for some entries; ours has all of those that it is sure of, in order.
      const sure = sureEntries(folder);
      assert.ok(sure.length >= 5, sure.join(" "));
      assert.deepEqual(
        ours.filter((entry) => sure.includes(entry)),
        sure,
      );
    });

if (storedDumps.length > 0)
  test("every command names an address in generated code", () => {
    const vmcore = join(folderOf("patched"), "vmcore.elf");
    const run = (line: string): string => {
      const { status, stdout, stderr } = cli(vmcore, "-c", line);
      assert.equal(status, 0, stderr);
      return stdout;
    };
    // As /proc/kallsyms had it in the guest.
    const log = readFileSync(join(made, "patched", "console.log"), "utf8");
    const listed = [...log.matchAll(/^([0-9a-f]{16}) t (\S+)\t\[(bpf|__builtin__ftrace)\]/gm)];
    assert.ok(listed.some(([, , name]) => name === "ftrace_trampoline"));
    assert.ok(listed.some(([, , name]) => name!.endsWith("_lab_filter")));
    for (const [, address, name] of listed) assert.match(run(`sym ${address}`), new RegExp(`^${address} \\(t\\) ${name}$`, "m")); // prettier-ignore
    const [, watch, name] = listed.find(([, , one]) => one!.endsWith("_lab_watch"))!;
    assert.match(run(`sym ${name}`), new RegExp(`^${watch} \\(t\\) ${name}$`, "m"));
    assert.match(run("sym -q _lab_filter"), /^[0-9a-f]{16} \(t\) bpf_prog_[0-9a-f]{16}_lab_filter$/m);
    assert.match(run(`dis ${name}`), new RegExp(`^0x${watch} <${name}>:`, "m"));
    assert.match(run("bt -T"), new RegExp(`${name} at [0-9a-f]{16}`));
  });

if (storedDumps.length > 0)
  test("a function of a live patch shows the function that it replaces", (context) => {
    const vmcore = join(folderOf("patched"), "vmcore.elf");
    const { stdout } = cli(vmcore, "-c", "bt", "-c", "sym bpf_ktime_get_ns");
    assert.match(stdout, /lab_ktime_get_ns at [0-9a-f]{16} \[lab_patch\] {2}\(live patch of bpf_ktime_get_ns\)$/m);
    assert.match(stdout, /bpf_ktime_get_ns \(replaced by lab_ktime_get_ns \[lab_patch\]\)/);
    const session = openSession({ vmcore: [vmcore] });
    context.after(() => session.close());
    const { kernel } = session;
    assert.equal(livePatchText(kernel, kernel.symbols.find("lab_count")!.address), undefined);
  });

if (storedDumps.length > 0)
  test("the editor's stack names them, hovers over the oops too, and shows the code of a BPF program", async (t) => {
    const folder = folderOf("patched");
    const client = await DapClient.launch(
      { vmcore: join(folder, "vmcore.elf"), search: false },
      { program: "dist/adapter.js" },
    );
    t.after(() => client.close());
    const { threadId } = await client.event<{ threadId: number }>("stopped");
    const { stackFrames } = await client.request<{ stackFrames: DebugProtocol.StackFrame[] }>("stackTrace", { threadId }); // prettier-ignore
    const names = stackFrames.map(({ name }) => name.replace(/_[0-9a-f]{16}_/, "_TAG_").replace(/_\d+\+/, "_ID+"));
    const at = names.findIndex((name) => name.startsWith("lab_ktime_get_ns"));
    assert.match(names[at] ?? "", /^lab_ktime_get_ns\+0x[0-9a-f]+ \[live patch of bpf_ktime_get_ns\]$/);
    assert.deepEqual(names.slice(at + 1, at + 4), ["bpf_prog_TAG_lab_watch+0x10", "bpf_trampoline_ID+0x40", "__x64_sys_sethostname+0x5"]); // prettier-ignore
    // The entry as the oops has it, and its address alone.
    const entry = sureEntries(folder).find((one) => one.includes("_lab_watch"))!;
    const [program] = entry.split("+");
    const describe = async (text: string): Promise<Described> => {
      const places = [{ text, returns: true }];
      return (await client.request<{ described: [Described] }>("vmcore/describe", { places })).described[0];
    };
    const told = await describe(entry);
    for (const one of [told, await describe(told.address)]) assert.deepEqual([one.symbol, one.code], [entry, true]);
    // The frame itself stands at the call, within the same program.
    const { instructionPointerReference: call = "0" } = stackFrames[at + 1]!;
    assert.ok(BigInt(call) < BigInt(told.address) && BigInt(told.address) - BigInt(call) <= 15n);
    const patched = [{ text: "bpf_ktime_get_ns", returns: false }];
    const [whole] = (await client.request<{ described: Described[] }>("vmcore/describe", { places: patched }))
      .described;
    assert.equal(whole?.what, "replaced by lab_ktime_get_ns [lab_patch]");
    const { instructions } = await client.request<{ instructions: DebugProtocol.DisassembledInstruction[] }>(
      "disassemble",
      { memoryReference: program, instructionCount: 4, resolveSymbols: true },
    );
    assert.ok(instructions[0]?.symbol?.startsWith(program!), instructions[0]?.symbol);
  });
