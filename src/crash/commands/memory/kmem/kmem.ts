/** The `kmem` command: shows the use of kernel memory. */
import { Fault } from "../../../../base/fault.ts";
import { hex } from "../../../../base/hex.ts";
import { UsageError } from "../../../../base/usageError.ts";
import { possibleCpus } from "../../../../kernel/cpumask.ts";
import { physicalToVirtual } from "../../../../linux/mm/directMap.ts";
import { findCache } from "../../../../linux/slab/slab.ts";
import { slabObjectAt } from "../../../../linux/slab/slabObject.ts";
import type { Kernel } from "../../../../model/kernel.ts";
import { command, type Context, type Parsed } from "../../../language/command.ts";
import { addressFacts } from "./address.ts";
import { counterTables } from "./counters.ts";
import { pageFlagTable } from "./flags.ts";
import { freeAreas, freeBlockAt } from "./free.ts";
import { hugePageTable } from "./hugePages.ts";
import { memoryNodeTables } from "./nodes.ts";
import { memoryConsumerTable } from "./consumers.ts";
import { pageHeading, pageMembers, pageRowAt, pageTable, pfnOf } from "./pages.ts";
import { perCpuOffsets } from "./perCpu.ts";
import { allCacheObjects, cacheObjects, objectPieces } from "./slabObjects.ts";
import { rootCacheTable } from "./rootCaches.ts";
import { type CacheChoice, cacheList, cacheTable, chosenCaches, ignoredRow, untilBroken } from "./slabs.ts";
import { memoryUsage } from "./usage.ts";
import { vmallocTable, vmallocTableAt } from "./vmalloc.ts";
import { zoneStatistics } from "./zones.ts";
import { records } from "./records.ts";
import { hexNumber, parseCpus, symbolAddress } from "../../../language/number.ts";
import { text, type Pieces } from "../../../../say/piece.ts";
import { WrongUse } from "../../../language/wrongUse.ts";

export const kmem = command({
  name: "kmem",
  readsOnly: true,
  summary: "usage of kernel memory",
  usage:
    "[-f|-F|-c|-C|-i[=shared]|-v|-V|-n|-z|-o|-h|-A] [-p | -m member[,member]]\n[[-s|-S|-S=cpu[s]|-r] [slab] [-I slab[,slab]] [-a]] [-g [flags]] [[-P] address]",
  options: [
    { flag: "-f", help: "free lists of the page allocator; with an address, the free block that contains it" },
    { flag: "-F", help: "as -f, with every free block; takes no address" },
    { flag: "-c", help: "the page_hash_table, which Linux removed after v2.4: always an error" },
    { flag: "-C", help: "as -c, with its pages" },
    {
      flag: "-i",
      argument: "shared",
      optional: true,
      help: "memory usage; =shared also counts pages with several users",
    },
    {
      flag: "-A",
      help: "memory by consumer: the source lines that allocated it or, if the kernel does not count those, what it counts instead",
    },
    { flag: "-v", help: "vmalloc areas; with an address, the area that contains it" },
    { flag: "-V", help: "counters of zones, nodes and events" },
    { flag: "-n", help: "nodes, sections and blocks of memory" },
    { flag: "-z", help: "counters of each zone" },
    { flag: "-o", help: "per-CPU offsets" },
    { flag: "-h", help: "huge pages" },
    { flag: "-p", help: "the struct page of every page; with an address, only of that page" },
    { flag: "-m", argument: "members", help: "as -p, with these members of struct page" },
    {
      flag: "-s",
      help: "usage of each slab cache; with a name, of that cache; with an address, of the cache that contains it; with the word list, only the addresses and names of the caches",
    },
    {
      flag: "-S",
      argument: "cpus",
      optional: true,
      help: "as -s, with slabs and objects; =cpus selects the CPUs whose slabs are shown",
    },
    { flag: "-r", help: "usage of each root cache together with its children" },
    { flag: "-I", argument: "slabs", help: "with -s, -S or -r: leave out these caches; names are separated by commas" },
    {
      flag: "-a",
      help: "with -S: all slabs, including full slabs, which are on no list; the structs of all pages are searched for them",
    },
    { flag: "-g", help: "names of the page flags; with a hexadecimal value, of the flags set in it" },
    { flag: "-P", help: "the address is physical" },
  ],
  description: `Shows how the kernel uses memory.

With an address and no option, shows what the address belongs to: symbol, slab object, free block, vmalloc area, task, page. An address is a symbol or a hexadecimal number. It can be an address of kernel memory, the address of a struct page, or a physical address.

-A counts by allocation tags (CONFIG_MEM_ALLOC_PROFILING, /proc/allocinfo). A kernel without them is counted by page_owner, and without that by slab cache, by caller of vmalloc() and by process; the output says which was used.

The column ALLOCATED of a slab cache counts the objects that users hold; objects on freelists of CPUs count as free. A damaged freelist is reported next to the objects; with slab debugging, so are overwritten poison and red zones.`,
  examples: [
    { line: "kmem -i", shows: "Memory usage by purpose." },
    { line: "kmem -A", shows: "Who uses the memory, the largest first." },
    { line: "kmem -s", shows: "Every slab cache." },
    { line: "kmem -S task_struct", shows: "Slabs and objects of one cache." },
    { line: "kmem -S -a dentry", shows: "Every object of one cache." },
    { line: "kmem -p | grep slab", shows: "Pages of slabs." },
    { line: "kmem ffff8ef68526c180", shows: "What an address belongs to." },
  ],
  records,
  needs: ["types"],
  *run(context, args) {
    if (args.rest.length === 0 && !SHOWS.some((flag) => args.has(flag)))
      throw new WrongUse("an option that says what to show, or an address, is missing");
    if (args.has("-c") || args.has("-C")) throw new UsageError("this kernel has no page_hash_table");
    yield* systemTables(context, args);
    if (["-s", "-S", "-r"].some((flag) => args.has(flag))) yield* slabs(context, args);
    else yield* atAddresses(context, args);
  },
});

