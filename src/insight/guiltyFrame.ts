/** Finds the guilty function of a crash, and computes a key that groups crashes of the same bug. */
import { guiltyAmong } from "../log/guilty.ts";
import type { ReportKind } from "../log/kinds.ts";
import { mechanismOf } from "./mechanisms.ts";
import { ANCHORS, isMachinery, withoutWrapper } from "../log/machinery.ts";
import { plainName } from "../log/place.ts";
import type { Frame } from "../unwind/frame.ts";
import { asLogFrame, type CrashFacts, functionOf } from "./crashFacts.ts";
import { isStackFull, stackDepth } from "./stackDepth.ts";

/** The guilty function of a crash, and where it is named. */
export interface GuiltyFrame {
  /** Source name of the function, without compiler suffixes. */
  readonly function: string;
  readonly module: string | undefined;
  /** The frame of the function; undefined if only the log names the function. */
  readonly frame: Frame | undefined;
  /** Index of the frame in the crash's frames. */
  readonly index: number | undefined;
  /** Line of the log that names the function. */
  readonly line: number | undefined;
}

/**
 * Returns the guilty function; undefined without a report, or if neither the stack nor the report names one. The rules
 * of `log/` are applied to the unwound stack and to the report that the kernel printed. If the two differ, the report's
 * function is used if it is on the stack.
 */
export function guiltyFrame(crash: CrashFacts): GuiltyFrame | undefined {
  const { report, frames, panic } = crash;
  if (!report) return undefined;
  const { row } = report.report.headline;
  // Functions that call themselves have not filled a stack that is not full.
  if (isEndOverwritten(crash)) return callerOfScheduler(crash);
  const recursing = STACKS.has(row.kind) ? recursion(frames) : undefined;
  if (recursing) return onStack(frames, recursing.index, recursing.name, undefined);
  const logged = report.guilty;
  const name = logged?.place.name === undefined ? undefined : plainName(logged.place.name);
  const index = frames.findIndex((frame) => functionOf(frame) === name);
  if (name !== undefined && index >= 0) return onStack(frames, index, name, logged?.at);
  // A slab report prints the allocation and free stacks of the object before the stack of the faulting task, and the
  // log parser cannot tell which is which. The line of a panic names no function: the function that called panic() is
  // the first on the stack.
  const isByStack = row.kind === "slab" || (row.kind === "panic" && mechanismOf(row.kind, panic?.text) === "panic");
  const found = guiltyAmong(frames.map(asLogFrame), isByStack ? { ...row, guilty: "trace" } : row).frame;
  const own = found && frames[found.at] && functionOf(frames[found.at] as Frame);
  if (found && own !== undefined) return onStack(frames, found.at, own, undefined);
  return name === undefined
    ? undefined
    : { function: name, module: logged?.place.module, frame: undefined, index: undefined, line: logged?.at };
}

/** Returns whether the scheduler found the end of a stack overwritten: by an overflow, or by something else. */
export const isStackEnd = ({ report }: CrashFacts): boolean =>
  report?.kind === "stack-overflow" && /corrupted stack end/.test(report.headline);

/** Returns whether the scheduler found the end of a stack overwritten whose frames do not fill it. */
function isEndOverwritten(crash: CrashFacts): boolean {
  const depth = stackDepth(crash);
  return isStackEnd(crash) && crash.task !== undefined && depth !== undefined && !isStackFull(crash.task.kernel, depth);
}

/**
 * Returns the function that called the scheduler, which found the end of the stack overwritten: no function of a stack
 * that is not full is known to have overwritten it.
 */
function callerOfScheduler({ report, frames }: CrashFacts): GuiltyFrame | undefined {
  const row = report?.report.headline.row;
  const found = row && guiltyAmong(frames.map(asLogFrame), { ...row, kind: "atomic-schedule", guilty: "trace" }).frame;
  const name = found && frames[found.at] && functionOf(frames[found.at] as Frame);
  return found && name !== undefined ? onStack(frames, found.at, name, undefined) : undefined;
}

/** Kinds for which the function that filled the stack is the guilty one. */
const STACKS: ReadonlySet<ReportKind> = new Set(["stack-guard", "stack-overflow"]);
/**
 * Minimum number of frames of one function that count as a recursion. Some functions call themselves once by design.
 */
const MIN_CALLS = 4;

/**
 * Returns the function that recurses, and the index of its first frame. Functions that call each other have about as many
 * frames each: of those, one of a module is taken, because the kernel's own call whatever is registered with them.
 */
function recursion(frames: readonly Frame[]): { readonly name: string; readonly index: number } | undefined {
  const counts = new Map<string, number>();
  for (const frame of frames) {
    const name = functionOf(frame);
    if (name !== undefined) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  if (!most || most[1] < MIN_CALLS) return undefined;
  const partners = new Set([...counts].filter(([, count]) => count >= most[1] - 1).map(([name]) => name));
  const own = frames.find((frame) => partners.has(functionOf(frame) ?? "") && frame.symbol?.module !== undefined);
  const name = (own && functionOf(own)) ?? most[0];
  return { name, index: frames.findIndex((frame) => functionOf(frame) === name) };
}

/** Returns the function that recurses on a stack that is full; undefined if none does. */
export const recursingFunction = (frames: readonly Frame[]): string | undefined => recursion(frames)?.name;

const onStack = (frames: readonly Frame[], index: number, name: string, line: number | undefined): GuiltyFrame => ({
  function: name,
  module: frames[index]?.symbol?.module,
  frame: frames[index],
  index,
  line,
});

/** Functions that call registered callbacks, so that their names do not identify a bug. */
const STARTS = /^do_one_initcall$|^do_init_module$|_handler$|^ret_from|^entry_/;

/** Maximum number of functions in a key. */
const MAX_KEY = 3;

/**
 * Returns a key that is equal for the same bug on other machines and builds: the kind, and the first functions from the
 * guilty one outwards that are not machinery, up to where the kernel dispatches to registered callbacks.
 */
export function crashKey(crash: CrashFacts): string {
  const { kind, frames } = crash;
  const guilty = guiltyFrame(crash);
  const names = guilty ? [guilty.function] : [];
  const outer = guilty?.index === undefined ? [] : frames.slice(guilty.index + 1);
  for (const frame of outer) {
    const name = functionOf(frame);
    if (names.length >= MAX_KEY || name === undefined || ANCHORS.test(name) || STARTS.test(name)) break;
    if ((kind === undefined || !isMachinery(name, kind)) && !names.includes(name)) names.push(name);
  }
  return [kind ?? "none", ...names.map(withoutWrapper)].join(":");
}
