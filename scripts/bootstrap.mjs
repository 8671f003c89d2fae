// Runs the npm scripts on a machine that has only Node 20 and npm: installs what package-lock.json names when it is
// missing or stale, then works with the pinned Node among it. Only Node's own modules may be imported here.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const NODE_MAJOR = 24;
const isWindows = process.platform === "win32";
const node = isWindows ? "node_modules/node/bin/node.exe" : "node_modules/.bin/node";

process.chdir(dirname(dirname(fileURLToPath(import.meta.url))));

const MADE = "corpus/made/";
const NIGHTLY = `${MADE}nightly`;
const MATRIX = "corpus/matrix/";

/** @param {string} project */
const tsc = (project) => ["node_modules/typescript/bin/tsc", "-p", project];
/** @param {string[]} argv */
const cli = (...argv) => ["dist/cli.js", "--no-rc", "sample/vmcore", ...argv];
/** Each task is a list of steps; a step runs with the pinned Node, or is a heading. @type {Readonly<Record<"build" | "watch" | "check" | "lint" | "format" | "test" | "corpus" | "made" | "nightly" | "matrix" | "scale" | "bench" | "e2e" | "package" | "pack" | "messages" | "samples" | "deb" | "fuzz" | "fuzz:guided" | "triage:soak" | "logs" | "gallery" | "film" | "workbench" | "ok" | "demo", () => (string[] | string)[]>>} */
const tasks = {
  build: () => [["scripts/build.mjs"]],
  watch: () => [["scripts/build.mjs", "--watch"]],
  check: () => [tsc("src"), tsc("src/panels"), tsc("test"), tsc("scripts"), tsc("test/e2e")],
  lint: () => [
    ["node_modules/eslint/bin/eslint.js", "src", "test", "scripts", "eslint.config.mjs"],
    ["scripts/lintWorkflows.mjs"],
    prettier("--check"),
  ],
  format: () => [prettier("--write")],
  test: () => [tests((folder) => !["corpus", "e2e", "scale"].includes(folder))],
  corpus: () => [
    ...tasks.build(),
    tests((folder, file) => folder === "corpus" && !file.startsWith(MADE) && !file.startsWith(MATRIX)),
  ],
  // Crashes of known causes: guests are booted for the dumps that are not there yet.
  made: () => [...tasks.build(), tests((_, file) => file.startsWith(MADE) && !file.startsWith(NIGHTLY))],
  // Machines and kernels: a guest of each. One at a time, since each guest takes both CPUs.
  matrix: () => [...tasks.build(), tests((_, file) => file.startsWith(MATRIX), 1)],
  // What takes long or much: other kernels. What is skipped is said.
  nightly: () => [
    ...tasks.package(),
    tests((_, file) => file.startsWith(NIGHTLY) || file.startsWith(MATRIX), 1),
    ["--disable-warning=ExperimentalWarning", "--test", "test/e2e/nightly/machines.e2e.mjs"],
  ],
  // Alone, since it measures time.
  scale: () => [...tasks.build(), tests((folder) => folder === "scale", 1)],
  bench: () => [
    ...tasks.build(),
    ["scripts/bench.mjs", ...more.splice(0)],
    ["scripts/benchAdapter.mjs"],
    ["scripts/benchScale.mjs"],
  ],
  // One after the other: each starts a whole workbench.
  e2e: () => [
    ...tasks.package(),
    ["--disable-warning=ExperimentalWarning", "--test", "--test-concurrency=1", ...endToEnd()],
  ],
  package: () => [...tasks.build(), ["scripts/package.mjs"]],
  // The npm package: the program and the library.
  pack: () => [["scripts/pack.mjs", ...more.splice(0)]],
  messages: () => [["scripts/messages.mjs"]],
  samples: () => [["scripts/helpSamples.ts"]],
  deb: () => [...tasks.build(), ["scripts/deb.mjs"]],
  fuzz: () => [["scripts/fuzz.mjs"]],
  "fuzz:guided": () => [["scripts/fuzzGuided.mjs"]],
  // 500 dumps through Redis and PostgreSQL, and the dumps a second of 1, 2 and 4 workers.
  "triage:soak": () => [...tasks.build(), ["packages/fleet/soak.mjs"]],
  logs: () => [["--disable-warning=ExperimentalWarning", "scripts/logs.mjs"]],
  gallery: () => [
    ...tasks.package(),
    ["--disable-warning=ExperimentalWarning", "scripts/gallery.mjs", ...more.splice(0)],
  ],
  film: () => [...tasks.package(), ["--disable-warning=ExperimentalWarning", "scripts/film.mjs", ...more.splice(0)]],
  workbench: () => [...tasks.package(), ["scripts/workbench.mjs"]],
  ok: () => [...tasks.check(), ...tasks.lint(), ...tasks.test()],
  demo: () => [
    ...tasks.build(),
    "The verdict on a real crash, sample/vmcore: what happened, where, with which values, and through whom",
    cli("--modules", "sample", "-c", "analyze"),
    "The same dump, opened with nothing but its file: which kernel it is",
    cli("-c", "sys"),
    "The task that panicked, its stack through the exception, and the registers",
    cli("-c", "set", "-c", "bt"),
    "The line of the module's source that faulted, from its debuginfo beside the dump",
    cli("--modules", "sample", "-c", "dis -s lab_apply+47 9"),
    "The end of the kernel's log",
    cli("-c", "log | tail -n 20"),
    "Now ask it yourself: node dist/cli.js sample/vmcore",
  ],
};

