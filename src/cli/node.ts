import { spawnSync } from "node:child_process";
import { existsSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";
import * as zlib from "node:zlib";

/** Set for the process we start, so that a broken installation cannot start itself for ever. */
const STARTED_AGAIN = "VMCORE_DEBUG_STARTED_AGAIN";

/** Whether this Node can do all we need: zstd in node:zlib came with 22.15. */
export const isNodeSufficient = (): boolean => "zstdDecompressSync" in zlib;

/**
 * Runs this very program with the Node that came with it.
 * @returns its exit code, or what to tell the user when there is no such Node
 */
export function startAgain(): number | string {
  const script = realpathSync(process.argv[1] ?? "");
  const names = process.platform === "win32" ? ["node/bin/node.exe"] : [".bin/node"];
  const node = names.map((name) => join(dirname(script), "..", "node_modules", name)).find((path) => existsSync(path));
  if (!node || process.env[STARTED_AGAIN]) {
    return `vmcore-debug: needs Node.js 22.15 or later, this is ${process.version}; install one or run "npm ci" beside ${script}`;
  }
  // Ctrl-C is for the child; without a listener it would end this process and leave the child without one.
  process.on("SIGINT", () => {});
  const { status, error } = spawnSync(node, [script, ...process.argv.slice(2)], {
    stdio: "inherit",
    env: { ...process.env, [STARTED_AGAIN]: "1" },
  });
  return error ? `vmcore-debug: cannot run ${node}: ${error.message}` : (status ?? 1);
}
