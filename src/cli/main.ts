import { internalError } from "../base/sourceStack.ts";
import { EXIT_FAILED, EXIT_OPEN, EXIT_USAGE } from "./exit.ts";
import { isNodeSufficient, startAgain } from "./node.ts";

/** What `vmcore-debug NAME ...` runs instead of opening a dump; loaded when asked for. */
const subcommands: Readonly<Record<string, (argv: readonly string[]) => Promise<number>>> = {
  dap: async (argv) => (await import("./dap.ts")).dap(argv),
  debuginfo: async (argv) => (await import("./debuginfo.ts")).debuginfo(argv),
  docs: async () => (await import("./docs.ts")).docs(),
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

// A reader that has enough, as in `vmcore-debug ... | head`, is no error.
process.stdout.on("error", (error: NodeJS.ErrnoException) => process.exit(error.code === "EPIPE" ? 0 : EXIT_OPEN));

void start().then(
  (status) => {
    process.exitCode = status;
  },
  (error: unknown) => {
    process.stderr.write(`vmcore-debug: internal error: ${internalError(error).stack}\n`);
    process.exitCode = EXIT_FAILED;
  },
);
