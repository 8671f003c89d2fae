/** Compares the stacks of sleeping tasks with those that the kernel printed. */
import { execFileSync } from "node:child_process";
import { type Cell, limited } from "./cell.ts";
import { CHANGING, type PrintedTask } from "./reference.ts";

export interface Stack {
  readonly pid: number;
  readonly comm: string;
  readonly state: string;
  readonly frames: readonly { readonly function: string | null; readonly inlined: boolean }[];
  readonly error: { readonly message: string } | null;
}
/** Labels inside of entry code, by which the kernel's table of symbols names its place; a vmlinux has the function. */
const ENTRY_LABELS: Readonly<Record<string, string>> = {
  slow_work_pending: "ret_fast_syscall",
  syscall_common: "handle_sys64",
};
/** Names of one function: parts that the compiler splits off, and the kernel's wrappers of a system call. */
function bare(name: string): string {
  const whole = name
    .replace(/\.(cold|part|constprop|isra|llvm)[.\d]*/g, "")
    .replace(/^(__se_sys_|__(ia32|riscv|riscv_compat|s390x?|arm64|x64|powerpc|do)_sys_)/, "sys_")
    .replace(/^(entry_\w+?)_after_hwframe$/, "$1");
  return ENTRY_LABELS[whole] ?? whole;
}

/** Addresses of each function by name: functions of the same code share one, and one name can have several. */
function addressesByName(vmlinux: string | undefined): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  if (vmlinux === undefined) return found;
  const listed = execFileSync("nm", [vmlinux], { encoding: "utf8", maxBuffer: 1 << 28 });
  for (const [, address = "", name = ""] of listed.matchAll(/^([\da-f]+) [tTwW] (\S+)$/gm)) {
    const key = bare(name);
    found.set(key, (found.get(key) ?? new Set()).add(address));
  }
  return found;
}

/** What entry code calls on LoongArch. The kernel's unwinder knows no frame beyond it, and guesses from there on. */
const LAST_KNOWN = "do_syscall";

/** Functions of a printed stack that the kernel has not guessed. */
function known(functions: readonly string[]): readonly string[] {
  const last = functions.indexOf(LAST_KNOWN);
  return last < 0 ? functions : functions.slice(0, last + 1);
}

/** When tasks last began to run, in seconds since the boot. */
export const lastRuns = (rows: readonly { pid: number; lastRun_ns: string }[]): ReadonlyMap<number, number> =>
  new Map(rows.map((row) => [row.pid, Number(row.lastRun_ns) / 1e9]));

export function stacksCell(
  stacks: readonly Stack[],
  printed: readonly PrintedTask[],
  vmlinux: string | undefined,
  runs: ReadonlyMap<number, number>,
): Cell {
  const addresses = addressesByName(vmlinux);
  const isAlias = (a: string, b: string): boolean =>
    a === b || [...(addresses.get(a) ?? [])].some((address) => addresses.get(b)?.has(address));
  const ours = new Map(stacks.map((one) => [`${one.pid} ${one.comm}`, one]));
  const differences: string[] = [];
  let compared = 0;
  for (const task of printed) {
    const stack = ours.get(`${task.pid} ${task.comm}`);
    // A running task goes on after its stack was printed, and so does one that another process wakes.
    if (stack === undefined || task.state === "R" || task.functions.length === 0 || CHANGING.has(task.comm)) continue;
    const theirs = known(task.functions).map(bare);
    const real = stack.frames.filter((frame) => !frame.inlined).map((frame) => bare(frame.function ?? "?"));
    const mine = real.slice(Math.max(real.indexOf(theirs[0]!), 0));
    if (task.isCutBeforeEntry) mine.pop();
    // The kernel of some machines prints no frame for the entry code.
    const isSame = [0, 1].includes(mine.length - theirs.length) && theirs.every((name, at) => isAlias(name, mine[at]!));
    const hasRun = (runs.get(task.pid) ?? 0) > task.printedAt;
    if (!isSame && hasRun) continue;
    compared++;
    if (!isSame) differences.push(`${task.comm} [${task.pid}]: kernel ${theirs.join(" ")}; ours ${mine.join(" ")} ${stack.error?.message ?? ""}`); // prettier-ignore
  }
  const faulty = stacks.filter((one) => one.error !== null && !/exited/.test(one.error.message));
  return limited(compared + faulty.length, [...differences, ...faulty.map((one) => `${one.comm} [${one.pid}]: ${one.error!.message}`)]); // prettier-ignore
}
