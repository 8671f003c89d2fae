/** Restarts the program with a Node.js that is new enough. */
import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import * as zlib from "node:zlib";

/** Environment variable of the started process, which prevents a broken installation from starting itself forever. */
const STARTED_AGAIN = "VMCORE_DEBUG_STARTED_AGAIN";

/**
 * Whether this Node has everything that is needed: zstd in node:zlib was added in 22.15. Reads the function, because a
 * bundle has a getter of each name, whether this Node has the function or not.
 */
export const isNodeSufficient = (): boolean => typeof zlib.zstdDecompressSync === "function";

/** Returns the path of this program's file, with links resolved. */
export const script = (): string => realpathSync(process.argv[1] ?? "");

/**
 * Runs this program with the Node that was installed with it. @returns its exit code, or a message if there is no such
 * Node
 */
export function startAgain(): Promise<number | string> {
  const modules = join(dirname(script()), "..", "node_modules");
  const node = join(modules, process.platform === "win32" ? "node/bin/node.exe" : ".bin/node");
  if (!existsSync(node) || process.env[STARTED_AGAIN]) {
    return Promise.resolve(
      `vmcore-debug: needs Node.js 22.15 or later, this is ${process.version}; install one, or run "npm ci" beside ${script()}`,
    );
  }
  return new Promise((resolve) => {
    const child = spawn(node, [script(), ...process.argv.slice(2)], {
      stdio: "inherit",
      env: { ...process.env, [STARTED_AGAIN]: "1" },
    });
    // The terminal sends SIGINT to the child as well; forward only the other signals.
    process.on("SIGINT", () => {});
    for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
    child.once("error", (error) => resolve(`vmcore-debug: cannot run ${node}: ${error.message}`));
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
  });
}
