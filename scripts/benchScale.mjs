// Measures large dumps: the guests of 1,000, 4,000 and 20,000 tasks (which make-dump.sh makes where they are missing),
// threads, a remote dump, triage. Prints tables and writes them to docs/benchmarks.md. Processor time is that of the
// whole process, user's and system's, so that other work on the machine changes it little.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { homedir, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { Client, hovered, typed } from "./benchClient.mjs";
import { at, corpus, havePeers, machine, peers, time, vmcore, verdict, vmlinux, writeSection } from "./benchDump.mjs";

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vmcore-debug");
const RUNS = Number(process.env.BENCH_RUNS ?? 3);

/** Milliseconds before the server of the remote dump answers, and megabits a second that it sends. */
const DISTANCE_MS = 100;
const MBIT = 100;

/** Serves the sysrq dump with ranges as a distant server would, and counts; in a thread, because the main one waits for the programs. */
function serve() {
  const bytes = readFileSync(vmcore);
  let [requests, sent] = [0, 0];
  const server = createServer((request, response) => {
    const [, first = "0", last = `${bytes.length - 1}`] = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "") ?? [];
    const part = bytes.subarray(Number(first), Number(last) + 1);
    requests++;
    sent += part.length;
    response.writeHead(206, {
      "content-range": `bytes ${first}-${Number(first) + part.length - 1}/${bytes.length}`,
      "content-length": part.length,
      "accept-ranges": "bytes",
      etag: '"bench"',
    });
    setTimeout(() => response.end(part), DISTANCE_MS + (part.length * 8) / (MBIT * 1000));
  }).listen(0, "127.0.0.1", () => parentPort?.postMessage(/** @type {any} */ (server.address()).port));
  parentPort?.on("message", () => {
    parentPort?.postMessage({ requests, sent });
    [requests, sent] = [0, 0];
  });
}

/** @typedef {{ cpu: number, wall: number, mib: number, lines: number }} Cost */

/** The median cost of a command. @param {string[]} command @param {{ input?: string, env?: NodeJS.ProcessEnv, runs?: number }} [options] @returns {Cost} */
function cost(command, { input = "", env = {}, runs = RUNS } = {}) {
  const folder = mkdtempSync(join(tmpdir(), "bench-"));
  const report = join(folder, "time");
  const costs = Array.from({ length: runs }, () => {
    const timed = [time ?? "time", "-f", "%U %S %e %M", "-o", report, ...command];
    const { stdout } = spawnSync("sh", ["-c", '"$@" 2>/dev/null | wc -l', "sh", ...timed], {
      input,
      encoding: "utf8",
      env: { ...process.env, ...env },
    });
    const [user = NaN, system = NaN, wall = NaN, kib = NaN] =
      readFileSync(report, "utf8").trim().split("\n").at(-1)?.split(" ").map(Number) ?? [];
    return { cpu: user + system, wall, mib: kib / 1024, lines: Number(stdout) };
  });
  rmSync(folder, { recursive: true });
  const median = (/** @type {keyof Cost} */ key) => at(costs.map((one) => one[key]), 0.5); // prettier-ignore
  return { cpu: median("cpu"), wall: median("wall"), mib: median("mib"), lines: median("lines") };
}

/** @param {string} dump @param {string} line */
const ours = (dump, line) => [process.execPath, "dist/cli.js", "--no-rc", "--no-search", vmlinux, dump, "-c", line];
/** @param {string} dump @param {string} line */
const crash = (dump, line) => cost([peers, "crash", "-s", vmlinux, dump], { input: `${line}\nexit\n`, runs: 1 });

/** @param {string} name @param {number} scale @param {number} megabytes */
function guest(name, scale, megabytes) {
  const dump = join(cache, "make/dumps", name, "vmcore.elf");
  const options = ["--mem", `${megabytes}`, "--smp", "2", "--formats", "elf", "--append", `labscale=${scale}`, "--timeout", "560"]; // prettier-ignore
  if (!existsSync(dump))
    spawnSync(join(corpus, "make/make-dump.sh"), ["sysrq", ...options, "--name", name], { stdio: "inherit" });
  return dump;
}

