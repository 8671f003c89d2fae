// Measures large dumps: the guests of 1,000, 4,000 and 20,000 tasks (which make-dump.sh makes where they are missing),
// threads, a remote dump, triage. Prints tables and writes them to docs/benchmarks.md. Processor time is that of the
// whole process, user's and system's, so that other work on the machine changes it little.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { Worker, isMainThread, parentPort } from "node:worker_threads";
import { at, corpus, havePeers, PAGE, peers, time, vmcore, vmlinux, writePage } from "./benchDump.mjs";

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vmcore-debug");
const RUNS = Number(process.env.BENCH_RUNS ?? 3);

/** Serves the sysrq dump with ranges, and counts; in a thread, because the main one waits for the programs. */
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
    response.end(part);
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
    "Processor time of whole processes, so that other work on the machine changes it little; the median of " +
      `${RUNS} runs. Figures of crash are of one run and include its start, about 3 s.`,
    "The guest of 20,185 tasks (5.2 GB ELF, sparse) with its vmlinux:",
    scaleTable(large),
    "Growth: time a line of the guests of 1,000 and 4,000 tasks, without the start. `npm run scale` fails if the second is more than 1.6 times the first.",
    growthTable(small, middle),
    "Threads: the same command on one processor and on two, elapsed time and processor time. It shows the speed-up only on a machine without other work.",
    threadTable(large),
    "A remote dump: the sysrq dump from a web server on this machine, without vmlinux.",
    await remoteTable(),
    readFileSync(PAGE, "utf8").match(/(?<=\n)### Measured by hand[^]*?(?=\n## |$)/)?.[0] ?? "",
  ];
  const section = parts.join("\n\n");
  console.log(section);
  const page = readFileSync(PAGE, "utf8").replace(/\n*## Size[^]*?(?=\n## |$)/, "\n");
  await writePage(`${page.trimEnd()}\n\n${section}\n`);
}

/** @param {string} dump */
function scaleTable(dump) {
  const cat = cost(["cat", dump]);
  /** @type {[string, string, (number | undefined)?, boolean?][]} */
  const jobs = [
    ["ps", "2 s", 2, true],
    ["ps -s", "2 s", 2],
    ["foreach bt -l", "3 s, 400 MiB", 3],
    ["foreach bt", "1.5 × crash", undefined, true],
    ["kmem -p", "", undefined, true],
    ["search -k deadbeef12345678", `3 × cat: ${seconds(3 * cat.cpu)}`, 3 * cat.cpu, true],
    ["search -p ffff889dc5500000", `3 × cat: ${seconds(3 * cat.cpu)}`, 3 * cat.cpu],
  ];
  const rows = jobs.map(([line, target, limit, compared]) => {
    const own = cost(ours(dump, line));
    const theirs = compared && havePeers ? seconds(crash(dump, line).cpu) : "-";
    const met = limit === undefined ? "" : own.cpu <= limit ? "met" : "missed";
    return [`\`${line}\``, seconds(own.cpu), seconds(own.wall), `${own.mib.toFixed(0)} MiB`, theirs, target, met];
  });
  const catRow = ["`cat` of the file", seconds(cat.cpu), seconds(cat.wall), "", "", "", ""];
  return table(["command", "processor time", "elapsed", "peak memory", "crash", "target", ""], [...rows, catRow]);
}

/** @param {string} small @param {string} middle */
function growthTable(small, middle) {
  const [first, second] = [small, middle].map((dump) => cost(ours(dump, "eval 1")).cpu);
  const rows = ["ps", "ps -s", "foreach bt", "foreach files", "foreach vm", "kmem -p"].map((line) => {
    const [few, many] = [cost(ours(small, line)), cost(ours(middle, line))];
    const each = (/** @type {Cost} */ one, /** @type {number} */ start) => (1e6 * (one.cpu - start)) / one.lines;
    const [a, b] = [each(few, first ?? 0), each(many, second ?? 0)];
    return [`\`${line}\``, `${a.toFixed(1)} µs`, `${b.toFixed(1)} µs`, (b / a).toFixed(2)];
  });
  return table(["command", "1,000 tasks", "4,000 tasks", "ratio"], rows);
}

/** @param {string} dump */
function threadTable(dump) {
  const rows = ["foreach bt -l", "foreach files"].map((line) => {
    const [one, two] = ["0", "0,1"].map((cpus) => cost(["taskset", "-c", cpus, ...ours(dump, line)], { runs: 1 }));
    if (!one || !two) throw new Error("not measured");
    const figures = [one, two].map(({ wall, cpu, mib }) => `${seconds(wall)}, ${seconds(cpu)}, ${mib.toFixed(0)} MiB`);
    return [`\`${line}\``, ...figures, (one.wall / two.wall).toFixed(2)];
  });
  return table(["command", "one processor", "two processors", "speed-up"], rows);
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
      seconds(first.cpu),
      later.requests,
      mb(later.sent),
      seconds(again.cpu),
    ]);
  }
  await server.terminate();
  return table(["command", "requests", "bytes", "processor time", "again: requests", "bytes", "processor time"], rows);
}

if (!isMainThread) serve();
else await main();
