/**
 * A real debuginfod (elfutils') over Debian's dbg package and module builds: dumps that are opened with nothing but its
 * address have lines and locals, and servers that are slow, die or lie leave the dump open without them.
 */
import assert from "node:assert/strict";
import { type ChildProcess, execFile, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import type { RequestListener } from "node:http";
import { type AddressInfo, createServer as createSocket } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { promisify } from "node:util";
import { debuginfodOptions, fetchSource } from "../../src/session/fetch/debuginfod.ts";
import { fetchMissing, missingDebuginfo } from "../../src/session/find/missingDebuginfo.ts";
import { toEnd } from "../../src/base/job.ts";
import { openSession } from "../../src/session/open/open.ts";
import type { DebugProtocol } from "@vscode/debugprotocol";
import { DapClient } from "../adapter/client.ts";
import { loopback } from "../builders/loopback.ts";
import { corpus, type CorpusDump, drgnAccount, made, madeDump, storedDumps, vmlinuxOf } from "./corpus.ts";
import { compareCrashedStack } from "./crashedStack.ts";

const hasServer = ["debuginfod", "eu-strip"].every((name) => spawnSync(name, ["--version"]).status === 0);
const vmlinux = hasServer && storedDumps.length > 0 ? vmlinuxOf("x86_64-6.1") : undefined;
const skip = vmlinux
  ? false
  : !hasServer
    ? "NOT RUN: no debuginfod on this machine (apt-get install debuginfod elfutils)"
    : "NOT RUN: no corpus, or no vmlinux of x86_64-6.1 to be had";

const folder = mkdtempSync(join(tmpdir(), "vmcore-debuginfod-"));
const cache = join(folder, "cache");
let server: ChildProcess | undefined;
let url = "";

/** Modules of Debian's that some dump of the corpus has loaded. */
const MODULES = ["virtio_blk", "virtio_net", "virtio_pci", "qemu_fw_cfg", "loop", "overlay", "tun", "veth"];
const builds = join(process.env["BUILD"] ?? join(dirname(made), "build"), "modules");

before(async () => {
  if (!vmlinux) return;
  const served = join(folder, "served");
  mkdirSync(served);
  const debian = resolve(vmlinux, "../../lib");
  // Where no dump was made yet the modules are not built either.
  madeDump("bugon");
  const paths = [
    vmlinux,
    ...modulesIn(debian).filter((path) => MODULES.includes(basename(path, ".ko"))),
    ...modulesIn(join(corpus, "x86_64-6.1/modules")),
    ...modulesIn(builds).map(stripped),
  ];
  // Links by a number: some modules are there in two builds.
  for (const [i, path] of paths.entries()) symlinkSync(path, join(served, `${i}-${basename(path)}`));
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  server = spawn("debuginfod", ["-F", "-L", "-p", String(port), "-d", join(folder, "index.sqlite"), served], {
    stdio: "ignore",
    env: { PATH: process.env["PATH"] },
  });
  for (let i = 0; (await scanned()) < paths.length; i++) {
    assert.ok(i < 600, "debuginfod did not come to the end of its files");
    await setTimeout(100);
  }
});

function modulesIn(path: string): string[] {
  if (!existsSync(path)) return [];
  const names = readdirSync(path, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".ko"));
  return names.map((name) => join(path, name));
}

/**
 * A module's debuginfo as distributions keep it. Out of the module itself debuginfod reads names of sources without
 * relocating them: all of them are then the first string of the section.
 */
function stripped(path: string): string {
  const debug = join(folder, `${basename(path)}.debug`);
  execFileSync("eu-strip", ["--reloc-debug-sections", "-g", "-f", debug, "-o", join(folder, basename(path)), path]);
  return debug;
}

/** How many files it has read, by its own account. */
async function scanned(): Promise<number> {
  const metrics = await fetch(`${url}/metrics`).then((answer) => answer.text(), () => ""); // prettier-ignore
  return Number(/^scanned_files_total\{source="file"\} (\d+)$/m.exec(metrics)?.[1] ?? 0);
}

after(() => {
  server?.kill();
  rmSync(folder, { recursive: true, force: true });
});

