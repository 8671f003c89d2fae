/** Explanations of the sanitizers and the allocators. */
import { hex0x } from "../../base/hex.ts";
import type { ReportFacts } from "../facts.ts";
import { isMachinery, isUserOfMachinery } from "../machinery.ts";
import { plainName } from "../place.ts";
import { explainRace } from "./race.ts";
import { explainSlab } from "./slab.ts";
import { headlinePlace, particular } from "./naming.ts";

/** Explains a report of a sanitizer, of kmemleak or of slub_debug. */
export function explainSanitizer(facts: ReportFacts): string {
  switch (facts.kind) {
    case "kmsan":
      return explainKmsan(facts);
    case "kcsan":
      return explainRace(facts);
    case "ubsan":
      return explainUbsan(facts);
    case "memory-leak":
      if (facts.report.headline.groups.count !== undefined)
        return `kmemleak found no pointer to ${facts.report.headline.groups.count} more allocations; /sys/kernel/debug/kmemleak lists them.`;
      return `kmemleak found no pointer to this allocation${particular(facts, "object") === undefined ? "" : ` (${particular(facts, "object")})`}: most likely a leak. kmemleak misses a pointer that is stored in another form, or where it does not search.${facts.guilty === undefined ? "" : ` It was allocated in a call by \`${plainName(facts.guilty.place.name ?? "")}\`.`}`;
    case "slab":
      return explainSlab(facts);
    default:
      return explainKasan(facts);
  }
}

const isAllocator = (name: string, { kind }: ReportFacts): boolean =>
  !isUserOfMachinery(name) &&
  (isMachinery(name, kind) ||
    /kasan|slab|alloc|kfree|save_stack|stack_trace|kmem|free_hook|kfence|^__?kfree|^kvfree/.test(name));

/** Names the function and the task that allocated or freed the object, from the trace of that event. */
function by(facts: ReportFacts, role: "allocation" | "free"): string {
  const trace = facts.traces.find((one) => one.role === role);
  const entry = trace?.entries.find(
    ({ name, isDoubtful }) => name !== undefined && !isDoubtful && !isAllocator(plainName(name), facts),
  );
  const task = /task (\d+)/.exec(trace?.head ?? "")?.[1];
  if (entry === undefined && task === undefined) return "";
  return ` ${role === "allocation" ? "It was allocated" : "It was freed"}${entry === undefined ? "" : ` in a call by \`${plainName(entry.name ?? "")}\``}${task === undefined ? "" : ` (task ${task})`}.`;
}

function explainKasan(facts: ReportFacts): string {
  const { size, address } = facts.access;
  const verb = facts.access.verb ?? facts.report.headline.groups.access;
  const fault = facts.report.headline.groups.fault ?? "";
  const at = address === undefined ? "" : ` at ${hex0x(address)}`;
  const bytes = size === undefined ? "memory" : `${size} byte${size === 1 ? "" : "s"}`;
  const did = `${facts.comm === undefined ? `The kernel${size === undefined && address === undefined ? headlinePlace(facts) : ""}` : `\`${facts.comm}\``} ${verb === "write" ? "wrote" : verb === "read" ? "read" : "used"} ${bytes}${at}`;
  const cache = particular(facts, "cache");
  const inside = particular(facts, "inside");
  const object =
    cache === undefined
      ? particular(facts, "kfenceObject") === undefined
        ? ""
        : ` Object: ${particular(facts, "kfenceObject")}.`
      : ` The object is of cache ${cache}${inside === undefined ? "" : `; the address is ${inside.replace(/ of$/, " of it")}`}.`;
  const history = `${by(facts, "allocation")}${by(facts, "free")}`;
  if (/use-after-free/.test(fault)) return `${did}, in memory that was freed.${object}${history}`;
  const freed = wrongFree(facts);
  if (freed !== undefined) return `${freed}${object}${history}`;
  if (/double-free|invalid-free|invalid free/.test(fault))
    return `Memory was freed twice, or at an address that is not the start of an allocation${object === "" && history === "" ? headlinePlace(facts) : ""}.${object}${history}`;
  if (/(?:stack|alloca)-out-of-bounds/.test(fault)) return `${did}, outside of the variables on a kernel stack.`;
  if (/global-out-of-bounds/.test(fault)) return `${did}, outside of the global variables there.`;
  // The object is in use: a free that the report shows too is of an earlier one at the same place.
  if (/out-of-bounds/.test(fault))
    return `${did}, partly or wholly outside of an allocated object.${object}${by(facts, "allocation")} Usual causes: a wrong index, length or pointer, or an object that is smaller than the code expects.`;
  if (/null-ptr-deref/.test(fault))
    return address === undefined || address === 0n
      ? `${did}, through a NULL pointer.`
      : `${did}, near NULL. Usual cause: a member of a structure was accessed through a NULL pointer.`;
  if (/user-memory-access/.test(fault))
    return `${did}${address === undefined ? " at" : ","} an address of user space. Usual causes: a wrong pointer, or a program's pointer that was used without \`copy_from_user\`.`;
  if (/wild-memory-access/.test(fault))
    return `${did}${address === undefined ? " at" : ","} an address that is not a valid kernel address. Usual causes: the pointer was overwritten, or was never set.`;
  if (/invalid-access/.test(fault))
    return `${did} through a pointer whose tag does not match the tag of the memory.${object}${history.replaceAll(" It was ", " The report shows that it was ")} Usual causes: the object was freed, or the access is outside of it.`;
  if (/memory corruption/.test(fault))
    return `Bytes around an object of KFENCE were overwritten${corruptedAt(facts)}. KFENCE found this in a later check, not at the write.${object}${history}`;
  if (/invalid/.test(fault)) return `${did}, in KFENCE's pool, at a place where KFENCE knows no object.`;
  return `${did}, which the sanitizer forbids.${object}${history}`;
}

