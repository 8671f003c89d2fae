// Lets jazzer.js choose inputs by the code that they reach, for each target of test/fuzz whose inputs are bytes.
// npm run fuzz:guided -- --minutes N [PART OF A FILE'S NAME]...   N is for all targets together.
// What was found to reach new code is kept in .cache/fuzz/guided/corpus, inputs that fail in .cache/fuzz/failures.
// jazzer.js needs glibc 2.38. On an older machine FUZZ_LIBC names a folder with a newer ld-linux-x86-64.so.2, libc.so.6,
// libm.so.6, libstdc++.so.6 and libgcc_s.so.1, as Debian's packages libc6, libstdc++6 and libgcc-s1 unpack them.
import { build } from "esbuild";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { setPriority } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({ options: { minutes: { type: "string" } }, allowPositionals: true });
const minutes = Number(values.minutes ?? 30);
const SUITE = "test/fuzz";
/** Each input is a whole session of a second: too slow to be guided. */
const SESSIONS = "session.test.ts";
const guided = resolve(SUITE, "guided");
const cache = resolve(".cache/fuzz/guided");
const failures = resolve(".cache/fuzz/failures");
const require = createRequire(import.meta.url);
setPriority(19);

const jazzer = join(guided, "node_modules/@jazzer.js/core/dist/cli.js");
if (!existsSync(jazzer)) {
  const { status } = spawnSync("npm", ["ci", "--silent", "--ignore-scripts"], { cwd: guided, stdio: "inherit" });
  if (status !== 0) throw new Error(`npm ci failed in ${guided}`);
}

/** Puts the collector of targets in place of the runner, and tests that are no targets out of the way.
 * @type {import("esbuild").Plugin} */
const collect = {
  name: "collect targets",
  setup(bundle) {
    bundle.onResolve({ filter: /\/fuzzing\.ts$/ }, () => ({ path: join(guided, "targets.ts") }));
    bundle.onResolve({ filter: /^node:test$/ }, ({ path }) => ({ path, namespace: "no tests" }));
    bundle.onLoad({ filter: /.*/, namespace: "no tests" }, () => ({
      contents: "const none = () => {}; module.exports = { test: none, after: none, before: none, describe: none };",
    }));
  },
};

/** @param {string} file @returns {Promise<string>} the bundle, a CommonJS module, which is what jazzer.js can instrument */
async function bundled(file) {
  const outfile = join(cache, file.replace(".test.ts", ".cjs"));
  await build({
    stdin: {
      contents: `import "./${file}"; export { fuzz, targets } from "./guided/targets.ts";`,
      resolveDir: resolve(SUITE),
    },
    outfile,
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node24",
    plugins: [collect],
    define: { "import.meta.dirname": "__dirname", "import.meta.filename": "__filename" },
    logLevel: "error",
  });
  return outfile;
}

/** @typedef {{ name: string, seeds: () => Uint8Array[] }} Target */
/** @typedef {{ file: string, bundle: string, number: number, target: Target }} Job */
/** @type {Job[]} */
const jobs = [];
mkdirSync(cache, { recursive: true });
mkdirSync(failures, { recursive: true });
for (const file of readdirSync(SUITE).sort()) {
  if (!file.endsWith(".test.ts") || file === SESSIONS) continue;
  if (positionals.length > 0 && !positionals.some((part) => file.includes(part))) continue;
  const bundle = await bundled(file);
  /** @type {Target[]} */
  const targets = require(bundle).targets;
  jobs.push(...targets.map((target, number) => ({ file, bundle, number, target })));
}

const libc = process.env["FUZZ_LIBC"];
const [program, ...before] = libc
  ? [join(libc, "ld-linux-x86-64.so.2"), "--library-path", libc, process.execPath]
  : [process.execPath];
const seconds = Math.max(1, Math.floor((minutes * 60) / jobs.length));
console.log(`${jobs.length} targets, ${seconds} s each`);
console.log(
  "| target | inputs | edges at first | edges at last | slowest | failed |\n| --- | --: | --: | --: | --: | --: |",
);

let [inputs, failed] = [0, 0];
for (const { file, bundle, number, target } of jobs) {
  const slug = target.name.replace(/\W+/g, "-");
  const corpus = join(cache, "corpus", slug);
  mkdirSync(corpus, { recursive: true });
  for (const [i, seed] of target.seeds().entries()) writeFileSync(join(corpus, `seed-${i}`), seed);
  const { stderr, error, status, signal } = spawnSync(
    program ?? process.execPath,
    [
      ...before,
      jazzer,
      bundle,
      corpus,
      "--timeout=10000",
      "--",
      `-max_total_time=${seconds}`,
      "-max_len=65536",
      "-rss_limit_mb=2048",
      "-print_final_stats=1",
      `-artifact_prefix=${join(failures, slug)}-`,
    ],
    { env: { ...process.env, FUZZ_TARGET: String(number) }, encoding: "utf8", maxBuffer: 1 << 28 },
  );
  if (error) throw error;
  const edges = [...stderr.matchAll(/\bcov: (\d+)/g)].map((match) => Number(match[1]));
  const stat = (/** @type {string} */ name) => Number(new RegExp(`stat::${name}:\\s+(\\d+)`).exec(stderr)?.[1] ?? 0);
  // From the last line of progress, because a process that is killed prints no statistics.
  const count = Number(/.*^#(\d+)\t/ms.exec(stderr)?.[1] ?? 0);
  if (count === 0) throw new Error(`${file}, ${target.name}: jazzer.js did not run:\n${stderr.slice(-3000)}`);
  const isBad = status !== 0;
  if (isBad)
    writeFileSync(join(failures, `${slug}.txt`), `status ${status}, signal ${signal}\n${stderr.slice(-20_000)}`);
  inputs += count;
  failed += Number(isBad);
  console.log(
    `| ${target.name} | ${count.toLocaleString("en")} | ${edges[0] ?? 0} | ${edges.at(-1) ?? 0} | ${stat("slowest_unit_time_sec")} s | ${Number(isBad)} |`,
  );
}
console.log(`\n${inputs.toLocaleString("en")} inputs, ${failed} of ${jobs.length} targets failed; inputs: ${failures}`);
if (failed > 0) process.exitCode = 1;
