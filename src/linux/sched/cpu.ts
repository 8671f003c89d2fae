/** The running task, the saved registers and the preempt count of each CPU, and the size of a cache line. */
import { viewOf } from "../../base/bytes.ts";
import { attempt, Fault } from "../../base/fault.ts";
import type { Registers } from "../../arch/arch.ts";
import { derived } from "../../model/derived.ts";
import type { CpuNote, Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import { taskStackRange } from "../../unwind/stacks.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuAddress, perCpuVariable } from "../../kernel/percpu.ts";

/**
 * Returns the task that a CPU was running.
 * x86 has it in `current_task`; from v6.2 to v6.14 in `pcpu_hot` (commit e57ef2ed97c1). All architectures have the
 * scheduler's `runqueues.curr`, but that already names the next task during a context switch. @throws Fault
 */
export function cpuTask(kernel: Kernel, cpu: number): Obj<"struct task_struct"> {
  const sources: readonly (() => Obj<"struct task_struct">)[] = [
    kernel.types.find("struct", "pcpu_hot")
      ? () => perCpuVariable(kernel, "pcpu_hot", cpu).at("current_task")
      : () => perCpuVariable(kernel, "current_task", cpu),
    () => perCpuVariable(kernel, "runqueues", cpu).at("curr"),
  ];
  let fault: Fault | undefined;
  for (const source of sources) {
    const address = attempt(() => source().value());
    if (!(address instanceof Fault) && address !== 0n) return kernel.object("struct task_struct", address);
    if (address instanceof Fault && address.kind !== "unknown") fault = address;
  }
  throw fault ?? Fault.of("unknown", `the task that CPU ${cpu} was running is not known`);
}

const cpusByTask = derived(
  "CPUs by running task",
  (kernel) =>
    new Map(
      runningTasks(kernel)
        .toReversed()
        .map(({ cpu, task }) => [task.address, cpu]),
    ),
);

/** Returns the CPU that was running the task at the crash; undefined if none was. */
export function runningOn(kernel: Kernel, task: Obj<"struct task_struct">): number | undefined {
  const cpus = cpusByTask(kernel);
  return cpus.get(task.address);
}

/** The task that each possible CPU was running; CPUs whose task is not known are missing. */
export const runningTasks = derived(
  "running tasks",
  (kernel): readonly { readonly cpu: number; readonly task: Obj<"struct task_struct"> }[] =>
    possibleCpus(kernel).flatMap((cpu) => {
      const task = attempt(() => cpuTask(kernel, cpu));
      return task instanceof Fault ? [] : [{ cpu, task }];
    }),
);

/**
 * The registers that the CPUs saved, with CPU numbers.
 * A dump has notes only of CPUs that responded, and their order is not reliable. The contents of each CPU's
 * `crash_notes` (kernel/crash_core.c: crash_save_cpu) identify the CPU of a note. QEMU writes a note for every CPU in
 * order and does not write `crash_notes`; then the CPU is identified by the kernel stack of its running task.
 */
export const cpuNotes = derived("cpu notes", (kernel): readonly CpuNote[] => bindNotes(kernel));

/** Returns the registers that `cpu` saved; undefined if it saved none. */
export const cpuNote = (kernel: Kernel, cpu: number): CpuNote | undefined =>
  cpuNotes(kernel).find((note) => note.cpu === cpu);

type FileNote = Kernel["cpuNotes"][number];

function bindNotes(kernel: Kernel): readonly CpuNote[] {
  const possible = attempt(() => possibleCpus(kernel));
  if (possible instanceof Fault) return kernel.cpuNotes.map((note, cpu) => ({ cpu, ...note }));
  const loose = [...kernel.cpuNotes];
  const bound = new Map<number, FileNote>();
  const bind = (cpu: number, matches: (note: FileNote) => boolean): void => {
    const index = bound.has(cpu) ? -1 : loose.findIndex(matches);
    for (const note of index < 0 ? [] : loose.splice(index, 1)) bound.set(cpu, note);
  };
  for (const cpu of possible) {
    const saved = attempt(() => crashNote(kernel, cpu));
    if (saved && !(saved instanceof Fault)) bind(cpu, (note) => sameRegisters(note.registers, saved));
  }
  const hasCrashNotes = bound.size > 0;
  for (const cpu of possible) bind(cpu, (note) => isOnStackOf(kernel, cpu, note));
  // Without `crash_notes` (QEMU) the remaining notes are assigned in order. With kdump they stay unassigned, because
  // CPUs that did not respond have no note.
  if (!hasCrashNotes) for (const cpu of possible) bind(cpu, (note) => kernel.cpuNotes[cpu] === note);
  if (!hasCrashNotes) for (const cpu of possible) bind(cpu, () => true);
  return [...bound].map(([cpu, note]) => ({ cpu, ...note })).sort((a, b) => a.cpu - b.cpu);
}

function isOnStackOf(kernel: Kernel, cpu: number, note: FileNote): boolean {
  const sp = note.registers.get(kernel.arch.sp);
  const stack = attempt(() => taskStackRange(kernel, cpuTask(kernel, cpu)));
  return sp !== undefined && !(stack instanceof Fault) && sp >= stack.start && sp < stack.end;
}

function sameRegisters(a: Registers, b: Registers): boolean {
  for (const [name, value] of b) if (a.get(name) !== value) return false;
  return b.size > 0;
}

const NT_PRSTATUS = 1;

/** Returns the registers in the note that `cpu` wrote when it was stopped; undefined if it wrote none. @throws Fault */
function crashNote(kernel: Kernel, cpu: number): Registers | undefined {
  const symbol = kernel.symbols.find("crash_notes");
  if (!symbol) return undefined;
  const buffer = kernel.memory.word(symbol.address);
  if (buffer === 0n) return undefined;
  const note = perCpuAddress(kernel, buffer, cpu);
  const header = viewOf(kernel.memory.read(note, 12));
  const little = kernel.arch.byteOrder === "little";
  const nameSize = header.getUint32(0, little);
  const size = header.getUint32(4, little);
  // note_buf_t contains one prstatus and the end marker; a larger size is damage.
  if (nameSize === 0 || nameSize > 64 || size > 4096 || header.getUint32(8, little) !== NT_PRSTATUS) return undefined;
  const desc = kernel.memory.read(note + 12n + BigInt((nameSize + 3) & ~3), size);
  return kernel.arch.prstatus(desc)?.registers;
}

/**
 * Returns the preempt count of a CPU, without x86's bit for the need to reschedule. x86 has it in a per-CPU variable,
 * from v6.2 to v6.14 in `pcpu_hot`; other architectures in the running task's `thread_info`. @throws Fault
 */
export function preemptCount(kernel: Kernel, cpu: number): number {
  const count = (value: number): number => (value & 0x7fff_ffff) >>> 0;
  if (kernel.types.find("struct", "pcpu_hot")) {
    const hot = perCpuVariable(kernel, "pcpu_hot", cpu);
    if (hot.has("preempt_count")) return count(hot.at("preempt_count").number());
  }
  const symbol = kernel.symbols.find("__preempt_count");
  if (symbol) return count(perCpuVariable(kernel, "__preempt_count", cpu).number());
  const task = cpuTask(kernel, cpu);
  for (const path of ["thread_info.preempt.count", "thread_info.preempt_count"])
    if (task.has(path)) return count(task.at(path).number());
  throw Fault.of("unknown", "the location of the preempt count is not known for this architecture");
}

/**
 * Size of a cache line in bytes: what the CPU told the kernel (`x86_cache_alignment` of `boot_cpu_data`, set by
 * arch/x86/kernel/cpu/common.c), else that of the architecture.
 */
export const cacheLineSize = derived("size of a cache line", (kernel): number => {
  const recorded = attempt(() => kernel.variable("boot_cpu_data").at("x86_cache_alignment").number());
  const isPlausible =
    !(recorded instanceof Fault) && recorded >= 16 && recorded <= 1024 && (recorded & (recorded - 1)) === 0;
  return isPlausible ? recorded : (kernel.arch.cacheLineBytes ?? 64);
});