/** Explains a wrong free of a KFENCE object (mm/kfence/report.c); undefined if the report does not show what is wrong. */
function wrongFree({ texts }: ReportFacts): string | undefined {
  const address = texts.map((text) => /^Invalid free of (0x[0-9a-f]{1,16})/.exec(text)?.[1]).find(Boolean);
  const start = texts.map((text) => /^kfence-#\d+(?:: | \[)(0x[0-9a-f]{1,16})-/.exec(text)?.[1]).find(Boolean);
  if (address === undefined || start === undefined) return undefined;
  const isStart = BigInt(address) === BigInt(start);
  if (isStart && texts.some((text) => text.startsWith("freed by task")))
    return `The object at ${address} was freed twice.`;
  return isStart ? undefined : `Memory was freed at ${address}, which is not the start of the object there (${start}).`;
}

function corruptedAt({ texts }: ReportFacts): string {
  const at = texts.map((text) => /^Corrupted memory at (0x[0-9a-f]{1,16})/.exec(text)?.[1]).find(Boolean);
  return at === undefined ? "" : `, the first at ${at}`;
}

/** Names the variable (`----name@function` before 5.19) or the allocation that was never written. */
function originOf(facts: ReportFacts): string {
  const [, name, functionName] = /^-*([^@]+)(?:@(.+))?$/.exec(particular(facts, "local") ?? "") ?? [];
  if (name !== undefined)
    return ` It comes from variable \`${name}\`${functionName === undefined ? "" : ` of \`${functionName}\``}.`;
  const trace = facts.traces.find(({ role, head }) => role === "origin" && head.startsWith("Uninit was created"));
  const entry = trace?.entries.find(
    (one) => one.name !== undefined && !one.isDoubtful && !isAllocator(plainName(one.name), facts),
  );
  return entry?.name === undefined ? "" : ` It was allocated in a call by \`${plainName(entry.name)}\`.`;
}

function explainKmsan(facts: ReportFacts): string {
  const fault = facts.report.headline.groups.fault ?? "";
  const bytes = particular(facts, "bytes");
  const origin = originOf(facts);
  const where =
    facts.guilty?.place.name === undefined
      ? ""
      : ` in \`${plainName(facts.guilty.place.name)}\` or in a function that it called`;
  const which = bytes === undefined ? "" : ` ${bytes}.`;
  if (/usb-infoleak/.test(fault)) return `Uninitialised memory was to be sent to a USB device.${origin}${which}`;
  if (/infoleak/.test(fault))
    return `Uninitialised memory was copied out of the kernel${particular(facts, "copied") === undefined ? "" : ` to user address 0x${particular(facts, "copied")}`}, which can leak old content of kernel memory.${origin}${which}`;
  if (/use-after-free/.test(fault)) return `A value from freed memory was used.${origin}`;
  // kmsan_check_memory() and kmsan_handle_dma() check a range and print its bytes; checks in compiled code check a
  // single value.
  return bytes === undefined
    ? `An uninitialised value was used${where}, for example in a condition or as an address.${origin}`
    : `Uninitialised memory was found in a check${where}, for example before it is passed to a device.${origin}${which}`;
}