/** @param {string} mode */
const prettier = (mode) => [
  "node_modules/prettier/bin/prettier.cjs",
  "--log-level",
  "warn",
  mode,
  "src",
  "test",
  "scripts",
  "*.{md,json,mjs}",
];

/** Test files named behind the task; none means all. */
const chosen = process.argv.slice(3).filter((word) => /^test\/.*\.(test\.ts|e2e\.mjs)$/.test(word));

const endToEnd = () =>
  chosen.length > 0
    ? chosen
    : readdirSync("test/e2e")
        .filter((file) => file.endsWith(".e2e.mjs"))
        .map((file) => `test/e2e/${file}`);

/** @param {(folder: string, file: string) => boolean} isWanted */
function tests(isWanted, concurrency = availableParallelism()) {
  const files = readdirSync("test", { recursive: true, encoding: "utf8" })
    .map((file) => file.replaceAll("\\", "/"))
    .filter((file) => file.endsWith(".test.ts") && isWanted(file.split("/")[0] ?? "", file))
    .filter((file) => chosen.length === 0 || chosen.includes(`test/${file}`));
  const argv = ["--test", `--test-concurrency=${concurrency}`, ...files.sort().map((file) => `test/${file}`)];
  return ["--disable-warning=ExperimentalWarning", ...argv];
}

/** Whether every package that package-lock.json names, those for other machines aside, is installed in its version. */
function isInstalled() {
  /** @param {string} path */
  const read = (path) => JSON.parse(readFileSync(path, "utf8")).packages;
  if (!existsSync("node_modules/.package-lock.json")) return false;
  const installed = read("node_modules/.package-lock.json");
  return Object.entries(read("package-lock.json")).every(
    ([path, { version, optional }]) => path === "" || optional || installed[path]?.version === version,
  );
}

/** @param {string} program @param {string[]} argv */
function run(program, argv, options = {}) {
  const { status, error } = spawnSync(program, argv, { stdio: "inherit", ...options });
  if (error) console.error(`${program}: ${error.message}`);
  return status ?? 1;
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

const [name = "", ...words] = process.argv.slice(2);
const more = words.filter((word) => !chosen.includes(word));
if (!Object.hasOwn(tasks, name)) fail(`usage: node scripts/bootstrap.mjs ${Object.keys(tasks).join("|")}`);
if (!isInstalled()) {
  console.error("installing the packages that package-lock.json names (npm ci)");
  if (run("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], { shell: isWindows }) !== 0)
    fail("npm ci failed");
}
const version = spawnSync(node, ["--version"], { encoding: "utf8" }).stdout?.trim();
if (!version?.startsWith(`v${NODE_MAJOR}.`)) {
  fail(`${node} is ${version || "missing"}, not Node ${NODE_MAJOR}: the package "node" brings it with an install script.
Were install scripts switched off (npm config get ignore-scripts)? Then run: npm ci --ignore-scripts=false`);
}
// Hundreds of test files start with the same modules: what they compile to is kept. A caller's own choice stands.
const env = { NODE_COMPILE_CACHE: resolve("node_modules/.cache/compile"), ...process.env };
const steps = tasks[/** @type {keyof typeof tasks} */ (name)]();
for (const [i, step] of steps.entries()) {
  if (typeof step === "string") console.log(`\n=== ${step}\n`);
  else if (run(node, i === steps.length - 1 ? [...step, ...more] : step, { env }) !== 0) process.exit(1);
}
