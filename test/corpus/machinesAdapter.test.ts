/** The debug adapter on each machine: threads, stack, scopes, registers, code, exception. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { DapClient } from "../adapter/client.ts";
import { corpus, vmlinuxOf } from "./corpus.ts";

/** By dump: the name of the program counter. */
const machines: Readonly<Record<string, string>> = {
  "arm64-6.12": "pc",
  "armhf-6.1": "pc",
  "i386-6.1": "eip",
  "ppc64le-6.12": "nip",
  "riscv64-6.12": "pc",
  "s390x-6.12": "pswa",
};

for (const [family, pc] of Object.entries(machines)) {
  const vmcore = join(corpus, family, "sysrq", "vmcore");
  test(`${family}: the debug adapter shows the crash`, { skip: !existsSync(vmcore) && `no ${vmcore}` }, async (t) => {
    const vmlinux = vmlinuxOf(family);
    if (vmlinux === undefined) return t.skip(`no vmlinux of ${family} to be had`);
    const client = await DapClient.launch({ search: false, vmcore, vmlinux }, { program: "dist/adapter.js" });
    const { threadId } = await client.event<{ threadId: number }>("stopped");
    const { threads } = await client.request<{ threads: unknown[] }>("threads");
    assert.ok(threads.length > 100, `${threads.length} threads`);
    const { exceptionId } = await client.request<{ exceptionId: string }>("exceptionInfo", { threadId });
    assert.equal(exceptionId, "sysrq");

    const { stackFrames } = await client.request<{ stackFrames: DebugProtocol.StackFrame[] }>("stackTrace", { threadId }); // prettier-ignore
    const frame = stackFrames.find(({ name }) => name.startsWith("sysrq_handle_crash"));
    assert.ok(frame?.line && frame.instructionPointerReference, stackFrames.map(({ name }) => name).join());
    assert.ok(stackFrames.some(({ name }) => name.startsWith("vfs_write")));

    const { scopes } = await client.request<{ scopes: DebugProtocol.Scope[] }>("scopes", { frameId: frame.id });
    const registers = scopes.find(({ name }) => name === "Registers");
    assert.ok(registers, scopes.map(({ name }) => name).join());
    const { variables } = await client.request<{ variables: DebugProtocol.Variable[] }>("variables", { variablesReference: registers.variablesReference }); // prettier-ignore
    const value = variables.find(({ name }) => name === pc)?.value ?? "";
    // The register has the return address, the reference points to the call.
    const call = BigInt(/0x[\da-f]+/.exec(value)?.[0] ?? 0) - BigInt(frame.instructionPointerReference);
    assert.ok(call >= 2n && call <= 8n, `${pc} ${value}, code at ${frame.instructionPointerReference}`);

    const memoryReference = frame.instructionPointerReference;
    const { instructions } = await client.request<{ instructions: DebugProtocol.DisassembledInstruction[] }>("disassemble", { memoryReference, instructionOffset: -4, instructionCount: 5 }); // prettier-ignore
    assert.equal(instructions.length, 5);
    assert.deepEqual(instructions.filter(({ instruction }) => instruction.includes("(bad)")), []); // prettier-ignore
    await client.close();
  });
}
