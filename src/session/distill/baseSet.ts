/**
 * What crash and drgn need of a dump to start and to answer `sys`, `bt -a`, `ps`, `log` and `mod`. Found with
 * `crash -d8`, which prints every read, and by comparing what both print for a dump and for its distilled copy.
 */
import { readUnsigned, viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import { progress, type Piece } from "../../say/piece.ts";
import type { Job } from "../../base/job.ts";
import { knownCpus } from "../../kernel/cpumask.ts";
import { idrEntries } from "../../kernel/idr.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { memoryBlocks } from "../../linux/mm/memoryBlock.ts";
import { pglistData, zones } from "../../linux/mm/mmzone.ts";
import { hasSections, memSections } from "../../linux/mm/sparse.ts";
import { modules } from "../../linux/module/module.ts";
import { taskTable } from "../../linux/sched/task.ts";
import { cacheName, slabCaches } from "../../linux/slab/slab.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { cpuStacks, taskStackRange } from "../../unwind/stacks.ts";
import type { Recording } from "../../dump/recording.ts";
import { keepCallers } from "./callers.ts";
import { keep, keepObject, keepStrings } from "./keep.ts";
import { keepModule } from "./keepModule.ts";

/** Pairs of symbols at the start and at the end of parts of the kernel's data. */
const DATA = [
  ["_sdata", "_edata"],
  ["__bss_start", "__bss_stop"],
  ["__start_ro_after_init", "__end_ro_after_init"],
] as const;

/** Read-only variables that crash reads when it starts, and those that are arrays of pointers to text. */
const READ_ONLY = ["linux_banner", "pageflag_names", "task_state_array", "taint_flags", "mt_slots", "mt_pivots"];

/** Where the base set is recorded, and with which limits. */
interface Wanted {
  readonly recording: Recording;
  /** Whether words of stacks that are not kernel addresses are left out, because they can be secrets. */
  readonly isScrubbed: boolean;
}

/** An address range with an exclusive end. */
interface Range {
  readonly start: bigint;
  readonly end: bigint;
}

const PAGE = 4096n;
/** Size of a `struct upid`, the element of the array at the end of `struct pid`, in bytes. */
const UPID_BYTES = 16;
/** Number of bytes that are read of a CPU's note: more than `note_buf_t` has on any machine. */
const CRASH_NOTE_BYTES = 1024;

/** Reads the base set, so that it is recorded. What the dump does not have is left out. */
export function* readingBaseSet(kernel: Kernel, wanted: Wanted): Job<void, Piece> {
  const parts: readonly (readonly [string, () => void])[] = [
    ["data", () => kernelData(kernel)],
    ["per-CPU data", () => perCpuData(kernel)],
    ["memory", () => memoryMap(kernel)],
    ["slab caches", () => slabHeads(kernel)],
    ["modules", () => [...modules(kernel)].forEach((module) => keepModule(module, wanted.recording))],
    ["pids", () => pids(kernel)],
  ];
  for (const [index, [what, read]] of parts.entries()) {
    yield progress(`Reading ${what}`, index, parts.length);
    attempt(read);
  }
  const table = taskTable(kernel);
  const callers = new Set<bigint>();
  for (const [index, task] of table.tasks.entries()) {
    if (index % 64 === 0) yield progress("Reading tasks", index, table.tasks.length);
    attempt(() => taskParts(task));
    const range = attempt(() => taskStackRange(kernel, task));
    if (!(range instanceof Fault)) keepStack(kernel, range, callers, wanted);
  }
  const onCpus = new Set<bigint>();
  for (const range of cpuStacks(kernel)) keepStack(kernel, range, onCpus, wanted);
  keepCallers(kernel, callers, false);
  keepCallers(kernel, onCpus, true);
}

function kernelData(kernel: Kernel): void {
  const address = (name: string): bigint | undefined => kernel.symbols.find(name)?.address;
  for (const [first, last] of DATA) {
    const [start, end] = [address(first), address(last)];
    if (start !== undefined && end !== undefined && end > start) keep(kernel.memory, start, Number(end - start));
  }
  for (const name of READ_ONLY) attempt(() => keepStrings(kernel, kernel.variable(name)));
}

function perCpuData(kernel: Kernel): void {
  const [start, end] = ["__per_cpu_start", "__per_cpu_end"].map((name) => kernel.symbols.find(name)?.address);
  if (start === undefined || end === undefined) return;
  const notes = attempt(() => kernel.variable("crash_notes").value());
  for (const cpu of knownCpus(kernel)) {
    keep(kernel.memory, perCpuAddress(kernel, start, cpu), Number(end - start));
    // drgn reads the registers here, not in the notes of the file.
    if (!(notes instanceof Fault)) keep(kernel.memory, perCpuAddress(kernel, notes, cpu), CRASH_NOTE_BYTES);
  }
}

function memoryMap(kernel: Kernel): void {
  for (const node of pglistData(kernel)) keepObject(node);
  for (const zone of zones(kernel)) attempt(() => zone.at("name").text());
  if (hasSections(kernel)) attempt(() => [...memSections(kernel)]);
  attempt(() => {
    for (const block of memoryBlocks(kernel)) {
      keepObject(block);
      attempt(() => keepObject(block.at("dev.p").deref()));
      attempt(() => block.at("dev.kobj.name").text());
    }
  });
  attempt(() => keepObject(kernel.variable("memory_subsys").at("p").deref()));
}

function slabHeads(kernel: Kernel): void {
  for (const cache of slabCaches(kernel)) {
    keepObject(cache);
    attempt(() => cacheName(cache));
    attempt(() => {
      for (const node of cache.at("node").elements()) if (node.value() !== 0n) keepObject(node.deref());
    });
  }
}

function pids(kernel: Kernel): void {
  for (const { entry } of idrEntries(kernel, kernel.variable("init_pid_ns").at("idr")))
    attempt(() => keep(kernel.memory, entry, kernel.object("struct pid", 0n).size + UPID_BYTES));
}

function taskParts(task: Obj<"struct task_struct">): void {
  keepObject(task);
  for (const member of ["mm", "active_mm", "signal", "sighand", "thread_pid"]) {
    if (!task.has(member)) continue;
    const pointer = task.at(member);
    if (pointer.value() !== 0n) attempt(() => keepObject(pointer.deref()));
  }
}

/** Records a stack, and collects the addresses of code in it. If scrubbed, only words that are kernel addresses. */
function keepStack(
  kernel: Kernel,
  { start, end }: Range,
  callers: Set<bigint>,
  { recording, isScrubbed }: Wanted,
): void {
  const { wordSize, byteOrder } = kernel.arch;
  if (!isScrubbed) keep(kernel.memory, start, Number(end - start));
  const bytes = new Uint8Array(wordSize);
  for (let page = start; page < end; page += PAGE) {
    const held = recording.paused(() => kernel.memory.page(page));
    if (held instanceof Fault) continue;
    const view = viewOf(held);
    for (let at = 0; at + bytes.length <= view.byteLength; at += wordSize) {
      const value = readUnsigned(view, at, wordSize, byteOrder);
      if (!kernel.memory.isKernelAddress(value)) continue;
      if (isScrubbed) keep(kernel.memory, page + BigInt(at), wordSize);
      if (kernel.code.isText(value)) callers.add(value);
    }
  }
}