/** Options that show something without an address. */
const SHOWS: readonly string[] = [..."fFcCiAvVnzohpmsSrg"].map((letter) => `-${letter}`);

/** Runs the options that take no address. */
function* systemTables({ kernel }: Context, args: Parsed): Pieces {
  const tables: readonly (readonly [flag: string, table: () => Pieces])[] = [
    ["-i", () => memoryUsage(kernel, args.value("-i") === "shared")],
    ["-n", () => memoryNodeTables(kernel)],
    ["-z", () => zoneStatistics(kernel)],
    ["-o", () => perCpuOffsets(kernel)],
    ["-h", () => hugePageTable(kernel)],
    ["-V", () => counterTables(kernel)],
    ["-A", () => memoryConsumerTable(kernel)],
    ["-F", () => freeAreas(kernel, true)],
  ];
  for (const [flag, table] of tables) {
    if (!args.has(flag)) continue;
    if (args.rest.length > 0) throw new WrongUse(`${flag} takes no address`);
    yield* table();
  }
}

/** Runs `-s` and `-S` with names, addresses or no argument, and `-r` with a name or no argument. */
function* slabs(context: Context, args: Parsed): Pieces {
  const { kernel } = context;
  const withObjects = args.has("-S");
  if (args.has("-a") && !withObjects) throw new WrongUse("-a requires -S");
  const ignored = args.values("-I").flatMap((list) => list.split(","));
  if (args.has("-r")) {
    if (args.rest.length > 1) throw new WrongUse("-r takes one name");
    return yield* rootCacheTable(kernel, { name: args.rest[0], ignored });
  }
  const cpus = parseCpus(args.value("-S") ?? "", possibleCpus(kernel));
  for (const word of args.rest.length > 0 ? args.rest : [undefined]) {
    const address = word === undefined || findCache(kernel, word) ? undefined : hexNumber(word);
    if (word === "list") yield* untilBroken(cacheList(kernel));
    else if (address !== undefined) yield* slabAtAddress(kernel, address, args);
    else {
      if (word !== undefined && !findCache(kernel, word))
        throw new UsageError(`no slab cache is named ${word}; "kmem -s" lists them`);
      const choice = { name: word, ignored };
      if (!withObjects) yield* cacheTable(kernel, choice);
      else yield* withObjectsOf(kernel, choice, args.has("-a") ? undefined : cpus);
    }
  }
}

/** Lists caches with their objects. @param cpus the CPUs whose slabs are listed; undefined for all slabs */
function* withObjectsOf(kernel: Kernel, choice: CacheChoice, cpus: readonly number[] | undefined): Pieces {
  for (const cache of chosenCaches(kernel, choice)) {
    const ignored = ignoredRow(cache, choice);
    if (ignored) yield ignored;
    else yield* cpus ? cacheObjects(cache, cpus) : allCacheObjects(cache);
  }
}

function* slabAtAddress(kernel: Kernel, address: bigint, args: Parsed): Pieces {
  const virtual =
    args.has("-P") || !kernel.memory.isKernelAddress(address) ? physicalToVirtual(kernel, address) : address;
  const object = slabObjectAt(kernel, virtual);
  if (!object) throw new UsageError(`address is not allocated in slab subsystem: ${hex(address)}`);
  yield* objectPieces(object, args.has("-S"));
}

/** Runs `-g`, `-f`, `-v`, `-p` and `-m`, and addresses without an option. */
function* atAddresses(context: Context, args: Parsed): Pieces {
  const { kernel } = context;
  const isPhysical = args.has("-P");
  if (args.has("-g")) {
    const value = args.rest[0] === undefined ? undefined : hexNumber(args.rest[0]);
    if (args.rest[0] !== undefined && value === undefined)
      throw new WrongUse(`invalid flags value: ${args.rest[0]}; give a hexadecimal number`);
    return yield* pageFlagTable(kernel, value);
  }
  const addresses = args.rest.map((word) => {
    const address = symbolAddress(context, word) ?? hexNumber(word);
    if (address === undefined) throw new WrongUse(`not an address: ${word}`);
    return address;
  });
  if (args.has("-f") && addresses.length === 0) yield* freeAreas(kernel, false);
  if (args.has("-v") && addresses.length === 0) yield* vmallocTable(kernel);
  if (args.has("-p") && addresses.length === 0) yield* pageTable(kernel);
  const members = args.value("-m")?.split(",");
  if (members && addresses.length === 0) yield* pageMembers(kernel, members, undefined);
  const isTable = members !== undefined || ["-f", "-v", "-p"].some((flag) => args.has(flag));
  let isFirst = true;
  for (const address of addresses) {
    const pfn = (): number => {
      const found = pfnOf(kernel, address, isPhysical);
      if (found instanceof Fault) throw found;
      return found;
    };
    if (args.has("-f")) yield* freeBlockAt(kernel, pfn(), address);
    if (args.has("-v")) yield* vmallocTableAt(kernel, address, isPhysical || !kernel.memory.isKernelAddress(address));
    if (args.has("-p")) {
      const row = pageRowAt(kernel, pfn());
      yield pageHeading(kernel);
      yield row;
    }
    if (members) yield* pageMembers(kernel, members, pfn());
    if (!isTable) {
      if (!isFirst) yield text("");
      isFirst = false;
      yield* addressFacts(kernel, address, isPhysical);
    }
  }
}
