/** The `net` command: lists network devices, sockets and neighbours. */
import { UsageError } from "../../../base/usageError.ts";
import { initNet, netNamespace } from "../../../linux/net/netDevice.ts";
import { command } from "../../language/command.ts";
import { arpCache, neighboursTable } from "./arp.ts";
import { devicesTable, netDeviceTable } from "./devices.ts";
import { taskSocketRows, taskSocketsFields, taskSocketStructs } from "./sockets.ts";
import { text } from "../../../say/piece.ts";
import { formatOptions } from "../../say/structView.ts";
import { selectTasks } from "../../language/taskSelector.ts";
import { WrongUse } from "../../language/wrongUse.ts";
import type { Arch } from "../../../arch/arch.ts";
import { anyNumber } from "../../language/number.ts";

export const net = command({
  name: "net",
  readsOnly: true,
  summary: "network devices, sockets, neighbours",
  usage: "[[-s | -S] [-xd] [-R ref] [pid | task]] [-a] [-n [pid | task]] [-N addr]",
  options: [
    { flag: "-s", help: "sockets of the current task or of the given ones: family, type, local and remote address" },
    { flag: "-S", help: "the same with their structures: socket, and sock as its family declares it" },
    { flag: "-R", argument: "ref", help: "with -s or -S, only the socket with this descriptor, socket or sock" },
    { flag: "-a", help: "the ARP cache" },
    { flag: "-n", help: "devices in the network namespace of the current task or the given one" },
    { flag: "-N", argument: "addr", help: "convert an IPv4 address from a number to dotted form" },
    { flag: "-x", help: "structures in hexadecimal" },
    { flag: "-d", help: "structures in decimal" },
  ],
  description:
    "Lists the network devices of the initial namespace with their addresses: struct net_device, name, IPv4, then IPv6.\n\n-s lists a task's open sockets: descriptor, struct socket, struct sock, family and type, and for internet sockets the local and remote address.",
  examples: [
    { line: "net", shows: "Devices and addresses." },
    { line: "net -s 131", shows: "The sockets of a process." },
    { line: "net -a", shows: "The known hardware addresses." },
    { line: "net -N 1041236234", shows: "The address for a number from a socket." },
  ],
  records: () => [
    { line: "net", fields: devicesTable.columns },
    { line: "net -a", fields: neighboursTable.columns },
    { line: "net -s", fields: taskSocketsFields },
  ],
  needs: ["types"],
  *run(context, args) {
    const { kernel } = context;
    const number = args.value("-N");
    if (number !== undefined) yield text(ipv4Number(kernel.arch, number));
    if (args.has("-a")) yield* arpCache(kernel);
    const reference = args.value("-R");
    if (args.has("-s") || args.has("-S")) {
      if (args.has("-s") && args.has("-S")) throw new UsageError("only one -s or -S option allowed");
      const options = formatOptions(context, args);
      for (const [i, task] of selectTasks(context, args.rest).entries()) {
        if (i > 0) yield text("");
        yield* args.has("-S") ? taskSocketStructs(task, reference, options) : taskSocketRows(task, reference);
      }
      return;
    }
    if (reference !== undefined) throw new WrongUse("-R requires -s or -S");
    if (args.has("-n")) for (const task of selectTasks(context, args.rest)) yield* netDeviceTable(netNamespace(task));
    else if (args.rest.length > 0) throw new WrongUse(`choose -s, -S or -n for ${args.rest.join(" ")}`);
    else if (number === undefined && !args.has("-a")) yield* netDeviceTable(initNet(kernel));
  },
});

/** Converts a number to a dotted IPv4 address for `net -N`, in the byte order of the machine. @throws UsageError */
function ipv4Number({ byteOrder }: Pick<Arch, "byteOrder">, word: string): string {
  const value = anyNumber(word);
  if (value === undefined || value > 0xffff_ffffn) throw new UsageError(`not an IPv4 address: ${word}`);
  const bytes = [0n, 8n, 16n, 24n].map((shift) => (value >> shift) & 0xffn);
  return (byteOrder === "little" ? bytes : bytes.toReversed()).join(".");
}
