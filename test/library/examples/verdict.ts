// Prints what happened, and the stack of the task that panicked: node verdict.ts VMCORE
import { openDump } from "vmcore-debug";

const dump = await openDump(process.argv[2] ?? "vmcore", { search: false });
const { title, findings } = await dump.verdict();
console.log(title);
for (const { certainty, text } of findings) console.log(`- ${certainty === "certain" ? "" : `${certainty}: `}${text}`);
for (const { function: name, module, exception } of dump.stack(dump.task).frames)
  console.log(
    `  ${name ?? "?"}${module === undefined ? "" : ` [${module}]`}${exception === undefined ? "" : ` <- ${exception}`}`,
  );
dump.close();
