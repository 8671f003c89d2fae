/** The `rd` command: reads memory. */
import { UsageError } from "../../../../base/usageError.ts";
import { address } from "../../../language/address.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { copyTable, copyToFile } from "./copyToFile.ts";
import { fileBytes } from "./fileBytes.ts";
import {
  hexDump,
  textTable,
  unitsTable,
  type ByteSource,
  type DumpFormat,
  type WordSize,
} from "../../../say/hexDump.ts";
import { anyNumber, count, hexNumber } from "../../../language/number.ts";
import { symbolic } from "../../../say/symbolicWord.ts";
import { currentUserSpace } from "../../../language/userSpace.ts";
import { WrongUse } from "../../../language/wrongUse.ts";

export const rd = command({
  name: "rd",
  readsOnly: (args) => !args.has("-r"),
  summary: "read memory",
  usage: "[-adDsSupxmfNR][-8|-16|-32|-64][-o offs][-e addr][-r file] [address|symbol]\n[count]",
  options: [
    { flag: "-p", help: "the address is physical" },
    { flag: "-u", help: "the address is a user address of the current task" },
    { flag: "-8", help: "units of 8 bits" },
    { flag: "-16", help: "units of 16 bits" },
    { flag: "-32", help: "units of 32 bits" },
    { flag: "-64", help: "units of 64 bits" },
    { flag: "-d", help: "signed decimal" },
    { flag: "-D", help: "unsigned decimal" },
    { flag: "-a", help: "text; without a count, up to the first non-text byte" },
    { flag: "-s", help: "show words that are addresses of symbols as symbol+offset" },
    { flag: "-S", help: "as -s, and show addresses of slab objects as [cache]; -SS as [address:cache]" },
    { flag: "-x", help: "no text column" },
    { flag: "-N", help: "units of 16 and 32 bits are in network byte order; 64-bit ones are not changed, as in crash" },
    { flag: "-R", help: "backwards: the last unit shown is the one at the address" },
    { flag: "-o", argument: "offs", help: "start this many bytes after the address" },
    { flag: "-e", argument: "addr", help: "end before this address" },
    {
      flag: "-r",
      argument: "file",
      help: "copy memory to a file: the count is in bytes, or -e gives the end",
    },
    { flag: "-m", help: "the address is a machine address of Xen (not available)" },
    { flag: "-f", help: "the address is an offset in the dump file" },
  ],
  description: `Shows memory in hexadecimal and as text, or in the format of the options. An address is a symbol, an expression, or a hexadecimal number. The count of units is decimal; the default is 1.

An address that is not a kernel address is read as a user address of the current task.`,
  examples: [
    { line: "rd -a linux_banner", shows: "A string." },
    { line: "rd -S init_task 16", shows: "The first words of a struct, with the names of symbols and slab caches." },
    { line: "rd -p 1000000 8", shows: "Physical memory." },
  ],
  records: () => [
    { line: "rd linux_banner", fields: unitsTable({ size: 8, as: "hex", withText: true }).columns },
    { line: "rd -a linux_banner", fields: textTable.columns },
    { line: "rd -r FILE linux_banner 8", fields: copyTable.columns },
  ],
  *run(context, args) {
    const [place, howMany] = args.rest;
    if (place === undefined) throw new WrongUse("an address is missing");
    if (args.has("-m")) throw new UsageError("-m is not available: machine addresses of Xen are not translated");
    const size = wordSize(context, args);
    const format = formatOf(context, args, size);
    let start = isPlain(args) ? plainAddress(place) : address(context, place);
    start += offsetOf(args);
    const space = spaceOf(context, args, start);
    let units = howMany === undefined ? undefined : count(howMany);
    let bytes = units === undefined ? undefined : BigInt(units);
    const end = args.value("-e");
    if (end !== undefined) {
      const last = isPlain(args) ? plainAddress(end) : address(context, end);
      if (last <= start) throw new UsageError(`ending address ${end} is not after the start`);
      bytes = last - start;
      units = Number((bytes + BigInt(size - 1)) / BigInt(size));
    }
    if (units !== undefined && units <= 0) throw new UsageError(`not a count: ${howMany ?? ""}`);
    const path = args.value("-r");
    if (path !== undefined) {
      if (bytes === undefined) throw new UsageError("-r requires a count of bytes, or -e with the end");
      return yield* copyToFile(context, space, BigInt.asUintN(64, start), bytes, path);
    }
    if (args.has("-R")) start -= BigInt(((units ?? 1) - 1) * size);
    yield* hexDump(space, BigInt.asUintN(64, start), units, format);
  },
});

function wordSize(context: Context, args: Parsed): WordSize {
  for (const [flag, size] of [
    ["-8", 1],
    ["-16", 2],
    ["-32", 4],
    ["-64", 8],
  ] as const)
    if (args.has(flag)) return size;
  return args.has("-a") ? 1 : context.kernel.arch.wordSize;
}

/** Returns the format that the options select. @throws UsageError if -s or -S is used with another unit than words */
function formatOf(context: Context, args: Parsed, size: WordSize): DumpFormat {
  const common = { size, swapped: args.has("-N") && size < 8 && context.kernel.arch.byteOrder === "little" };
  if (args.has("-a")) return { ...common, as: "text" };
  if (args.has("-s") || args.has("-S")) {
    const times = args.values("-S").length;
    if (size !== context.kernel.arch.wordSize) {
      throw new UsageError(`${times > 0 ? "-S" : "-s"} is only for units of the machine's word size`);
    }
    const slabs = times === 0 ? "none" : times === 1 ? "cache" : "address";
    return { ...common, as: "hex", symbolic: (word) => symbolic(context, word, slabs) };
  }
  if (args.has("-d") || args.has("-D")) return { ...common, as: args.has("-D") ? "unsigned" : "signed" };
  return { ...common, as: "hex", withText: !args.has("-x") };
}

/** Whether addresses are not virtual: physical addresses, or offsets in the file. */
const isPlain = (args: Parsed): boolean => args.has("-p") || args.has("-f");

/** Parses a hexadecimal physical address or file offset. @throws UsageError */
function plainAddress(text: string): bigint {
  const value = hexNumber(text);
  if (value === undefined) throw new UsageError(`not an address: ${text}`);
  return value;
}

/** Returns the offset of -o in bytes. @throws UsageError */
function offsetOf(args: Parsed): bigint {
  const text = args.value("-o") ?? "0";
  const value = anyNumber(text.replace(/^-/, ""));
  if (value === undefined) throw new UsageError(`not an offset: ${text}`);
  return text.startsWith("-") ? -value : value;
}

/**
 * Returns the memory that the options select.
 * @throws UsageError if the dump is not a file, or if the current task has no user memory; Fault
 */
function spaceOf(context: Context, args: Parsed, start: bigint): ByteSource {
  const { memory, arch } = context.kernel;
  if (args.has("-f")) {
    if (!context.session.file) throw new UsageError("-f requires a dump in a file");
    return fileBytes(context.session.file, arch);
  }
  if (args.has("-p")) return memory.physical;
  if (!args.has("-u") && memory.isKernelAddress(start)) return memory;
  return currentUserSpace(context);
}
