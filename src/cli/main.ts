/**
 * The program `vmcore-debug`: turns on Node's compile cache, then loads the rest. This is a separate file because the
 * cache covers only modules that are loaded after it is turned on.
 */
import { internalError } from "../base/sourceStack.ts";
import { keepCompiledCode } from "../session/userCache.ts";
import { EXIT_ANSWERED, EXIT_FAILED, EXIT_USAGE } from "./exit.ts";
import { systemReason } from "./systemReason.ts";
import { isNodeSufficient, startAgain, script } from "./node.ts";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";

async function main([verb, ...rest]: readonly string[]): Promise<number> {
  keepCompiledCode(process.env);
  if (verb === "dap") return dap(rest);
  const { run } = await import("./program.ts");
  return run(process.argv.slice(2));
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
  // In the bundle this is `require`, which takes a path.
  await import(adapter);
  return EXIT_ANSWERED;
}