/** @param {string[]} heads @param {(string | number)[][]} rows */
const table = (heads, rows) =>
  [heads, heads.map((_, i) => (i === 0 ? "---" : "--:")), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");

const seconds = (/** @type {number} */ value) => `${value.toFixed(2)} s`;

async function main() {
  const [small, middle, large] = [guest("scale1k", 2, 700), guest("scale4k", 8, 1500), guest("scale20k", 40, 5000)];
  const parts = [
    "## Size",
    `Machine: ${machine}. Whole processes: the median of ${RUNS} runs. The processor time is the user's and the system's. Figures of crash are of one run and include its start, about 3 s. The machine's load was ${(loadavg()[0] ?? 0).toFixed(1)} at the start.`,
    "The guest of 20,185 tasks (5.2 GB ELF, sparse) with its vmlinux. Targets in seconds are of the elapsed time:",
    await part(() => scaleTable(large)),
    "The debug adapter on the same dump. 300 mixed requests: stacks and scopes of 60 threads, members, hovers, completions.",
    await part(() => adapterTable(large)),
    "Growth: time a line of the guests of 1,000 and 4,000 tasks, without the start. `npm run scale` fails if the second is more than 1.6 times the first.",
    await part(() => growthTable(small, middle)),
    "Threads: the same command on one processor and on two, elapsed time and processor time. The speed-up is that of the work after the start; only a machine without other work shows it.",
    await part(() => threadTable(large)),
    `A remote dump: the sysrq dump from a web server on this machine, without vmlinux. The server answers after ${DISTANCE_MS} ms and sends ${MBIT} Mbit/s.`,
    await part(remoteTable),
    `Triage of ${TRIAGED} copies of stored dumps with other crash times:`,
    await part(triageTable),
  ];
  const section = parts.join("\n\n");
  console.log(section);
  await writeSection(section);
}

/** Returns the table that a part measures; the reason if it fails, because the other parts must not be lost. @param {() => string | Promise<string>} measure */
async function part(measure) {
  try {
    return await measure();
  } catch (error) {
    process.exitCode = 1;
    return `Not measured: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** Seconds that crash takes to start. */
const CRASH_START = 3;

/** @param {string} dump */
function scaleTable(dump) {
  const cat = cost(["cat", dump]);
  /** The targets: elapsed seconds, peak MiB, times crash's processor time without its start, times that of `cat`. */
  /** @type {{ line: string, seconds?: number, mib?: number, crash?: number, cat?: number }[]} */
  const jobs = [
    { line: "ps", seconds: 2, crash: 1.5 },
    { line: "ps -s", seconds: 2 },
    { line: "foreach bt -l", seconds: 3, mib: 400 },
    { line: "foreach bt", crash: 1.5 },
    { line: "kmem -p", crash: 1.5 },
    { line: "search -k deadbeef12345678", cat: 3, crash: 1.5 },
    { line: "search -p ffff889dc5500000", cat: 3 },
  ];
  const start = cost(ours(dump, "eval 1")).cpu;
  const rows = jobs.map(({ line, ...target }) => {
    const own = cost(ours(dump, line));
    const theirs = target.crash !== undefined && havePeers ? crash(dump, line).cpu : undefined;
    const parts = [];
    if (target.seconds) parts.push(`${target.seconds} s: ${verdict(own.wall, target.seconds)}`);
    if (target.mib) parts.push(`${target.mib} MiB: ${verdict(own.mib, target.mib)}`);
    if (target.crash && theirs !== undefined)
      parts.push(
        `${target.crash} × crash: ${verdict(own.cpu - start, target.crash * Math.max(0.1, theirs - CRASH_START))}`,
      );
    if (target.cat) parts.push(`${target.cat} × cat: ${verdict(own.cpu - start, target.cat * cat.cpu)}`);
    const shown = theirs === undefined ? "-" : seconds(theirs);
    return [`\`${line}\``, seconds(own.cpu), seconds(own.wall), `${own.mib.toFixed(0)} MiB`, shown, parts.join("; ")];
  });
  const catRow = ["`cat` of the file", seconds(cat.cpu), seconds(cat.wall), "", "", ""];
  return table(["command", "processor time", "elapsed", "peak memory", "crash", "target"], [...rows, catRow]);
}

