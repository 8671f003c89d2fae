/**
 * The program `vmcore-debug`: turns on Node's compile cache, then loads the rest. This is a separate file because the
 * cache covers only modules that are loaded after it is turned on.
 */
import { internalError } from "../base/sourceStack.ts";
import { keepCompiledCode } from "../session/userCache.ts";
import { EXIT_ANSWERED, EXIT_FAILED, EXIT_USAGE } from "./exit.ts";
import { systemReason } from "./systemReason.ts";
import { isNodeSufficient, startAgain, script } from "./node.ts";
import { requestsHelp } from "./shell/requestsHelp.ts";
import { boundYoungGeneration } from "./parallel/youngGeneration.ts";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { isMainThread } from "node:worker_threads";

/** The verbs that are programs of their own next to this one: the debug adapter, the server for agents. */
const programs: ReadonlyMap<string, string> = new Map([
  ["dap", "adapter.js"],
  ["mcp", "mcp.js"],
]);

async function main([verb, ...rest]: readonly string[]): Promise<number> {
  keepCompiledCode(process.env, import.meta.dirname);
  // A thread has the arguments of the process.
  if (!isMainThread) return (await import("./program.ts")).workOnTasks();
  // The help of these verbs is that of the program.
  const beside = verb === undefined || requestsHelp(rest) ? undefined : programs.get(verb);
  if (beside !== undefined) return startBeside(beside, rest);
  boundYoungGeneration();
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

/** Runs `vmcore-debug dap [--listen [HOST:]PORT|unix:PATH]` or `vmcore-debug mcp [--root DIR]... [VMCORE...]`. */
async function startBeside(name: string, argv: readonly string[]): Promise<number> {
  const program = join(dirname(script()), name);
  if (!existsSync(program)) {
    process.stderr.write(`vmcore-debug: there is no ${program}: run "npm run build"\n`);
    return EXIT_USAGE;
  }
  process.argv = [process.argv[0] ?? "node", program, ...argv];
  // In the bundle this is `require`, which takes a path.
  await import(program);
  return EXIT_ANSWERED;
}
