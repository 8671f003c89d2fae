// Prints the deadlocks of a dump: node deadlock.ts VMCORE
import { openDump } from "vmcore-debug";

const dump = await openDump(process.argv[2] ?? "vmcore", { search: false });
const { cycles, waiting } = await dump.waits();
for (const { tasks, certainty } of cycles) {
  console.log(`${certainty === "certain" ? "Deadlock" : "Possible deadlock"} of ${tasks.length} tasks:`);
  for (const { comm, pid, waitsFor, holders } of tasks) {
    const held = holders.map((one) => `${one.comm ?? "?"} [${one.pid ?? "?"}]`).join(", ");
    console.log(`  ${comm} [${pid}] waits for ${waitsFor}, held by ${held}`);
  }
}
if (cycles.length === 0) console.log(`No deadlock; ${waiting.length} tasks wait.`);
dump.close();