/** @param {string} dump */
async function adapterTable(dump) {
  const client = new Client({ vmcore: dump, vmlinux });
  const threadId = await client.open();
  /** @type {{ what: string, ms: number }[]} */
  const done = [];
  const timed = async (
    /** @type {string} */ command,
    /** @type {Record<string, unknown> & { expression?: string | undefined }} */ args,
  ) => {
    const start = performance.now();
    const body = await client.request(command, args);
    done.push({ what: `\`${command}\` ${args.expression ?? ""}`.trim(), ms: performance.now() - start });
    return body;
  };
  const { threads } = await timed("threads", {});
  const listing = done.pop()?.ms ?? NaN;
  const { stackFrames } = await timed("stackTrace", { threadId });
  const { id: frameId } = stackFrames.find((/** @type {{ name: string }} */ { name }) => name === "vfs_write");
  const { scopes } = await timed("scopes", { frameId });
  const open = [scopes.find((/** @type {{ name: string }} */ { name }) => name.startsWith("Task")).variablesReference];
  for (let i = 0; i < 60; i++) {
    const thread = threads[(i * 331) % threads.length].id;
    const { stackFrames: frames } = await timed("stackTrace", { threadId: thread, startFrame: 0, levels: 20 });
    await timed("scopes", { frameId: frames[0]?.id ?? frameId });
    const { variables } = await timed("variables", { variablesReference: open[i % open.length] });
    for (const { variablesReference } of variables)
      if (variablesReference > 0 && open.length < 200) open.push(variablesReference);
    await timed("evaluate", { expression: hovered(i), context: "hover", frameId });
    const text = typed(i);
    await timed("completions", { text, column: text.length + 1, frameId });
  }
  const mib = client.peakMiB();
  await client.close();
  const times = done.map(({ ms }) => ms);
  const slowest = done.toSorted((a, b) => b.ms - a.ms).slice(0, 3);
  const ms = (/** @type {number} */ value) => `${value.toFixed(0)} ms`;
  const row = (/** @type {string} */ what, /** @type {number} */ value, /** @type {number} */ target) =>
    [what, ms(value), `${ms(target)}: ${verdict(value, target)}`]; // prettier-ignore
  return table(
    ["requests", "time", "target"],
    [
      row(`\`threads\` (${threads.length})`, listing, 500),
      [`${times.length} mixed, median`, ms(at(times, 0.5)), ""],
      row("95th percentile", at(times, 0.95), 50),
      row(`slowest: ${slowest.map(({ what, ms: value }) => `${what} ${ms(value)}`).join(", ")}`, at(times, 1), 200),
      ["peak memory", `${mib.toFixed(0)} MiB`, ""],
    ],
  );
}

/** Number of dumps that triage records. */
const TRIAGED = Number(process.env.BENCH_TRIAGED ?? 60);

/** Makes the copies and records them with 1, 2 and 4 workers. */
function triageTable() {
  const folder = mkdtempSync(join(tmpdir(), "bench-triage-"));
  const dumps = ["abba", "sysrq", "timer"].map((name) => join(corpus, "x86_64-6.1", name, "vmcore"));
  const { stdout, stderr } = spawnSync(process.execPath, ["scripts/benchTriage.mjs", folder, ...dumps], {
    encoding: "utf8",
    env: { ...process.env, TRIAGED: `${TRIAGED}` },
  });
  rmSync(folder, { recursive: true });
  /** @type {{ jobs: number, records: number, failed: number, median: number, last: number, rate: number }[]} */
  const runs = stdout.split("\n").filter(Boolean).map((line) => JSON.parse(line)); // prettier-ignore
  if (runs.length === 0) console.error(`triage: ${stderr}`);
  return table(
    ["workers", "records", "failed", "processor time: median", "99th percentile", "dumps a second", "target"],
    runs.map(({ jobs, records, failed, median, last, rate }) => [
      jobs,
      records,
      failed,
      `${median} ms`,
      `${last} ms`,
      rate.toFixed(1),
      `500 ms: ${verdict(last, 500)}`,
    ]),
  );
}

