/** The verbs of `vmcore-debug`. Without a verb it opens a dump. */
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import manifest from "../../package.json" with { type: "json" };
import { compare } from "./compare.ts";
import { debuginfo } from "./debuginfo.ts";
import { distill } from "./distill.ts";
import { docs } from "./docs.ts";
import { doctor } from "./operate/doctor.ts";
import { EXIT_ANSWERED, EXIT_OPEN } from "./exit.ts";
import { info } from "./info.ts";
import { log } from "./log.ts";
import { script } from "./node.ts";
import { notebook } from "./notebook.ts";
import { openAndRun, optionsOf } from "./openAndRun.ts";
import { completions } from "./shell/completions.ts";
import { man } from "./shell/manPage.ts";
import { requestsHelp } from "./shell/requestsHelp.ts";
import { verbHelp } from "./shell/verbHelp.ts";
import { query } from "./query.ts";
import { report } from "./report.ts";
import { reportBug } from "./operate/reportBug.ts";
import { triage } from "./triage/triage.ts";
import { symbols } from "./symbols.ts";

/** The verbs of `vmcore-debug NAME ...`; main.ts starts the adapter. */
export const verbs: Readonly<Record<string, (argv: readonly string[]) => number | Promise<number>>> = {
  analyze,
  compare,
  completions,
  debuginfo,
  distill,
  docs,
  doctor,
  info,
  log,
  man,
  notebook,
  query,
  report,
  sample,
  symbols,
  triage,
  "--report-bug": reportBug,
};

export { workOnTasks } from "./parallel/taskWorker.ts";

/** Runs the program. @returns the exit status */
export function run(argv: readonly string[]): number | Promise<number> {
  const [name = "", ...rest] = argv;
  const help = requestsHelp(rest) ? verbHelp(name) : undefined;
  if (help !== undefined) {
    process.stdout.write(help);
    return EXIT_ANSWERED;
  }
  const verb = Object.hasOwn(verbs, name) ? verbs[name] : undefined;
  return verb ? verb(rest) : open(argv);
}

/** Opens a dump. If it could not be opened because a verb after an option was taken for its name, says so. */
async function open(argv: readonly string[]): Promise<number> {
  const status = await openAndRun(argv);
  if (status !== EXIT_OPEN) return status;
  const late = optionsOf(argv)?.vmcore.find((path) => Object.hasOwn(verbs, path) && !existsSync(path));
  if (late !== undefined)
    process.stderr.write(`vmcore-debug: a verb comes before the options: "vmcore-debug ${late} ..."\n`);
  return status;
}

/** Runs `vmcore-debug analyze [-v | --markdown] [--fixes] [options] [VMLINUX] VMCORE...`: prints only the verdict. */
function analyze(argv: readonly string[]): Promise<number> {
  const own = argv.filter((word) => /^(?:-[vm]|--markdown|--fixes(?:=\d+)?)$/.test(word));
  const line = ["analyze", ...own.map((word) => (word === "--markdown" ? "-m" : word))].join(" ");
  return openAndRun([...argv.filter((word) => !own.includes(word)), "-c", line]);
}

/** Runs `vmcore-debug sample [options]` on the sample dump, which some packages contain. */
function sample(argv: readonly string[]): number | Promise<number> {
  const folder = join(dirname(dirname(script())), "sample");
  const dump = join(folder, "vmcore");
  if (existsSync(dump)) return openAndRun(["--modules", folder, "--source", folder, ...argv, dump]);
  const address = manifest.repository.url.replace(/\.git$/, "");
  process.stderr.write(`vmcore-debug: this package has no sample dump: get sample/vmcore (15 MB) from ${address}\n`);
  return EXIT_OPEN;
}
