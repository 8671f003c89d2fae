// The time from spawning a debug adapter to its `stopped` event: `node scripts/benchStopped.mjs DUMP VMLINUX ADAPTER...`.
// Compares builds, for example that of the commit before a change with that after it.
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";

const RUNS = 15;
/** Clock ticks per second of /proc/PID/stat (sysconf(_SC_CLK_TCK)). */
const TICKS = 100;
const [vmcore, vmlinux, ...adapters] = process.argv.slice(2);

/** Seconds of CPU time that a process has used. */
function cpuSeconds(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8")
    .replace(/^.*\) /, "")
    .split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS;
}

function untilStopped(adapter) {
  return new Promise((done) => {
    const start = performance.now();
    const child = spawn(process.execPath, [adapter], { stdio: ["pipe", "pipe", "ignore"] });
    const send = (seq, command, args) => {
      const json = JSON.stringify({ seq, type: "request", command, arguments: args });
      child.stdin.write(`Content-Length: ${Buffer.byteLength(json)}\r\n\r\n${json}`);
    };
    let text = "";
    let isConfigured = false;
    child.stdout.setEncoding("latin1").on("data", (part) => {
      text += part;
      if (!isConfigured && text.includes('"event":"initialized"')) {
        isConfigured = true;
        send(3, "configurationDone");
      }
      if (!text.includes('"event":"stopped"')) return;
      done({ wall: (performance.now() - start) / 1000, cpu: cpuSeconds(child.pid) });
      child.stdout.removeAllListeners("data");
      child.kill();
    });
    send(1, "initialize", { adapterID: "vmcore", pathFormat: "path" });
    send(2, "launch", { vmcore, ...(vmlinux ? { vmlinux } : {}), search: false });
  });
}

/** @param {number[]} values */
const median = (values) => [...values].sort((a, b) => a - b)[values.length >> 1] ?? NaN;
/** @type {{ wall: number, cpu: number }[][]} */
const runs = adapters.map(() => []);
for (const adapter of adapters) await untilStopped(adapter);
// By turns, so that a busy machine slows all of them.
for (let i = 0; i < RUNS; i++)
  for (const [at, adapter] of adapters.entries()) runs[at]?.push(await untilStopped(adapter));
for (const [at, adapter] of adapters.entries()) {
  const figures = (name) => (runs[at] ?? []).map((one) => one[name]);
  const least = Math.min(...figures("wall"));
  console.log(
    `${adapter}: wall ${median(figures("wall")).toFixed(3)} s (least ${least.toFixed(3)}), CPU ${median(figures("cpu")).toFixed(2)} s (least ${Math.min(...figures("cpu")).toFixed(2)})`,
  );
}
