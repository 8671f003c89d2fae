/**
 * The functions that the kernel's scripts for gdb (scripts/gdb/linux) add to expressions, and the macros of per-CPU
 * variables (include/linux/percpu-defs.h).
 */
import { UsageError } from "../../base/usageError.ts";
import { bare } from "../../debuginfo/ctype.ts";
import { possibleCpus } from "../../kernel/cpumask.ts";
import { perCpuAddress } from "../../kernel/percpu.ts";
import { moduleName, modules } from "../../linux/module/module.ts";
import { cpuTask } from "../../linux/sched/cpu.ts";
import { findTask, taskCpu } from "../../linux/sched/task.ts";
import { pointerTo } from "../../model/expression/arithmetic.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";

/** The arguments of a call. The default CPU is that of the current task. */
interface Call {
  readonly kernel: Kernel;
  readonly name: string;
  readonly values: readonly Obj[];
  readonly defaultCpu: () => number;
}

/** Functions by name. @throws UsageError for wrong arguments; Fault */
const functions: Readonly<Record<string, (call: Call) => Obj>> = {
  /** tasks.py or cpus.py: `$lx_current([CPU])`, the task_struct that a CPU was running. */
  $lx_current: (call) => cpuTask(call.kernel, cpuOf(call, 0)),
  /** cpus.py: `$lx_per_cpu(VAR[, CPU])`, a CPU's copy. VAR is quoted in kernels before v6.16, and a name since. */
  $lx_per_cpu: perCpuCopy,
  /** cpus.py: `$lx_per_cpu_ptr(PTR[, CPU])`, a CPU's copy of what PTR points to. */
  $lx_per_cpu_ptr: perCpuPointer,
  /** `per_cpu(VAR, CPU)` and `per_cpu_ptr(PTR, CPU)`. */
  per_cpu: (call) => perCpuCopy(withCpu(call)),
  per_cpu_ptr: (call) => perCpuPointer(withCpu(call)),
  /** `this_cpu_read(VAR)`, `this_cpu_ptr(PTR)`, `raw_cpu_ptr(PTR)`: the copy of the current task's CPU. */
  this_cpu_read: perCpuCopy,
  this_cpu_ptr: perCpuPointer,
  raw_cpu_ptr: perCpuPointer,
  /** tasks.py: `$lx_task_by_pid(PID)`, a pointer to the task. */
  $lx_task_by_pid: (call) => {
    const pid = Number(required(call, 0, "a pid").value());
    const task = findTask(call.kernel, pid);
    if (!task) throw new UsageError(`${call.name}: no task has the pid ${pid}`);
    return call.kernel.value(pointerTo(call.kernel, task.type), task.address);
  },
  /** modules.py: `$lx_module("NAME")`, a pointer to the module. */
  $lx_module: (call) => {
    const name = required(call, 0, "a module's name in quotes").text();
    for (const module of modules(call.kernel))
      if (moduleName(module) === name) return call.kernel.value(pointerTo(call.kernel, module.type), module.address);
    throw new UsageError(`${call.name}: no module ${name} is loaded`);
  },
};

/**
 * Calls a function of the kernel's scripts for gdb, or a macro of per-CPU variables. @param task the current task; its
 * CPU is the default @returns undefined for an unknown name @throws UsageError for wrong arguments; Fault
 */
export function kernelFunction(
  kernel: Kernel,
  task: Obj | undefined,
  name: string,
  values: readonly Obj[],
): Obj | undefined {
  const called = Object.hasOwn(functions, name) ? functions[name] : undefined;
  return called?.({ kernel, name, values, defaultCpu: () => (task ? taskCpu(task) : 0) });
}

function perCpuCopy(call: Call): Obj {
  const variable = perCpuVariableOf(call);
  return call.kernel.object(variable.type, perCpuAddress(call.kernel, variable.address, cpuOf(call, 1)));
}

function perCpuPointer(call: Call): Obj {
  const pointer = required(call, 0, "a per-CPU pointer");
  if (bare(pointer.type).kind !== "pointer") throw new UsageError(`${call.name} needs a pointer`);
  return call.kernel.value(pointer.type, perCpuAddress(call.kernel, pointer.value(), cpuOf(call, 1)));
}

/** Returns the call if it names a CPU. @throws UsageError if it does not */
function withCpu(call: Call): Call {
  required(call, 1, `a CPU: ${call.name}(${call.name === "per_cpu" ? "runqueues" : "&runqueues"}, 0)`);
  return call;
}

function required({ name, values }: Call, index: number, what: string): Obj {
  const value = values[index];
  if (!value) throw new UsageError(`${name} needs ${what}`);
  return value;
}

function cpuOf({ kernel, values, defaultCpu }: Call, index: number): number {
  const given = values[index];
  if (!given) return defaultCpu();
  const cpu = Number(given.value());
  const known = possibleCpus(kernel);
  if (!known.includes(cpu)) throw new UsageError(`invalid cpu number ${cpu}: this system has ${known.join(",")}`);
  return cpu;
}

/** Returns the per-CPU variable that the first argument names, at its offset. */
function perCpuVariableOf(call: Call): Obj {
  const given = required(call, 0, "the name of a per-CPU variable");
  return given.storage.kind === "memory" ? given : call.kernel.variable(given.text());
}
