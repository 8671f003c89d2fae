// npm run bench: whole processes, ours against crash and drgn on the same dump, alternating; prints a table and
// writes it to docs/benchmarks.md. Needs ../shared (the corpus); without its peers it prints our column alone.
// `npm run bench -- --against DIR` also runs dist/cli.js of another checkout, and adds a column and a ratio.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  cell,
  figure,
  havePeers,
  machine,
  peers,
  RUNS,
  text,
  time,
  vmcore,
  verdict,
  vmlinux,
  writeSection,
} from "./benchDump.mjs";

const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "vmcore-debug");
const raw = join(cache, "make/dumps/formats-kdump/vmcore.raw");

const folder = mkdtempSync(join(tmpdir(), "vmcore-bench-"));
const allStacks = join(folder, "all.py");
writeFileSync(
  allStacks,
  "from drgn.helpers.linux.pid import for_each_task\nfor t in for_each_task(prog):\n    print(t.pid, prog.stack_trace(t))\n",
);

const modules = resolve(vmlinux, "../../lib/modules");
const withModules = join(folder, "modules.py");
writeFileSync(
  withModules,
  `import os
from drgn.helpers.linux.module import for_each_module
paths = {name.split(".ko")[0].replace("-", "_"): os.path.join(folder, name)
         for folder, _, names in os.walk("${modules}") for name in names if ".ko" in name}
names = [module.name.string_().decode() for module in for_each_module(prog)]
prog.load_debug_info([paths[name] for name in names if name in paths])
print(prog["UTS_RELEASE"].string_(), len(names), prog.crashed_thread().stack_trace())
`,
);

/** Where indexes of names are kept: "first" has none each time, "second" the one that the run before it left. */
/** @param {string} kind */
const indexes = (kind) => ({ XDG_CACHE_HOME: join(folder, "cache", kind) });
/** @param {string} kind @param {string[]} files */
const opening = (kind, ...files) => ({
  line: [process.execPath, "dist/cli.js", "--no-search", ...files, vmcore, "-c", "sys", "-c", "mod -S", "-c", "bt -l"],
  env: indexes(kind),
  // Without debuginfo there is none to load for a module, and "mod" says so.
  answers: files.length > 0,
  ...(kind === "first" && { before: () => rmSync(indexes(kind).XDG_CACHE_HOME, { recursive: true, force: true }) }),
});

/** @param {string} command */
const ours = (command, symbols = true, dump = vmcore) => ({
  line: [process.execPath, "dist/cli.js", "--no-search", ...(symbols ? [vmlinux] : []), dump, "-c", command],
});
/** @param {string} command */
const crash = (command, dump = vmcore) => ({
  line: [peers, "crash", "-s", vmlinux, dump],
  input: `${command}\nexit\n`,
});
/** @param {string} script */
const drgnScript = (script) => ({ line: [peers, "drgn", "-q", "-c", vmcore, "-s", vmlinux, script] });
/** @param {string} command */
const drgnCrash = (command) => ({ line: [peers, "drgn-crash", vmlinux, vmcore, command] });

const drgnOpening = drgnScript(withModules);

/**
 * A process to measure.
 * @typedef {object} Run
 * @property {string[]} line the program and its arguments
 * @property {string} [input] @property {NodeJS.ProcessEnv} [env] @property {() => void} [before]
 * @property {boolean} [answers] whether it exits with 0
 */
/**
 * @typedef {object} Job
 * @property {string} name @property {Run} ours @property {Run} [drgn] @property {Run} [crash]
 * @property {number} [ratio] the target: our time by drgn's
 * @property {number} [mib] the target: our peak memory in MiB
 */

const againstFlag = process.argv.indexOf("--against");
/** The other checkout, built; undefined for none. */
const against = againstFlag < 0 ? undefined : (process.argv[againstFlag + 1] ?? "");
if (against !== undefined && !existsSync(join(against, "dist/cli.js"))) {
  console.error(`bench: --against ${against}: no dist/cli.js there: run "npm run build" in that checkout`);
  process.exit(2);
}

