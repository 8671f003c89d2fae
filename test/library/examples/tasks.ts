// Lists the tasks with the time that they ran, the longest first: node tasks.ts VMCORE
import { Fault, openDump } from "vmcore-debug";

const dump = await openDump(process.argv[2] ?? "vmcore", { search: false });
const rows = dump
  .tasks()
  .map(({ comm, pid, object }) => ({ comm, pid, ran: object.at("se.sum_exec_runtime").value() }));
rows.sort((a, b) => Number(b.ran - a.ran));
// What the dump does not have is a fault in place of the value.
for (const { comm, pid, ran } of rows.slice(0, 5))
  console.log(
    `${comm instanceof Fault ? `<${comm.message}>` : comm} [${String(pid)}] ran ${Number(ran / 1_000_000n)} ms`,
  );
dump.close();
