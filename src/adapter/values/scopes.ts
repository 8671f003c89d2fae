/** The scopes of a frame in the Variables view. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { attempt, Fault } from "../../base/fault.ts";
import { hex0x } from "../../base/hex.ts";
import type { Registers } from "../../arch/arch.ts";
import { perCpuVariable } from "../../kernel/percpu.ts";
import { commAndPid, taskCpu } from "../../linux/sched/task.ts";
import { derived } from "../../model/derived.ts";
import type { Kernel } from "../../model/kernel.ts";
import type { Obj } from "../../model/object.ts";
import type { Trap } from "../../unwind/frame.ts";
import { type FrameVariable, frameVariables } from "../../unwind/locals.ts";
import { childrenOf } from "./children.ts";
import { glance } from "./glance.ts";
import type { FrameRow } from "../frames.ts";
import type { Target } from "../target.ts";
import { type VariableEntry, kernelExpression, type Unfolding } from "./unfolding.ts";
import { waitEntries } from "./waiting.ts";

/** Returns the scopes of a row of the call stack. Their variables are read when the client requests them. */
export function scopesOf(target: Target, row: FrameRow): DebugProtocol.Scope[] {
  const { frame, place, thread } = row;
  const scopes: DebugProtocol.Scope[] = [];
  const add = (name: string, unfolding: Unfolding, more: Partial<DebugProtocol.Scope> = {}): void => {
    scopes.push({ name, variablesReference: target.unfoldings.add(unfolding), expensive: false, ...more });
  };
  if (frame && place) {
    const variables = (parameter: boolean): Unfolding => ({ named: () => localEntries(target, row, parameter) });
    add("Arguments", variables(true), { presentationHint: "arguments" });
    add("Locals", variables(false), { presentationHint: "locals" });
  }
  const trap = frame?.trap;
  if (trap) add("Exception", { named: () => trapEntries(target.kernel, trap) }, { expensive: true });
  if (frame)
    add(
      "Registers",
      { named: () => registerEntries(target.kernel, frame.registers, frame.exact) },
      { presentationHint: "registers", expensive: !!place },
    );
  const { task } = thread;
  if (!task) return scopes;
  add(`Task ${taskLabel(task)}`, { named: () => taskEntries(task) }, { expensive: true });
  const cpu = thread.runningOn ?? attempt(() => taskCpu(task));
  if (typeof cpu === "number")
    add(`Per-CPU ${cpu}`, { named: () => perCpuEntries(target.kernel, cpu) }, { expensive: true });
  return scopes;
}

function taskLabel(task: Obj): string {
  const label = attempt(() => commAndPid(task));
  return label instanceof Fault ? hex0x(task.address) : label;
}

/** Yields the arguments or locals of a row, each with its value or the fault. */
function* localEntries({ kernel }: Target, { frame, place }: FrameRow, parameter: boolean): Generator<VariableEntry> {
  if (!frame || !place) return;
  for (const variable of frameVariables(kernel, frame, place)) {
    if (variable.parameter === parameter) yield localEntry(variable);
  }
}

/** Marks an inferred value: for clients with an attribute of our own, which DAP allows, and for users with a remark. */
const INFERRED: Partial<VariableEntry> = { remark: "inferred from the call", hint: { attributes: ["inferred"] } };

const localEntry = ({ name, value, declared, inferred }: FrameVariable): VariableEntry => ({
  name,
  value,
  expression: value instanceof Fault ? undefined : name,
  declared,
  ...(inferred ? INFERRED : {}),
});

/**
 * Yields the registers and what each points to. @param exact whether the pc is the current instruction and not a return
 * address
 */
function* registerEntries(kernel: Kernel, registers: Registers, exact: boolean): Generator<VariableEntry> {
  const named = kernel.arch.registers.filter((name) => registers.has(name));
  const order = [...new Set([kernel.arch.pc, kernel.arch.sp, ...named, ...registers.keys()])];
  for (const name of order) {
    const value = registers.get(name);
    if (value === undefined) continue;
    const returns = name === kernel.arch.linkRegister || (name === kernel.arch.pc && !exact);
    const what = glance(kernel, value, returns);
    yield {
      name,
      value: `${hex0x(value)}${what === undefined ? "" : `  ${what}`}`,
      expression: `$${name}`,
      address: kernel.memory.isKernelAddress(value) ? value : undefined,
    };
  }
}

function* trapEntries(kernel: Kernel, trap: Trap): Generator<VariableEntry> {
  yield { name: "type", value: trap.type };
  if (trap.errorCode !== undefined) {
    yield {
      name: "error code",
      value: trap.errorText === undefined ? hex0x(trap.errorCode) : `${hex0x(trap.errorCode)}: ${trap.errorText}`,
    };
  }
  if (trap.faultAddress !== undefined)
    yield { name: "address", value: hex0x(trap.faultAddress), address: trap.faultAddress };
  yield {
    name: "registers",
    value: "",
    unfolding: { named: () => registerEntries(kernel, trap.registers, true) },
    hint: { kind: "virtual" },
  };
  const { address } = trap;
  if (address === undefined || !kernel.types.find("struct", "pt_regs")) return;
  yield {
    name: "pt_regs",
    value: kernel.object("struct pt_regs", address),
    expression: `*(struct pt_regs *)${hex0x(address)}`,
  };
}

/** Yields what the task waits for, then the members of the task_struct, because the scope itself is the task. */
function* taskEntries(task: Obj): Generator<VariableEntry> {
  yield* waitEntries(task);
  const entry = { name: "task", value: task, expression: `*(struct task_struct *)${hex0x(task.address)}` };
  yield* childrenOf(entry)?.named() ?? [];
}

/**
 * Yields the per-CPU variables that have a type in the debuginfo, sorted by name. Names that begin with `__` are left
 * out. @throws Fault
 */
function* perCpuEntries(kernel: Kernel, cpu: number): Generator<VariableEntry> {
  for (const name of perCpuNames(kernel)) {
    const value = attempt(() => perCpuVariable(kernel, name, cpu));
    const reach = value instanceof Fault ? undefined : kernelExpression(value);
    yield { name, value, expression: `${name}:${cpu}`, reach };
  }
}

/**
 * Sorted names of the symbols between the markers of the linker script (include/asm-generic/vmlinux.lds.h:
 * PERCPU_INPUT) that have a type and do not begin with `__`.
 */
const perCpuNames = derived("per-CPU names", (kernel): readonly string[] => {
  const [start, end] = ["__per_cpu_start", "__per_cpu_end"].map((name) => kernel.symbols.find(name)?.address);
  if (start === undefined || end === undefined) return [];
  const names = new Set<string>();
  for (const { name, address } of kernel.symbols.all()) {
    if (address >= start && address < end && !name.startsWith("__") && kernel.types.variable(name)) names.add(name);
  }
  return [...names].sort();
});