/** The same run of the other checkout, with a cache of its own. @param {Run} run @returns {Run} */
function ofOther(run) {
  const cache = join(folder, "other", run.env?.XDG_CACHE_HOME?.endsWith("first") ? "first" : "second");
  return {
    ...run,
    line: run.line.map((word) => (word === "dist/cli.js" ? join(against ?? "", word) : word)),
    env: { ...run.env, XDG_CACHE_HOME: cache },
    ...(run.before && { before: () => rmSync(cache, { recursive: true, force: true }) }),
  };
}
/** @typedef {{ seconds: number, mib: number }} Figures */

/** Each job: ours with and without vmlinux, and who else can do it. */
/** @type {Job[]} */
const jobs = [
  { name: "first open: vmlinux, all modules, sys, bt -l", ours: opening("first", vmlinux, "--modules", modules), drgn: drgnOpening }, // prettier-ignore
  { name: "second open of the same", ours: opening("second", vmlinux, "--modules", modules), drgn: drgnOpening, ratio: 0.45 }, // prettier-ignore
  { name: "the same with no vmlinux", ours: opening("second") },
  {
    name: "panic task's stack, file:line",
    ours: ours("bt -l"),
    crash: crash("bt -l"),
    drgn: { line: [peers, "backtrace", vmlinux, vmcore] },
    ratio: 0.45,
    mib: 110,
  },
  { name: "panic task's stack, no vmlinux", ours: ours("bt", false) },
  {
    name: "all tasks' stacks, file:line",
    ours: ours("foreach bt -l"),
    crash: crash("foreach bt -l"),
    drgn: drgnScript(allStacks),
    ratio: 0.5,
  },
  { name: "all tasks' stacks, no vmlinux", ours: ours("foreach bt", false) },
  { name: "ps", ours: ours("ps"), crash: crash("ps"), drgn: drgnCrash("ps") },
  { name: "sys", ours: ours("sys"), drgn: drgnCrash("sys"), ratio: 0.3 },
  { name: "log", ours: ours("log"), crash: crash("log"), drgn: drgnCrash("log"), ratio: 0.3 },
  ...["kmem -i", "kmem -s", "mount", "net"].map((line) => ({
    name: line,
    ours: ours(line),
    crash: crash(line),
    drgn: drgnCrash(line),
  })),
  { name: "kmem -S task_struct", ours: ours("kmem -S task_struct"), crash: crash("kmem -S task_struct") },
  { name: "files of all tasks", ours: ours("foreach files"), crash: crash("foreach files") },
  // Every page of the kernel, uncompressed, as /proc/vmcore gives it; the corpus suite makes that dump.
  ...(existsSync(raw)
    ? [
        {
          name: "search -k of a raw dump",
          ours: ours("search -k (init_task)", true, raw),
          crash: crash("search -k (init_task)", raw),
        },
      ]
    : []),
];
if (!existsSync(raw)) console.log("no raw dump to search (npm run corpus makes one)\n");

/** @param {Run} run @returns {Figures} */
function once({ line, input, env, before, answers = true }) {
  before?.();
  const report = join(folder, "time");
  const command = time ? [time, "-f", "%e %M", "-o", report, ...line] : line;
  const start = performance.now();
  const { status, stdout, stderr } = spawnSync(command[0] ?? "", command.slice(1), {
    input: input ?? "",
    // The program keeps its compiled code itself.
    env: { ...process.env, NODE_COMPILE_CACHE: undefined, ...env },
    maxBuffer: 1 << 28,
    encoding: "utf8",
  });
  const seconds = (performance.now() - start) / 1000;
  // crash closes with 0 even for a command that failed: an empty answer is a failure here.
  if ((answers && status !== 0) || !stdout.trim())
    throw new Error(`${line.join(" ")}: exit ${status}\n${stderr.slice(0, 500)}`);
  const mib = time ? Number(readFileSync(report, "utf8").trim().split("\n").at(-1)?.split(" ")[1]) / 1024 : NaN;
  return { seconds, mib };
}

