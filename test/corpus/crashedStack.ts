import { attempt, Fault } from "../../src/base/fault.ts";
import { stackTrace } from "../../src/linux/sched/stackTrace.ts";
import type { CodePlace } from "../../src/model/kernel.ts";
import type { Obj } from "../../src/model/object.ts";
import type { Session } from "../../src/session/open/open.ts";
import type { Frame } from "../../src/unwind/frame.ts";
import { summary } from "../../src/model/summary.ts";
import { type FrameVariable, frameVariables } from "../../src/unwind/locals.ts";
import type { DrgnAccount, DrgnFrame } from "./corpus.ts";

/** A function of a stack, inlined ones among them. */
export interface Place {
  readonly frame: Frame;
  readonly place: CodePlace;
}

/** What drgn and we say of the stack that crashed. */
export interface Comparison {
  /** Ours, the innermost first. */
  readonly places: readonly Place[];
  /** Functions of which the lines were compared, and those of them that are in modules. */
  readonly lines: number;
  readonly inModules: number;
  readonly variables: number;
  /** Scalars within those variables; and variables that we infer from calls, of which drgn knows nothing. */
  readonly values: number;
  readonly inferred: number;
  readonly differences: readonly string[];
}

/** Our stack of the task whose thread crashed by drgn's account. */
export function compareCrashedStack(session: Session, { crashed_thread, tasks }: DrgnAccount): Comparison {
  const thread = crashed_thread!;
  const { task } = tasks.find(({ pid, comm }) => pid === thread.tid && comm === thread.comm)!;
  return compareStack(session, BigInt(task), thread.stack);
}

/** Our stack of a task and drgn's, down to where drgn loses its way or leaves the kernel; locals where drgn's were recorded. */
export function compareStack({ kernel }: Session, task: bigint, theirs: readonly DrgnFrame[]): Comparison {
  const stack = stackTrace(kernel, kernel.object("struct task_struct", task));
  const places = stack.frames.flatMap((frame) => frame.places().map((place) => ({ frame, place })));
  const differences: string[] = [];
  let [lines, inModules, variables, values, inferred] = [0, 0, 0, 0, 0];
  for (const [i, { name, file, line, inline, locals }] of theirs.entries()) {
    const at = places[i];
    if (!at || at.place.function !== name) continue;
    const { source, inlined, module } = at.place;
    lines++;
    if (module !== undefined) inModules++;
    if (source?.file !== file || source?.line !== line || inlined !== inline)
      differences.push(`${name}: drgn: ${file}:${line} ${inline}, ours: ${source?.file}:${source?.line} ${inlined}`);
    if (!locals) continue;
    const ours = new Map(frameVariables(kernel, at.frame, at.place).map((variable) => [variable.name, variable]));
    for (const variable of new Set([...Object.keys(locals), ...ours.keys()])) {
      variables++;
      const own = ours.get(variable);
      if (own?.inferred) inferred++;
      else values += leaves(locals[variable]?.value ?? "").length;
      const what = difference(locals[variable], own);
      if (what !== undefined) differences.push(`${name} ${variable}: ${what}`);
    }
  }
  return { places, lines, inModules, variables, values, inferred, differences };
}

/** `(struct file *)0xffff8d1f04ea7f00`, `(int)-3`, `(char [8])"init"`, `(enum pid_type)PIDTYPE_PID`, in drgn's words. */
const SCALAR = /^\((?:[^()]|\([^()]*\))*\)(?:[\w.$]+\+0x\w+ = )?("(?:[^"\\]|\\.)*"|-?\w+)/;

interface Leaf {
  /** From the variable: `f_path.dentry`, `[0].gp_offset`; empty for the variable itself. */
  readonly path: readonly (string | number)[];
  readonly value: string;
}

/** The scalars of a value as drgn prints it; of one that was cut off at 200 characters those that are whole. */
export function leaves(text: string): Leaf[] {
  const found: Leaf[] = [];
  const path: (string | number)[] = [];
  for (const line of (text.length >= 200 ? text.slice(0, text.lastIndexOf("\n")) : text).split("\n")) {
    const [, member, rest = ""] = /^\t*(?:\.(\w+) = )?(.*?),?$/.exec(line) ?? [];
    const value = SCALAR.exec(rest)?.[1];
    if (rest === "}") path.pop();
    else if (value !== undefined) found.push({ path: member === undefined ? [...path] : [...path, member], value });
    // What is all zeros is left out: `(struct hlist_head [9]){}`.
    else if (rest.endsWith("{")) path.push(member ?? (path.length > 0 || !rest.startsWith("(") ? 0 : ""));
  }
  return found.map(({ path: steps, value }) => ({ path: steps.filter((step) => step !== ""), value }));
}

const reach = (object: Obj, path: Leaf["path"]): Obj =>
  path.reduce<Obj>((at, step) => (typeof step === "number" ? at.index(step) : at.at(step)), object);

/** What a leaf is when it is not what drgn has there. */
function wrongLeaf(ours: Obj, { path, value }: Leaf): string | undefined {
  const found = attempt(() => {
    const object = reach(ours, path);
    if (!/^-?(?:0x[0-9a-f]+|\d+)$/.test(value)) return summary(object);
    const number = value.startsWith("-") ? -BigInt(value.slice(1)) : BigInt(value);
    return BigInt.asUintN(64, object.value()) === BigInt.asUintN(64, number) ? value : `${object.value()}`;
  });
  const shown = found instanceof Fault ? found.message : found;
  return shown === value ? undefined : `drgn: ${path.join(".")} ${value}, ours: ${shown}`;
}

/** What drgn says of a variable and what we say, when they are not the same. */
function difference(
  theirs: { value?: string | null; error?: string } | undefined,
  ours: FrameVariable | undefined,
): string | undefined {
  if (!theirs || !ours) return theirs ? "only drgn has it" : "only we have it";
  const { value } = ours;
  const absent = theirs.value === null || theirs.value === undefined;
  if (absent || value instanceof Fault) {
    if (absent && (value instanceof Fault || ours.inferred)) return undefined;
    return `drgn: ${theirs.value ?? theirs.error ?? "absent"}, ours: ${value instanceof Fault ? value.message : "present"}`;
  }
  for (const leaf of leaves(theirs.value ?? "")) {
    const what = wrongLeaf(value, leaf);
    if (what !== undefined) return what;
  }
  return undefined;
}
