import assert from "node:assert/strict";
import { once } from "node:events";
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "node:net";
import { spawn } from "node:child_process";
import { after, before, test } from "node:test";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { dumpFacts } from "../../src/adapter/facts.ts";
import { launchArguments } from "../../src/adapter/launch.ts";
import type { DumpFacts } from "../../src/protocol/dumpFacts.ts";
import { elfCore } from "../builders/elfCore.ts";
import { debuginfoFile } from "../builders/debuginfoFile.ts";
import { DapClient } from "./client.ts";

let folder: string;
before(() => (folder = mkdtempSync(join(tmpdir(), "opening-"))));
after(() => rmSync(folder, { recursive: true, force: true }));

/** One adapter for all that is refused: it goes on waiting for what it can open. */
let refusing: DapClient;
before(async () => {
  refusing = new DapClient();
  await refusing.initialize();
});
after(() => refusing.close());

async function refusal(args: object): Promise<string> {
  try {
    await refusing.request("launch", args);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
}

test("a file that cannot be opened is refused with a remedy", async () => {
  assert.match(await refusal({ vmcore: join(folder, "nowhere") }), /nowhere.*no such dump/i);
  const text = join(folder, "text");
  writeFileSync(text, "not a dump\n".repeat(1000));
  assert.match(await refusal({ vmcore: text }), /not a .*dump|no .*dump/i);
  assert.match(await refusal({ vmcore: "sample/vmcore", vmlinux: text }), /text/);
  assert.match(await refusal({}), /"vmcore" is missing/);
  assert.match(await refusal({ vmcore: folder }), /directory/i);
});

test("a truncated dump opens with the data that it contains", async () => {
  const cut = join(folder, "cut");
  copyFileSync("sample/vmcore", cut);
  truncateSync(cut, 14_000_000);
  const client = await DapClient.launch({ vmcore: cut });
  const { threads } = await client.request<{ threads: { name: string }[] }>("threads");
  assert.ok(threads.length > 0);
  await client.close();
});

test("of a dump that was cut off one sentence is made a toast: its size, and the one that it should have", async () => {
  const cut = join(folder, "short");
  const bytes = readFileSync("sample/vmcore");
  writeFileSync(cut, bytes.subarray(0, 4_000_000));
  const client = await DapClient.launch({ vmcore: cut, search: false });
  await client.event<{ output: string }>("output", ({ output }) => /KERNEL/.test(output));
  const said = client.events
    .filter(({ event }) => event === "output")
    .map(({ body }) => body as DebugProtocol.OutputEvent["body"]);
  const [toast, ...others] = said.filter(({ category }) => category === "important");
  assert.equal(others.length, 0);
  const [, expected = ""] =
    /its file has 4,000,000 bytes, and should have at least ([\d,]+) bytes/.exec(toast?.output ?? "") ?? [];
  const size = Number(expected.replaceAll(",", ""));
  // The file may end in what no table tells of.
  assert.ok(size > 0.99 * bytes.length && size <= bytes.length, `${expected} of ${bytes.length}`);
  assert.ok(said.some(({ output }) => /page tables are not in the dump/.test(output)));
  await client.close();
  const { facts, missing } = factsOf(cut);
  assert.match(missing ?? "", /^The dump was cut off: /);
  assert.match(facts.find(({ name }) => name === "Tasks")?.value ?? "", /^<.*>$/);
});

test("the name of a file next to a dump creates no link to a command in a notification", async () => {
  const beside = join(folder, "beside");
  mkdirSync(beside);
  copyFileSync("sample/vmcore", join(beside, "vmcore"));
  writeFileSync(join(beside, "[Sign in](command:workbench.action.quit)-dbg_1_amd64.deb"), "no package");
  const client = await DapClient.launch({ vmcore: join(beside, "vmcore") });
  const { output } = await client.event<{ output: string }>("output", (body) => /Sign in/.test(body.output));
  assert.doesNotMatch(output, /\]\(command:/);
  await assert.rejects(client.request("[Sign in](command:workbench.action.quit)"), (error: Error) => {
    assert.match(
      error.message,
      /\[Sign in\] \(command:workbench\.action\.quit\): a dump does not support this request/,
    );
    return true;
  });
  await client.close();
});

test("erased data is reported when the dump opens, by sys and by the dump page", async () => {
  const scrubbed = join(folder, "scrubbed");
  const whole = readFileSync("sample/vmcore");
  const account = "erase init_uts_ns.name.nodename size 65\n";
  const bytes = Buffer.concat([whole, Buffer.from(account)]);
  // Where the second header of a 64-bit machine has the place of the account, and its size.
  bytes.writeBigUInt64LE(BigInt(whole.length), 4096 + 64);
  bytes.writeBigUInt64LE(BigInt(account.length), 4096 + 72);
  writeFileSync(scrubbed, bytes);
  const client = await DapClient.launch({ vmcore: scrubbed, search: false });
  const said = /erased from the dump.*init_uts_ns\.name\.nodename \(65 bytes\)/;
  await client.event<{ output: string }>("output", ({ output }) => said.test(output));
  assert.match(await client.command("sys"), /ERASED: Data was erased/);
  await client.close();
  assert.match(factsOf(scrubbed).facts.find(({ name }) => name === "Erased")?.value ?? "", said);
});

/** As the dump editor is told. */
function factsOf(path: string): Extract<DumpFacts, { ok: true }> {
  const told = dumpFacts([path]);
  assert.ok(told.ok);
  return told;
}

test("a file that is not a dump is reported as text or as binary", () => {
  const [text, data] = [join(folder, "a.txt"), join(folder, "a.bin")];
  writeFileSync(text, "-- SQL\n");
  writeFileSync(data, Buffer.alloc(5000, 1));
  assert.deepEqual(
    [text, data].map((path) => {
      const told = dumpFacts([path]);
      return !told.ok && told.isText;
    }),
    [true, false],
  );
});

/** The sample with every 97th byte of a part changed. */
function damaged(name: string, from: number, to: number): string {
  const bytes = readFileSync("sample/vmcore");
  for (let at = Math.floor(from * bytes.length); at < to * bytes.length; at += 97) bytes[at] = (bytes[at] ?? 0) ^ 0x5a;
  const path = join(folder, name);
  writeFileSync(path, bytes);
  return path;
}

test("the session of a damaged dump stops, reports the damage and the remedy, and claims no cause", async () => {
  const client = await DapClient.launch({ vmcore: damaged("damaged", 0.3, 0.7), search: false });
  const stop = await client.event<{ reason: string; description: string }>("stopped");
  assert.equal(stop.reason, "pause");
  assert.match(stop.description, /^It is not known whether the kernel panicked: page cannot be decompressed/);
  await client.event<{ output: string }>("output", ({ output }) =>
    /damaged or was cut off: .*copy it again/.test(output),
  );
  const { threads } = await client.request<{ threads: { name: string }[] }>("threads");
  assert.match(threads[0]?.name ?? "", /^no tasks: /);
  assert.match(await client.command("sys"), /DUMPFILE/);
  const about = await client.request<{ title?: string; panicked?: boolean }>("vmcore/about", {});
  assert.deepEqual([about.title, about.panicked], [undefined, undefined]);
  await client.close();
});

for (const failing of ["stop", "threads"])
  test(`a session stops even when we fail on the way to it (${failing})`, async () => {
    process.env["FAILING"] = failing;
    const client = new DapClient({ program: "test/adapter/failing.ts" });
    await client.initialize();
    await client.request("launch", { vmcore: "sample/vmcore", search: false });
    await client.request("configurationDone");
    const stop = await client.event<{ reason: string; threadId: number; description: string }>("stopped");
    assert.equal(stop.reason, "pause");
    assert.match(stop.description, /^The reason of the stop cannot be read: internal error: Maximum call stack/);
    const { threads } = await client.request<{ threads: { id: number }[] }>("threads");
    assert.ok(threads.some(({ id }) => id === stop.threadId));
    await client.close();
  });

test("a damaged header is refused", async () => {
  assert.match(await refusal({ vmcore: damaged("header", 0, 0.001) }), /not a dump/);
});

test("a preferred vmlinux or System.map of another kernel is skipped, and the try is reported", async () => {
  const [vmlinux, systemMap] = [join(folder, "preferred"), join(folder, "System.map")];
  writeFileSync(vmlinux, debuginfoFile({ buildId: "00".repeat(20) }));
  writeFileSync(systemMap, "ffffffff81000000 T _stext\nffffffff81000010 D init_uts_ns\n");
  const client = await DapClient.launch({
    vmcore: "sample/vmcore",
    preferredVmlinux: vmlinux,
    preferredSystemMap: systemMap,
    search: false,
  });
  const { vmlinux: used } = await client.request<{ vmlinux?: string }>("vmcore/about", {});
  assert.equal(used, undefined);
  const { tries, mapTries } = await client.request<Record<"tries" | "mapTries", { outcome: string; why: string }[]>>(
    "vmcore/debuginfo",
    {},
  );
  assert.deepEqual(
    [...tries, ...mapTries].map(({ outcome, why }) => `${outcome} ${why.replace(/:.*/, "")}`),
    ["refused is of another build", "refused is of another kernel than the dump"],
  );
  await client.close();
});

test("a vmlinux of another build is refused with a remedy, and used if the user forces it", async () => {
  const vmlinux = join(folder, "vmlinux");
  writeFileSync(vmlinux, debuginfoFile({ buildId: "00".repeat(20) }));
  const message = await refusal({ vmcore: "sample/vmcore", vmlinux });
  assert.match(message, /is of another build: its build ID is 0{40}, the dump's kernel has 3b43fad5/);
  assert.match(
    message,
    /Use the vmlinux of 6\.1\.0-56-cloud-amd64, open the dump without one, or force this one with --force, .*"force": true/,
  );
  const client = await DapClient.launch({ vmcore: "sample/vmcore", vmlinux, force: true, search: false });
  await client.event<{ output: string }>("output", ({ output }) => /is of another build/.test(output));
  const about = await client.request<{ vmlinux?: string; hasLines: boolean }>("vmcore/about", {});
  assert.deepEqual([about.vmlinux, about.hasLines], [vmlinux, false], "this vmlinux has no table of lines");
  await client.close();
});

test("a missing source opens as a page with the remedy", async () => {
  const modules = join(folder, "modules");
  mkdirSync(modules);
  copyFileSync("sample/lab_nullderef.ko", join(modules, "lab_nullderef.ko"));
  const dump = join(folder, "alone");
  copyFileSync("sample/vmcore", dump);
  const client = await DapClient.launch({ vmcore: dump, modules, search: false });
  const { stackFrames } = await client.request<{ stackFrames: DebugProtocol.StackFrame[] }>("stackTrace", {
    threadId: 169,
  });
  const { source, line } = stackFrames.find(({ name }) => name.startsWith("lab_poke")) ?? {};
  assert.equal(source?.origin, "not on this machine");
  const { content } = await client.request<{ content: string }>("source", {
    source,
    sourceReference: source?.sourceReference,
  });
  const [heading = "", ...rest] = content.split("\n").slice((line ?? 0) - 1);
  assert.match(heading, /lab_nullderef\.c, line 27, is not on this machine/);
  assert.match(rest.join("\n"), /"kernelSource"/);
  await client.close();
});

test("a dump deleted while it is open stays readable; opening it again reports the missing file", async () => {
  const copy = join(folder, "copy");
  copyFileSync("sample/vmcore", copy);
  const client = await DapClient.launch({ vmcore: copy });
  unlinkSync(copy);
  assert.match(await client.command("sys"), /6\.1\.0-56-cloud-amd64/);
  await client.close();
  assert.match(await refusal({ vmcore: copy }), /copy/);
});

test("a request before a dump is open is refused", async () => {
  const client = new DapClient();
  await client.initialize();
  await assert.rejects(client.request("threads"), /no crash dump is open/);
  await client.close();
});

test("initCommands run after the stop, and their output appears in the console", async () => {
  const client = await DapClient.launch({ vmcore: "sample/vmcore", initCommands: ["eval 1 + 1", "nosuch"] });
  await client.event<{ output: string }>("output", ({ output }) => /decimal: 2/.test(output));
  await client.event<{ output: string }>("output", ({ output }) => /command not found: nosuch/.test(output));
  await client.close();
});

test("relevant threads are the panicking one, the CPUs' current ones and the blocked ones", async () => {
  const client = await DapClient.launch({ vmcore: "sample/vmcore", threads: "relevant" });
  const { threads } = await client.request<{ threads: { name: string }[] }>("threads");
  assert.ok(threads.length >= 2 && threads.length < 10);
  assert.match(threads[0]?.name ?? "", /^insmod/);
  await client.close();
});

test("a client that starts lines at 0 gets them so", async () => {
  const lines = async (linesStartAt1: boolean): Promise<number[]> => {
    const client = await DapClient.launch({ vmcore: "sample/vmcore", search: false }, { traits: { linesStartAt1 } });
    const { stackFrames } = await client.request<{ stackFrames: { line: number }[] }>("stackTrace", { threadId: 169 });
    await client.close();
    return stackFrames.filter(({ line }) => line > 0).map(({ line }) => line - (linesStartAt1 ? 1 : 0));
  };
  assert.deepEqual(await lines(false), await lines(true));
});

test("--listen serves a session a connection, on the loopback interface", async () => {
  const server = spawn(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", "src/adapter/main.ts", "--listen", "0"],
    { stdio: ["ignore", "ignore", "pipe"] },
  );
  try {
    const [banner] = (await once(server.stderr, "data")) as [Buffer];
    const [, host, port] = /listening on (127\.0\.0\.1):(\d+)/.exec(banner.toString()) ?? [];
    const socket = connect(Number(port), host);
    const json = JSON.stringify({
      seq: 1,
      type: "request",
      command: "initialize",
      arguments: { adapterID: "vmcore", pathFormat: "path" },
    });
    socket.write(`Content-Length: ${json.length}\r\n\r\n${json}`);
    const [answer] = (await once(socket, "data")) as [Buffer];
    assert.match(answer.toString(), /"supportsDisassembleRequest":true/);
    socket.destroy();
  } finally {
    server.kill();
  }
});

test("debuginfo next to the dump is found automatically", async () => {
  const client = await DapClient.launch({ vmcore: "sample/vmcore" });
  const { stackFrames } = await client.request<{
    stackFrames: { name: string; line: number; source?: { path?: string } }[];
  }>("stackTrace", { threadId: 169 });
  const crash = stackFrames.find(({ name }) => name.startsWith("lab_poke"));
  assert.equal(crash?.line, 27);
  assert.match(crash?.source?.path ?? "", /sample\/lab_nullderef\.c$/);
  await client.close();
});

test("opening can be cancelled while it searches for the kernel", async () => {
  const path = join(folder, "large");
  const core = elfCore({ segments: [{ physical: 0, bytes: new Uint8Array(4096) }] });
  const header = new DataView(core.buffer, core.byteOffset);
  const segment = Number(header.getBigUint64(0x20, true));
  // 16 GiB that no kernel is in, of which the disk holds nothing.
  for (const size of [0x20, 0x28]) header.setBigUint64(segment + size, 1n << 34n, true);
  writeFileSync(path, core);
  truncateSync(path, 2 ** 34 + core.length);
  const client = new DapClient();
  await client.initialize();
  const launch = client.send("launch", { vmcore: path, search: false });
  await client.request("cancel", { requestId: launch.seq });
  assert.equal((await launch.response).message, "cancelled");
  await client.close();
});

test("launch arguments are checked by name", () => {
  assert.deepEqual(launchArguments("launch", { vmcore: "a" }).vmcore, ["a"]);
  assert.deepEqual(launchArguments("launch", { vmcore: ["a", "b"], kernelSource: "s" }).kernelSource, ["s"]);
  assert.deepEqual(launchArguments("attach", {}).vmcore, ["/proc/kcore"]);
  assert.deepEqual(launchArguments("launch", { vmcore: "a", base: "0x1000" }).raw, [
    { first: 0x1000, last: undefined },
  ]);
  assert.throws(() => launchArguments("launch", { vmcore: "a", base: "low" }), /^UsageError: "base" low: neither an/);
  assert.throws(() => launchArguments("launch", { vmcore: 1 }), /"vmcore" must be a string/);
  assert.throws(() => launchArguments("launch", { vmcore: "a", threads: -1 }), /"threads" must be/);
  assert.throws(() => launchArguments("launch", { vmcore: "a", force: "yes" }), /"force" must be true or false/);
  assert.throws(() => launchArguments("launch", { vmcore: "a", sourceFileMap: { "/a": 1 } }), /"sourceFileMap"/);
  assert.throws(() => launchArguments("launch", null), /"vmcore" is missing/);
});
