import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { pathToFileURL } from "node:url";
import { EXIT_ANSWERED, EXIT_USAGE } from "./exit.ts";
import { script } from "./node.ts";

/** `vmcore-debug dap [--listen [HOST:]PORT|unix:PATH]`: becomes the debug adapter, which is a program of its own beside this one. */
export async function dap(argv: readonly string[]): Promise<number> {
  const adapter = join(dirname(script()), "adapter.js");
  if (!existsSync(adapter)) {
    process.stderr.write(`vmcore-debug: there is no ${adapter}: run "npm run build"\n`);
    return EXIT_USAGE;
  }
  process.argv = [process.argv[0] ?? "node", adapter, ...argv];
  await import(pathToFileURL(adapter).href);
  return EXIT_ANSWERED;
}
