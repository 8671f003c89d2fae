import { spawn } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { constants } from "node:os";
import { dirname, join } from "node:path";
import * as zlib from "node:zlib";

/** Set for the process we start, so that a broken installation cannot start itself for ever. */
const STARTED_AGAIN = "VMCORE_DEBUG_STARTED_AGAIN";

/** Whether this Node can do all we need: zstd in node:zlib came with 22.15. */
export const isNodeSufficient = (): boolean => "zstdDecompressSync" in zlib;

/** This program's file, whatever link it was started by. */
export const script = (): string => realpathSync(process.argv[1] ?? "");

/**
 * Runs this very program with the Node that came with it.
 * @returns its exit code, or what to tell the user when there is no such Node
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
    // Ctrl-C goes to the child as well, which knows what to do; the others are sent to us alone.
    process.on("SIGINT", () => {});
    for (const signal of ["SIGTERM", "SIGHUP"] as const) process.on(signal, () => child.kill(signal));
    child.once("error", (error) => resolve(`vmcore-debug: cannot run ${node}: ${error.message}`));
    child.once("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"]));
  });
}
