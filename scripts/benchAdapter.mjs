// The debug adapter's figures for npm run bench: from spawning it to the panic stack and its scopes, against drgn printing
// that stack; and how fast it answers in a scripted session. Adds its section to docs/benchmarks.md.
import { spawnSync } from "node:child_process";
import { Client, hovered, typed } from "./benchClient.mjs";
import { at, cell, figure, havePeers, peers, RUNS, time, vmcore, vmlinux, writeSection } from "./benchDump.mjs";

async function ours() {
  const start = performance.now();
  const client = new Client({ vmcore, vmlinux });
  await client.arrive();
  const result = { seconds: (performance.now() - start) / 1000, mib: client.peakMiB() };
  await client.close();
  return result;
}

function drgn() {
  const watched = time ? [time, "-f", "%M"] : [];
  const [program = "", ...words] = [...watched, peers, "backtrace", vmlinux, vmcore];
  const start = performance.now();
  const { stderr } = spawnSync(program, words, { encoding: "utf8" });
  return {
    seconds: (performance.now() - start) / 1000,
    mib: watched.length > 0 ? Number(stderr.trim().split("\n").at(-1)) / 1024 : NaN,
  };
}

/** 300 requests as a person's eye and hands would cause them, by turns; milliseconds by kind. One refused ends it. */
async function session() {
  const client = new Client({ vmcore, vmlinux });
  const { stackFrames, scopes } = await client.arrive();
  const times = { "struct expansion": [], hover: [], completion: [] };
  const timed = async (kind, command, args) => {
    const start = performance.now();
    const body = await client.request(command, args);
    times[kind].push(performance.now() - start);
    return body;
  };
  const { id: frameId } = stackFrames.find(({ name }) => name === "vfs_write");
  const open = [scopes.find(({ name }) => name.startsWith("Task")).variablesReference];
  for (let i = 0; i < 100; i++) {
    const { variables } = await timed("struct expansion", "variables", { variablesReference: open[i % open.length] });
    for (const { variablesReference } of variables)
      if (variablesReference > 0 && open.length < 100) open.push(variablesReference);
    await timed("hover", "evaluate", { expression: hovered(i), context: "hover", frameId });
    const text = typed(i);
    await timed("completion", "completions", { text, column: text.length + 1, frameId });
  }
  await client.close();
  return times;
}

/** @type {Record<"ours" | "drgn", { seconds: number, mib: number }[]>} */
const runs = { ours: [], drgn: [] };
await ours();
if (havePeers) drgn();
for (let run = 0; run < RUNS; run++) {
  runs.ours.push(await ours());
  if (havePeers) runs.drgn.push(drgn());
}
const times = await session();

const ms = (value) => `${value.toFixed(1)} ms`;
const section = [
  "## Debug adapter",
  "",
  "Time from the start of the adapter to its responses to `stackTrace` and `scopes` of the panic task (sysrq dump, with vmlinux), compared with drgn printing that stack:",
  "",
  "| vmcore-debug | drgn |",
  "|--:|--:|",
  `| ${cell(figure(runs.ours))} | ${cell(figure(runs.drgn))} |`,
  "",
  "Response times of the 300 requests of one session:",
  "",
  "| request | median | 95th percentile | slowest |",
  "|---|--:|--:|--:|",
  ...Object.entries(times).map(
    ([kind, list]) => `| ${kind} | ${ms(at(list, 0.5))} | ${ms(at(list, 0.95))} | ${ms(at(list, 1))} |`,
  ),
  "",
].join("\n");
console.log(`\n${section}`);
await writeSection(section);
