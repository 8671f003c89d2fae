// Records dumps with `vmcore-debug triage`, one process for each dump that is being recorded.
import { spawn } from "node:child_process";

/** A dump that takes longer is given up: milliseconds. */
const LIMIT_MS = 300_000;
const MAX_OUTPUT = 16 << 20;

/**
 * Records a dump. A damaged dump gives a record that says so.
 * @param {string[]} program `vmcore-debug` and its first arguments @param {import("./queue.mjs").Dump} dump
 * @returns {Promise<any>} @throws Error if there is no record
 */
export function record([command = "", ...first], { path, full }) {
  const child = spawn(command, [...first, "triage", "--worker", ...(full ? ["--full"] : [])], {
    stdio: ["pipe", "pipe", "inherit"],
    timeout: LIMIT_MS,
    killSignal: "SIGKILL",
  });
  let output = "";
  child.stdin.on("error", () => {});
  child.stdin.end(`${JSON.stringify(path)}\n`);
  child.stdout.setEncoding("utf8").on("data", (text) => {
    output += text;
    if (output.length > MAX_OUTPUT) child.kill("SIGKILL");
  });
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code, signal) => {
      const [line = ""] = output.split("\n");
      if (code === 0 && line.startsWith("{")) resolve(JSON.parse(line));
      else
        reject(
          new Error(
            signal
              ? `the recording process was ended by ${signal}`
              : `the recording process ended with status ${code} and no record`,
          ),
        );
    });
  });
}
