// The debug adapter's figures for npm run bench: from spawning it to the panic stack and its scopes, against drgn printing
// that stack; and how fast it answers in a scripted session. Adds its section to docs/benchmarks.md.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { at, cell, figure, havePeers, PAGE, peers, RUNS, time, vmcore, vmlinux, writePage } from "./benchDump.mjs";

/** A DAP client that only asks and waits. */
class Client {
  #rest = Buffer.alloc(0);
  #waiting = new Map();
  #seq = 1;
  constructor() {
    this.process = spawn(process.execPath, ["dist/adapter.js"], {
      stdio: ["pipe", "pipe", "inherit"],
      // The program keeps its compiled code itself.
      env: { ...process.env, NODE_COMPILE_CACHE: undefined },
    });
    this.stopped = new Promise((done) => this.#waiting.set("stopped", done));
    this.process.stdout.on("data", (data) => this.#read(data));
  }
  #read(data) {
    this.#rest = Buffer.concat([this.#rest, data]);
    for (;;) {
      const head = this.#rest.indexOf("\r\n\r\n");
      const length = Number(/Content-Length: (\d+)/.exec(this.#rest.toString("latin1", 0, Math.max(0, head)))?.[1]);
      if (head < 0 || this.#rest.length < head + 4 + length) return;
      const message = JSON.parse(this.#rest.toString("utf8", head + 4, head + 4 + length));
      this.#rest = this.#rest.subarray(head + 4 + length);
      this.#waiting.get(message.type === "response" ? message.request_seq : message.event)?.(message);
    }
  }
  async request(command, args) {
    const seq = this.#seq++;
    const json = JSON.stringify({ seq, type: "request", command, arguments: args });
    const answer = new Promise((done) => this.#waiting.set(seq, done));
    this.process.stdin.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    const { success, message, body } = await answer;
    if (!success) throw new Error(`${command}: ${message}`);
    return body;
  }
  /** Opens the dump and asks what an editor asks first. */
  async arrive() {
    await this.request("initialize", { adapterID: "vmcore", pathFormat: "path" });
    await this.request("launch", { vmcore, vmlinux, search: false });
    await this.request("configurationDone");
    const { threadId } = (await this.stopped).body;
    const { stackFrames } = await this.request("stackTrace", { threadId });
    const isCrash = ({ source, presentationHint }) =>
      source && source.presentationHint !== "deemphasize" && presentationHint === undefined;
    const { scopes } = await this.request("scopes", { frameId: stackFrames.find(isCrash).id });
    return { stackFrames, scopes };
  }
  peakMiB() {
    const status = existsSync("/proc/self") ? readFileSync(`/proc/${this.process.pid}/status`, "utf8") : "";
    return Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? NaN) / 1024;
  }
  async close() {
    const gone = new Promise((done) => this.process.once("exit", done));
    await this.request("disconnect");
    await gone;
  }
}

async function ours() {
  const start = performance.now();
  const client = new Client();
  await client.arrive();
  const result = { seconds: (performance.now() - start) / 1000, mib: client.peakMiB() };
  await client.close();
  return result;
}

function drgn() {
  const watched = time ? [time, "-f", "%M"] : [];
  const [program = "", ...words] = [...watched, peers, "backtrace", vmlinux, vmcore];
  const start = performance.now();
  const { stderr } = spawnSync(program, words, { encoding: "utf8" });
  return {
    seconds: (performance.now() - start) / 1000,
    mib: watched.length > 0 ? Number(stderr.trim().split("\n").at(-1)) / 1024 : NaN,
  };
}

const HOVERED = [
  "file",
  "file->f_path",
  "file->f_op",
  "file->f_inode->i_sb",
  "count",
  "pos",
  "jiffies",
  "init_task",
  "runqueues:1",
  "ffffffff81aa8a06",
];
const TYPED = ["p file->f_pat", "struct task_struct", "p init_task.mm", "bt -l", "log -T", "p jiffies", "sym panic"];

/** 300 requests as a person's eye and hands would cause them, by turns; milliseconds by kind. One refused ends it. */
async function session() {
  const client = new Client();
  const { stackFrames, scopes } = await client.arrive();
  const times = { "struct expansion": [], hover: [], completion: [] };
  const timed = async (kind, command, args) => {
    const start = performance.now();
    const body = await client.request(command, args);
    times[kind].push(performance.now() - start);
    return body;
  };
  const { id: frameId } = stackFrames.find(({ name }) => name === "vfs_write");
  const open = [scopes.find(({ name }) => name.startsWith("Task")).variablesReference];
  const prefixes = TYPED.flatMap((line) => Array.from(line, (_, i) => line.slice(0, i + 1)));
  for (let i = 0; i < 100; i++) {
    const { variables } = await timed("struct expansion", "variables", { variablesReference: open[i % open.length] });
    for (const { variablesReference } of variables)
      if (variablesReference > 0 && open.length < 100) open.push(variablesReference);
    await timed("hover", "evaluate", { expression: HOVERED[i % HOVERED.length], context: "hover", frameId });
    const text = prefixes[i % prefixes.length] ?? "";
    await timed("completion", "completions", { text, column: text.length + 1, frameId });
  }
  await client.close();
  return times;
}

/** @type {Record<"ours" | "drgn", { seconds: number, mib: number }[]>} */
const runs = { ours: [], drgn: [] };
await ours();
if (havePeers) drgn();
for (let run = 0; run < RUNS; run++) {
  runs.ours.push(await ours());
  if (havePeers) runs.drgn.push(drgn());
}
const times = await session();

const ms = (value) => `${value.toFixed(1)} ms`;
const section = [
  "## Debug adapter",
  "",
  "Time from the start of the adapter to its responses to `stackTrace` and `scopes` of the panic task (sysrq dump, with vmlinux), compared with drgn printing that stack:",
  "",
  "| vmcore-debug | drgn |",
  "|--:|--:|",
  `| ${cell(figure(runs.ours))} | ${cell(figure(runs.drgn))} |`,
  "",
  "Response times of the 300 requests of one session:",
  "",
  "| request | median | 95th percentile | slowest |",
  "|---|--:|--:|--:|",
  ...Object.entries(times).map(
    ([kind, list]) => `| ${kind} | ${ms(at(list, 0.5))} | ${ms(at(list, 0.95))} | ${ms(at(list, 1))} |`,
  ),
  "",
].join("\n");
console.log(`\n${section}`);
const before = existsSync(PAGE)
  ? readFileSync(PAGE, "utf8").replace(/\n*## Debug adapter[^]*?(?=\n## |$)/, "\n")
  : "# Benchmarks\n";
await writePage(`${before.trimEnd()}\n\n${section}`);