function explainUbsan(facts: ReportFacts): string {
  const says = particular(facts, "says");
  const place = facts.report.headline.groups.place;
  const at = place === undefined ? "" : ` at ${place}`;
  const what = says === undefined ? (facts.report.headline.groups.fault ?? "undefined behaviour") : says;
  if (/^index/.test(what)) return `An array was indexed outside of its bounds${at}: ${what}.`;
  if (/^shift/.test(what))
    return `A value was shifted by ${/negative/.test(what) ? "a negative number of bits" : "as many bits as its type has, or more"}${at}: ${what}.`;
  if (/integer overflow/.test(what))
    return `The result of a calculation does not fit its type${at}: ${what.replace(/:$/, "")}.`;
  if (/^load/.test(what))
    return `A variable holds a value that its type cannot have${at}: ${what}. Usual causes: it was never set, or was overwritten.`;
  return `The code has undefined behaviour${at}: ${what.replace(/:$/, "")}.`;
}

/** Explains a failed allocation (warn_alloc()). GFP_ATOMIC and GFP_NOWAIT do not wait for memory reclaim. */
function explainAllocation(facts: ReportFacts): string {
  const request = particular(facts, "request") ?? facts.headline.slice(0, 160);
  // v4.10 to v4.14: the request goes on, so it may still succeed.
  const stalled = /page allocation stalls for (\d{1,10})ms/.exec(facts.headline)?.[1];
  if (stalled !== undefined)
    return `An allocation had waited for ${stalled} ms when the kernel printed this, and went on (${request}). Usual causes: little memory is free, or reclaim waits for slow devices.`;
  const [gfp] = (!request.includes("DIRECT_RECLAIM") && /\bGFP_(?:ATOMIC|NOWAIT)\b/.exec(request)) || [];
  const wanted = /^SL[UA]B: /.test(facts.headline)
    ? "the page allocator gave no pages for a new slab"
    : "no block of that order was free above the reserve that the request may use";
  const why = gfp === undefined ? wanted : `${wanted}, and the request may not wait (${gfp})`;
  const tables = facts.texts.some((text) => text.startsWith("Mem-Info"))
    ? " The tables of the report show the free memory."
    : "";
  return `An allocation failed (${request}): ${why}. The caller may handle the failure.${tables}`;
}

/** Explains a report of the page allocator, of the OOM killer or of an address space. */
export function explainMemory(facts: ReportFacts): string {
  switch (facts.kind) {
    case "oom":
      return explainOom(facts);
    case "allocation-failure":
      if (facts.headline.includes("vmalloc")) return explainVmalloc(facts);
      return explainAllocation(facts);
    case "bad-page":
      return explainPage(facts);
    case "bad-page-map":
      return explainEntry(facts);
    default:
      return `A counter of an address space was not zero when it was freed (${facts.headline}). Usual causes: ${/pgtables|nr_ptes|nr_pmds/.test(facts.headline) ? "page tables" : "pages"} were counted wrongly, or were leaked.`;
  }
}

/** Explains a failed vmalloc, which needs no free block, but single pages and a range of addresses (mm/vmalloc.c). */
function explainVmalloc({ headline }: ReportFacts): string {
  const [, got, asked] = /allocated (\d+) of (\d+) bytes/.exec(headline) ?? [];
  const size = asked ?? /(?:failure: |size )(\d+)/.exec(headline)?.[1];
  const why =
    size === "0"
      ? ": the requested size is 0, which is an error of the caller"
      : got !== undefined
        ? `: only ${got} bytes could be allocated`
        : /exceeds total pages/.test(headline)
          ? ": that is more than the machine has"
          : /vm_struct allocation failed/.test(headline)
            ? ": no range of kernel addresses could be reserved"
            : ". Usual causes: too little memory in the machine or the control group, or no free range of kernel addresses";
  return `An allocation by \`vmalloc\`${size === undefined ? "" : ` of ${size} bytes`} failed${why}. The caller may handle the failure.`;
}

