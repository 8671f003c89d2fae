// Shared by the benchmarks: the sysrq dump of the corpus with its vmlinux, the peers, and how figures are measured and
// written.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join, resolve } from "node:path";
import { format, resolveConfig } from "prettier";

export const RUNS = Number(process.env.BENCH_RUNS ?? 5);
export const corpus = resolve(process.env.VMCORE_CORPUS ?? "../shared/corpus");
export const peers = resolve(corpus, "../peers/peers.sh");
export const vmcore = join(corpus, "x86_64-6.1/sysrq/vmcore");
if (!existsSync(vmcore)) {
  console.error(`bench: no corpus at ${corpus}: set VMCORE_CORPUS`);
  process.exit(1);
}

/** The machine, for the page. */
export const machine = `${cpus().length} × ${cpus()[0]?.model.trim()}, ${(totalmem() / 2 ** 30).toFixed(0)} GiB, Node ${process.version}`;

/** What a program prints. @param {string} command @param {string[]} args */
export const text = (command, ...args) => spawnSync(command, args, { encoding: "utf8" }).stdout?.trim() ?? "";
export const vmlinux = text(join(corpus, "get-debuginfo.sh"), "x86_64-6.1").split("\n").at(-1) ?? "";
export const havePeers = spawnSync(peers, ["install"], { stdio: "ignore" }).status === 0;
if (!havePeers) console.log("crash and drgn cannot be installed: only our column is measured\n");
/** GNU time, for the peak memory of a process. */
export const time = existsSync("/usr/bin/time") ? "/usr/bin/time" : undefined;
if (!time) console.log("no /usr/bin/time (apt-get install time): no memory figures\n");

/** Returns the quantile of values. @param {number[]} values @param {number} share @returns {number} */
export const at = (values, share) =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? NaN;

/** @typedef {{ seconds: number, mib: number }} Figures */

/** @param {Figures[]} runs @param {keyof Figures} key */
const medianOf = (runs, key) =>
  at(
    runs.map((run) => run[key]),
    0.5,
  );
/** The medians of some runs; undefined where there were none. @param {Figures[]} [runs] */
export const figure = (runs) =>
  runs?.length ? { seconds: medianOf(runs, "seconds"), mib: medianOf(runs, "mib") } : undefined;

/** @param {Figures} [figure] */
export const cell = (figure) =>
  figure ? `${figure.seconds.toFixed(2)} s, ${Number.isNaN(figure.mib) ? "?" : figure.mib.toFixed(0)} MiB` : "-";

/** The page with the figures. */
const PAGE = "docs/benchmarks.md";

/**
 * Replaces a section of the page, which ends at the next heading of its level; adds it at the end if there is none.
 * The part before the first section is that with the title.
 * @param {string} section with its heading
 */
export async function writeSection(section) {
  const parts = existsSync(PAGE) ? readFileSync(PAGE, "utf8").split(/\n+(?=## )/) : [];
  const heading = section.split("\n", 1)[0] ?? "";
  const at = parts.findIndex((part) => part.split("\n", 1)[0] === heading);
  if (at >= 0) parts[at] = section;
  else parts.push(section);
  await writePage(`${parts.map((part) => part.trim()).join("\n\n")}\n`);
}

/**
 * Whether a figure meets its target: "met", or "missed" with how much it is above it; "" without a target.
 * @param {number | undefined} value @param {number | undefined} target
 */
export function verdict(value, target) {
  if (value === undefined || target === undefined || Number.isNaN(value)) return "";
  return value <= target ? "met" : `missed by ${Math.ceil(100 * (value / target - 1))} %`;
}

/** Writes the page in Prettier's form, so that `npm run lint` passes after a run. @param {string} markdown */
async function writePage(markdown) {
  const options = await resolveConfig(PAGE);
  writeFileSync(PAGE, await format(markdown, { ...options, filepath: PAGE }));
}
