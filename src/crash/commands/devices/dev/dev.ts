/** The `dev` command: lists devices. */
import { command } from "../../../language/command.ts";
import { deviceDumpContents, deviceDumpList, dumpsTable } from "./dumps.ts";
import { deviceNumbers, numbersTable } from "./numbers.ts";
import { diskRequests, disksTable } from "./disks.ts";
import { missingTypes } from "../../../language/missingTypes.ts";
import { busTable, pciBuses, pciTable } from "./pci.ts";
import { resources, resourcesTable } from "./resources.ts";

export const dev = command({
  name: "dev",
  readsOnly: (args) => !args.has("-v") || args.rest.length === 0,
  summary: "devices: numbers, disks, PCI, addresses",
  usage: "[-i | -p | -d | -D] [-V | -v index [file]]",
  options: [
    { flag: "-i", help: "I/O ports and I/O memory: ranges and the drivers that have claimed them" },
    { flag: "-p", help: "PCI buses and devices" },
    { flag: "-d", help: "disks with their requests in flight" },
    { flag: "-D", help: "the same without idle disks" },
    { flag: "-V", help: "the device dumps that drivers added to the dump: offset in the file, bytes, name" },
    {
      flag: "-v",
      argument: "index",
      help: "the contents of the device dump with this index (see -V); with a file name, copied to that file",
    },
  ],
  description:
    "Lists the registered character and block device numbers: major, name, the cdev, or the disk that was added last, with that number, and its operations.\n\nDisks in memory and loop devices are left out of -d and -D. Requests are counted as the kernel counts them: those that the driver has received and not completed.",
  examples: [
    { line: "dev", shows: "Character and block devices." },
    { line: "dev -d", shows: "Disks with their requests in flight." },
    { line: "dev -p", shows: "The PCI devices." },
    { line: "dev -i | grep RAM", shows: "The ranges of physical addresses, with their owners." },
  ],
  records: () => [
    { line: "dev", fields: numbersTable("character").columns },
    { line: "dev -i", fields: resourcesTable("", 0).columns },
    { line: "dev -p", fields: pciTable.columns },
    { line: "dev -p", fields: busTable.columns },
    { line: "dev -d", fields: disksTable(["READ", "WRITE"], true).columns },
    { line: "dev -V", fields: dumpsTable.columns },
  ],
  *run(context, args) {
    const { kernel } = context;
    const index = args.value("-v");
    if (args.has("-V")) yield* deviceDumpList(context);
    if (index !== undefined) yield* deviceDumpContents(context, index, args.rest[0]);
    if (args.has("-V") || index !== undefined) return;
    const fault = missingTypes(context);
    if (fault) throw fault;
    if (args.has("-i")) yield* resources(kernel);
    if (args.has("-p")) yield* pciBuses(kernel);
    if (args.has("-d") || args.has("-D")) yield* diskRequests(kernel, args.has("-d"));
    if (!["-i", "-p", "-d", "-D"].some((flag) => args.has(flag))) yield* deviceNumbers(kernel);
  },
});
