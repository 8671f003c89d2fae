/** The program `vmcore-debug`: runs a verb, or opens a dump. */
import { internalError } from "../base/sourceStack.ts";
import { EXIT_ANSWERED, EXIT_FAILED, EXIT_USAGE } from "./exit.ts";
import { systemReason } from "./systemReason.ts";
import { isNodeSufficient, startAgain, script } from "./node.ts";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";

/** The verbs of `vmcore-debug NAME ...`, loaded on use. */
const subcommands: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  analyze,
  dap,
  debuginfo: async (argv) => (await import("./debuginfo.ts")).debuginfo(argv),
  doctor: async (argv) => (await import("./doctor.ts")).doctor(argv),
  docs: async (argv) => (await import("./docs.ts")).docs(argv),
  log: async (argv) => (await import("./log.ts")).log(argv),
};

async function main(argv: readonly string[]): Promise<number> {
  const [name = "", ...rest] = argv;
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (subcommand) return subcommand(rest);
  const { openAndRun } = await import("./openAndRun.ts");
  return openAndRun(argv);
}

async function start(): Promise<number> {
  if (isNodeSufficient()) return main(process.argv.slice(2));
  const outcome = await startAgain();
  if (typeof outcome === "number") return outcome;
  process.stderr.write(`${outcome}\n`);
  return EXIT_USAGE;
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  // A reader that stops early, as in `vmcore-debug ... | head`, is not an error.
  if (error.code === "EPIPE") process.exit(EXIT_ANSWERED);
  process.stderr.write(`vmcore-debug: standard output: ${systemReason(error)}\n`);
  process.exit(EXIT_FAILED);
});

void start().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`vmcore-debug: internal error: ${internalError(error).stack}\n`);
    process.exitCode = EXIT_FAILED;
  },
);

/** Runs `vmcore-debug analyze [-v] [--fixes] [options] [VMLINUX] VMCORE...`: prints only the verdict. */
async function analyze(argv: readonly string[]): Promise<number> {
  const { openAndRun } = await import("./openAndRun.ts");
  const own = argv.filter((word) => word === "-v" || /^--fixes(?:=\d+)?$/.test(word));
  return openAndRun([...argv.filter((word) => !own.includes(word)), "-c", ["analyze", ...own].join(" ")]);
}

/**
 * Runs `vmcore-debug dap [--listen [HOST:]PORT|unix:PATH]`: starts the debug adapter, a program of its own next to this
 * one.
 */
async function dap(argv: readonly string[]): Promise<number> {
  const adapter = join(dirname(script()), "adapter.js");
  if (!existsSync(adapter)) {
    process.stderr.write(`vmcore-debug: there is no ${adapter}: run "npm run build"\n`);
    return EXIT_USAGE;
  }
  process.argv = [process.argv[0] ?? "node", adapter, ...argv];
  await import(pathToFileURL(adapter).href);
  return EXIT_ANSWERED;
}