/** @type {({ name: string, target: Job } & Partial<Record<"ours" | "other" | "drgn" | "crash", Figures>>)[]} */
const rows = [];
/** BENCH_ONLY=stack measures the jobs whose name holds that, and leaves what is written of all jobs alone. */
const only = process.env.BENCH_ONLY;
for (const job of jobs.filter(({ name }) => new RegExp(only ?? "").test(name))) {
  const other = against === undefined ? undefined : ofOther(job.ours);
  const who = Object.entries({ ours: job.ours, other, ...(havePeers && { drgn: job.drgn, crash: job.crash }) }).flatMap(
    ([name, run]) => (run ? [{ name, run, done: /** @type {Figures[]} */ ([]) }] : []),
  );
  try {
    for (const { run } of who) once(run); // warm the page cache
    // crash takes three seconds to start, whatever it then does.
    for (let i = 0; i < RUNS; i++)
      for (const { name, run, done } of who) if (i < 1 || name !== "crash") done.push(once(run));
  } catch (error) {
    console.error(`${job.name}: ${String(error)}`);
    continue;
  }
  const figures = Object.fromEntries(who.map(({ name, done }) => [name, figure(done)]));
  rows.push({ name: job.name, target: job, ...figures });
}
rmSync(folder, { recursive: true });

/** The targets of a job, and whether they are met. @param {(typeof rows)[number]} row */
function targetOf({ ours, drgn, target: { ratio, mib } }) {
  const parts = [];
  if (ratio !== undefined)
    parts.push(`${ratio.toFixed(2)} of drgn: ${verdict(ours && drgn && ours.seconds / drgn.seconds, ratio) || "-"}`);
  if (mib !== undefined) parts.push(`${mib} MiB: ${verdict(ours?.mib, mib) || "-"}`);
  return parts.join("; ");
}

/** @param {Figures} [a] @param {Figures} [b] */
const ratio = (a, b) => (a && b ? `${(a.seconds / b.seconds).toFixed(2)}` : "-");
const table = [
  `| job | vmcore-debug |${against === undefined ? "" : " before | time / before |"} drgn | crash | time / drgn | time / crash | target |`,
  `|---|--:|${against === undefined ? "" : "--:|--:|"}--:|--:|--:|--:|---|`,
  ...rows.map(
    (r) =>
      `| ${r.name} | ${cell(r.ours)} |${against === undefined ? "" : ` ${cell(r.other)} | ${ratio(r.ours, r.other)} |`} ${cell(r.drgn)} | ${cell(r.crash)} | ${ratio(r.ours, r.drgn)} | ${ratio(r.ours, r.crash)} | ${targetOf(r)} |`,
  ),
].join("\n");
console.log(table);

const versions = havePeers
  ? text(peers, "versions")
      .split("\n")
      .filter((line) => /^(crash|drgn)/.test(line))
  : [];
const commit = against === undefined ? undefined : text("git", "-C", against, "rev-parse", "--short", "HEAD");
if (!only)
  await writeSection(
    `# Benchmarks

\`npm run bench\` measures whole processes on the sysrq dump of the corpus (Debian 6.1.192, 4 CPUs, 768 MB guest, kdump zstd -d 31) with its 590 MB vmlinux. The programs run in turn. Each figure is the median of ${RUNS} runs after one warm-up (of crash one run): the time, and the peak memory of the process.${commit === undefined ? "" : ` "before" is commit ${commit}, measured in the same run.`}

${table}

Machine: ${machine}. ${versions.join("; ").replace(/ \(.*?(,|$)/g, "")}.
`,
  );