async function freePort(): Promise<number> {
  const socket = createSocket().listen(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address() as AddressInfo;
  socket.close();
  return port;
}

const options = (urls: string, more: Record<string, string> = {}) =>
  debuginfodOptions({ DEBUGINFOD_URLS: urls, ...more }, cache);

/** Nothing of this machine but what debuginfod's clients fetched. */
const search = { beside: [], directories: [], root: join(folder, "nothing"), store: undefined, cache };

/** As a face does it: opened with what there is, fetched for, opened again. */
async function fetchedSession({ vmcore }: CorpusDump) {
  for (let i = 0; i < 2; i++) {
    const session = openSession({ vmcore: [vmcore], search });
    await fetchMissing(toEnd(missingDebuginfo(session)), options(url));
    session.close();
  }
  return openSession({ vmcore: [vmcore], search });
}

/** Functions of modules on the crashed stack, by drgn's account. */
const atLeastInModules: Readonly<Record<string, number>> = { sample: 2, "x86_64-6.1/timer": 2 };

for (const dump of storedDumps.filter(({ family }) => family === "x86_64-6.1")) {
  test(
    `${dump.name}: with only the address of a debuginfod server, lines and locals equal drgn's`,
    { skip },
    async (t) => {
      const session = await fetchedSession(dump);
      t.after(() => session.close());
      assert.equal(dirname(dirname(session.vmlinux!.path)), cache);
      const { lines, inModules, variables, differences } = compareCrashedStack(session, drgnAccount(dump.ref!));
      t.diagnostic(`${lines} functions, ${inModules} in modules, ${variables} variables`);
      assert.ok(lines > 4 && variables > 10, `${lines} functions and ${variables} variables were compared`);
      assert.ok(inModules >= (atLeastInModules[dump.name] ?? 0), `${inModules} functions in modules`);
      assert.deepEqual(differences, []);
    },
  );
}

const run = promisify(execFile);

/** The built command line program with the environment that a user sets. */
async function cli(vmcore: string, command: string, env: Record<string, string>) {
  const program = process.env["VMCORE_CLI"] ?? "dist/cli.js";
  return run("node_modules/.bin/node", [program, vmcore, "-c", command], {
    env: { ...process.env, ...env },
    timeout: 120_000,
  });
}

test("the terminal needs only DEBUGINFOD_URLS, and downloads nothing a second time", { skip }, async (t) => {
  const dump = storedDumps.find(({ name }) => name === "sample")!;
  const env = { DEBUGINFOD_CACHE_PATH: cache, DEBUGINFOD_URLS: url };
  const first = await cli(dump.vmcore, "bt -l", env);
  assert.match(
    first.stdout,
    /lab_nullderef\.c: 36\n[^]*hello_init at [0-9a-f]+ \[lab_nullderef\]\n.*lab_nullderef\.c: 55/,
  );
  let asked = 0;
  const silent = await loopback(t, (_, response) => (asked++, response.writeHead(404).end()));
  const second = await cli(dump.vmcore, "bt -l", { ...env, DEBUGINFOD_URLS: silent });
  assert.equal(second.stdout, first.stdout);
  assert.equal(asked, 0);
});

test("a debug session continues while it downloads the vmlinux and the modules", { skip }, async (t) => {
  const own = mkdtempSync(join(folder, "adapter-"));
  const lone = join(own, "vmcore");
  cpSync(join(corpus, "sample/vmcore"), lone);
  let release = (): void => {};
  const asked = new Promise<void>((done) => (release = done));
  const held = await loopback(t, (request, response) => {
    void asked.then(() => response.writeHead(307, { location: `${url}${request.url}` }).end());
  });
  const settings = { DEBUGINFOD_CACHE_PATH: join(own, "cache"), XDG_CACHE_HOME: join(own, "xdg") };
  const before = { ...process.env };
  Object.assign(process.env, settings);
  t.after(() => {
    for (const name of Object.keys(settings)) {
      if (before[name] === undefined) delete process.env[name];
      else process.env[name] = before[name];
    }
  });
  const traits = { supportsInvalidatedEvent: true };
  // The second is where the first redirects to: a host of this machine has to be named.
  const client = await DapClient.launch({ vmcore: lone, debuginfod: [held, url] }, { traits });
  t.after(() => client.close());
  const stack = async () =>
    (await client.request<{ stackFrames: DebugProtocol.StackFrame[] }>("stackTrace", { threadId: 169 })).stackFrames;
  const withLines = (frames: readonly DebugProtocol.StackFrame[]) =>
    frames.filter(({ source }) => /\.[ch]$/.test(source?.name ?? ""));
  const bare = await stack();
  assert.ok(bare.some(({ name }) => name.startsWith("do_one_initcall")));
  // A vmlinux that is installed here would be found without any server.
  if (withLines(bare).length > 0) return t.skip("NOT RUN: this machine has the sample's debuginfo installed");
  release();
  const { module: kernel } = await client.event<{ module: DebugProtocol.Module }>("module", ({ module }) => module.name === "vmlinux", 180_000); // prettier-ignore
  assert.match(kernel.symbolFilePath ?? "", /cache\/[0-9a-f]{40}\/debuginfo$/);
  await client.event("invalidated");
  assert.ok(withLines(await stack()).some(({ name }) => name.startsWith("do_one_initcall")));
  await client.event<{ output: string }>("output", ({ output }) => /Fetched the debuginfo of vmlinux, .*lab_nullderef/.test(output), 180_000); // prettier-ignore
  const frames = await stack();
  assert.ok(frames.length > bare.length, "inlined functions have frames of their own");
  for (const [name, line] of [
    ["lab_poke", 27],
    ["hello_init", 55],
  ] as const)
    // prettier-ignore
    assert.equal(frames.find((frame) => frame.name.startsWith(name))?.line, line);
  const frame = frames.find(({ name }) => name.startsWith("do_init_module"));
  const { scopes } = await client.request<{ scopes: DebugProtocol.Scope[] }>("scopes", { frameId: frame?.id });
  const reference = { variablesReference: scopes[0]?.variablesReference };
  const { variables } = await client.request<{ variables: DebugProtocol.Variable[] }>("variables", reference);
  assert.ok(variables.some(({ name }) => name === "mod"), variables.map(({ name }) => name).join()); // prettier-ignore
});

test("the source of a module comes from debuginfod where it was built at its own path", { skip }, async (t) => {
  const session = await fetchedSession(madeDump("bugon"));
  t.after(() => session.close());
  const missing = join(builds, "lab_bugdev.c");
  const own = session.kernel.symbols.find("lab_bug_write") ?? [...session.kernel.symbols.all()].find(({ module, type }) => module === "lab_bugdev" && type === "t"); // prettier-ignore
  assert.ok(own, "the dump has lab_bugdev");
  const [scope] = session.kernel.code.scopes(own.address);
  assert.equal(scope?.source?.file, missing);
  const buildId = readBuildId(join(builds, "lab_bugdev.ko"));
  const { path = "" } = await fetchSource(buildId, missing, options(url));
  assert.deepEqual(readFileSync(path), readFileSync(missing));
  const { path: none, remarks } = await fetchSource(buildId, "kernel/panic.c", options(url));
  assert.deepEqual([none, remarks], [undefined, ["debuginfod serves no source whose path is relative"]]);
});

function readBuildId(path: string): string {
  const { stdout } = spawnSync("readelf", ["-n", path], { encoding: "utf8" });
  return /Build ID: ([0-9a-f]+)/.exec(stdout)![1]!;
}

/** A file as real as the wanted one, and another. */
const wrong = join(corpus, "x86_64-6.1/modules/lab_abba.ko");

const servers: readonly (readonly [string, RequestListener, RegExp])[] = [
  ["slow", (_, response) => response.writeHead(200).write("x"), /is too slow: 1 bytes in 1 s/],
  ["dying", (_, response) => response.writeHead(200, { "content-length": 9999 }).write("x", () => response.destroy()), /terminated|aborted|closed/], // prettier-ignore
  ["lying", (_, response) => response.end(readFileSync(wrong)), /sends a file of build ID [0-9a-f]{40}/],
  ["endless", (_, response) => endless(response), /sends more than 1000000 bytes \(DEBUGINFOD_MAXSIZE\)/],
  ["redirecting", (_, response) => response.writeHead(302, { location: "file:///etc/passwd" }).end(), /redirects to file:.* is not followed/], // prettier-ignore
];

function endless(response: Parameters<RequestListener>[1]): void {
  const more = (): void => {
    while (!response.destroyed && response.write(Buffer.alloc(1 << 16)));
  };
  response.on("drain", more);
  more();
}

for (const [kind, listener, message] of servers) {
  test(
    `a ${kind} server: the dump opens without debuginfo, the reason is shown, nothing is cached`,
    { skip },
    async (t) => {
      const own = mkdtempSync(join(folder, "cache-"));
      const lone = join(own, "vmcore");
      cpSync(join(corpus, "sample/vmcore"), lone);
      const { stdout, stderr } = await cli(lone, "bt -l", {
        DEBUGINFOD_URLS: await loopback(t, listener),
        DEBUGINFOD_CACHE_PATH: join(own, "cache"),
        DEBUGINFOD_TIMEOUT: "1",
        DEBUGINFOD_MAXSIZE: "1000000",
      });
      assert.match(stdout, /hello_init at [0-9a-f]+ \[lab_nullderef\]/);
      assert.match(stderr, message);
      assert.doesNotMatch(stderr, /at .*\.js:/);
      const kept = readdirSync(own, { recursive: true, encoding: "utf8" });
      assert.deepEqual(
        kept.filter((path) => /debuginfo$/.test(path)),
        [],
      );
    },
  );
}