/** Explains a page in a wrong state (bad_page(), filemap_unaccount_folio()). The guilty function is the one for which page_owner saw it. */
function explainPage(facts: ReportFacts): string {
  const frame = /\bpfn:(?:0x)?([0-9a-f]{1,16})/.exec(facts.headline)?.[1];
  const reason = particular(facts, "reason");
  const functionName = facts.guilty?.place.name;
  const page = `A page${frame === undefined ? "" : ` (page frame 0x${frame})`}`;
  const of = functionName === undefined ? "" : ` It was last allocated in a call by \`${plainName(functionName)}\`.`;
  const flags = /\(([\w|=.-]{1,200})\)?$/.exec(particular(facts, "flags") ?? "")?.[1]?.split("|") ?? [];
  const wrong = flags.filter((flag) => IN_USE.has(flag));
  // filemap_unaccount_folio().
  if (facts.headline.includes("Bad page cache"))
    return `${page} was taken out of the page cache while a program still maps it${reason === undefined ? "" : ` (${reason})`}. Usual causes: its mappings were counted wrongly, or its state was overwritten.${of}`;
  if (reason?.includes("CHECK_AT_FREE") === true && wrong.length > 0) {
    const names = wrong.map((flag) => `\`${flag}\``).join(", ");
    return `${page} was freed with the flag${wrong.length === 1 ? "" : "s"} ${names} set, which a page may not have then.${of}`;
  }
  return `${page} was in a state that it may not have when it is allocated or freed${reason === undefined ? "" : ` (${reason})`}.${of}`;
}

/** Flags that a page may not have when it is freed, as dump_page() prints them (include/linux/page-flags.h, PAGE_FLAGS_CHECK_AT_FREE). */
const IN_USE: ReadonlySet<string> = new Set([
  "lru",
  "locked",
  "private",
  "private_2",
  "writeback",
  "reserved",
  "slab",
  "active",
  "unevictable",
  "mlocked",
]);

/** Explains a wrong page-table entry (mm/memory.c, print_bad_pte()). */
function explainEntry(facts: ReportFacts): string {
  const { comm, entry } = facts.report.headline.groups;
  const address = facts.texts.map((text) => /^\s{0,8}addr:(?:0x)?([0-9a-f]{1,16})\b/.exec(text)?.[1]).find(Boolean);
  const of = comm === undefined ? "" : ` of \`${comm}\``;
  const at = address === undefined ? "" : ` for address ${hex0x(BigInt(`0x${address}`))}`;
  return `An entry of a page table${of}${at}${entry === undefined ? "" : ` (${entry})`} does not point to a page, or contradicts the state of its page. Usual causes: the table or the state of the page was overwritten, or pages were counted wrongly.`;
}

function explainOom(facts: ReportFacts): string {
  const text = facts.texts.join("\n");
  const constraint = particular(facts, "constraint");
  const group =
    /oom_memcg=([^,\n]{1,300})/.exec(text)?.[1] ??
    particular(facts, "group") ??
    /Task in \S+ killed as a result of limit of (\S+)/.exec(text)?.[1];
  const limit = /limit (\d+kB)/.exec(particular(facts, "usage") ?? "")?.[1];
  const killed = /^(\d+) \(([^)]+)\)/.exec(particular(facts, "killed") ?? "");
  const victim = killed === null ? "" : ` The kernel killed \`${killed[2]}\` (PID ${killed[1]}).`;
  const isGroup =
    constraint === "CONSTRAINT_MEMCG" ||
    /^Memory cgroup (?:out of memory|stats for )|^memory: usage \d+kB, limit \d+kB/m.test(text) ||
    /Task in .{1,200} killed as a result of limit/.test(text);
  if (isGroup) {
    return `The control group${group === undefined ? "" : ` ${group}`} has no memory left that it may use${limit === undefined ? "" : ` (memory limit ${limit})`}. The machine itself may have free memory.${victim}`;
  }
  if (constraint === "CONSTRAINT_CPUSET")
    return `The memory nodes that a cpuset allows had too little free memory; other nodes may have had more.${victim}`;
  if (constraint === "CONSTRAINT_MEMORY_POLICY")
    return `The memory nodes that a policy allows had too little free memory; other nodes may have had more.${victim}`;
  const asked =
    facts.comm === undefined || !/invoked oom-killer/.test(facts.headline)
      ? ""
      : ` \`${facts.comm}\` made the request, but may not be the task that uses most memory.`;
  // drivers/tty/sysrq.c, moom_callback(): the order is -1.
  if (/\border=-1\b/.test(facts.headline)) return `The OOM killer was started by SysRq.${victim}`;
  return `The kernel found too little free memory for a request${facts.panic === undefined ? ", and the kernel looked for a process to kill" : ""}.${asked}${victim}${facts.texts.some((text) => /^\s{0,4}\[ *pid *\]/.test(text)) ? " The table of tasks shows who used how much memory." : ""}`;
}