/** Times the time per line that a command may take with four times the tasks. */
const MOST_GROWTH = 1.6;

/** @param {string} small @param {string} middle */
function growthTable(small, middle) {
  const [first, second] = [small, middle].map((dump) => cost(ours(dump, "eval 1")).cpu);
  const rows = ["ps", "ps -s", "foreach bt", "foreach files", "foreach vm", "kmem -p"].map((line) => {
    const [few, many] = [cost(ours(small, line)), cost(ours(middle, line))];
    const each = (/** @type {Cost} */ one, /** @type {number} */ start) => (1e6 * (one.cpu - start)) / one.lines;
    const [a, b] = [each(few, first ?? 0), each(many, second ?? 0)];
    const target = `${MOST_GROWTH}: ${verdict(b / a, MOST_GROWTH)}`;
    return [`\`${line}\``, `${a.toFixed(1)} µs`, `${b.toFixed(1)} µs`, (b / a).toFixed(2), target];
  });
  return table(["command", "1,000 tasks", "4,000 tasks", "ratio", "target"], rows);
}

/** @param {string} dump */
function threadTable(dump) {
  const on = (/** @type {string} */ cpus, /** @type {string} */ line) =>
    cost(["taskset", "-c", cpus, ...ours(dump, line)], { runs: 1 });
  const starts = ["0", "0,1"].map((cpus) => on(cpus, "eval 1").wall);
  const rows = ["foreach bt -l", "foreach files"].map((line) => {
    const [one, two] = ["0", "0,1"].map((cpus) => on(cpus, line));
    if (!one || !two) throw new Error("not measured");
    const figures = [one, two].map(({ wall, cpu, mib }) => `${seconds(wall)}, ${seconds(cpu)}, ${mib.toFixed(0)} MiB`);
    const speed = (one.wall - (starts[0] ?? 0)) / (two.wall - (starts[1] ?? 0));
    // As a quotient, because the target is a least value.
    const target = `1.7: ${verdict(1.7 / speed, 1)}`;
    return [`\`${line}\``, ...figures, speed.toFixed(2), target];
  });
  return table(["command", "one processor", "two processors", "speed-up", "target"], rows);
}

async function remoteTable() {
  const server = new Worker(new URL(import.meta.url));
  const next = () => new Promise((resolve) => void server.once("message", resolve));
  const port = await next();
  const rows = [];
  for (const line of ["sys", "bt", "ps", "log"]) {
    const home = mkdtempSync(join(tmpdir(), "bench-cache-"));
    const command = [process.execPath, "dist/cli.js", "--no-rc", "--no-search", `http://127.0.0.1:${port}/vmcore`, "-c", line]; // prettier-ignore
    const first = cost(command, { runs: 1, env: { XDG_CACHE_HOME: home } });
    server.postMessage("count");
    const { requests, sent } = /** @type {{ requests: number, sent: number }} */ (await next());
    const again = cost(command, { runs: 1, env: { XDG_CACHE_HOME: home } });
    server.postMessage("count");
    const later = /** @type {{ requests: number, sent: number }} */ (await next());
    rmSync(home, { recursive: true });
    const mb = (/** @type {number} */ bytes) => `${(bytes / 1e6).toFixed(1)} MB`;
    rows.push([
      `\`${line}\``,
      requests,
      mb(sent),
      seconds(first.wall),
      seconds(first.cpu),
      later.requests,
      mb(later.sent),
      seconds(again.cpu),
    ]);
  }
  await server.terminate();
  const again = ["again: requests", "bytes", "processor time"];
  return table(["command", "requests", "bytes", "elapsed", "processor time", ...again], rows);
}

if (!isMainThread) serve();
else await main();
