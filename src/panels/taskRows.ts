/** The rows of the page of tasks: in the order of `ps`, by parent and by stack. It does not use the DOM. */
import { demangleRustIn } from "../base/rust/demangle.ts";
import type { TaskStack } from "../protocol/custom.ts";
import type { Grid, GridCell, GridColumn } from "../protocol/grid.ts";
import type { PageKeys } from "../protocol/records.ts";
import { recordsOf } from "./memoryParts.ts";
import { type GroupHeading, headingText, type OutlinePosition } from "./outline.ts";
import { cellText, type GridRow } from "./rows.ts";
import { isLockType, type WaitKey, type WaitRecord } from "./waits/waitsModel.ts";

type TaskColumn = PageKeys["ps"] | "function" | "sinceLastRun" | "waitsFor";

export const COLUMNS: readonly (GridColumn & { readonly name: TaskColumn })[] = [
  { name: "pid", kind: "number" },
  { name: "comm", kind: "text" },
  { name: "state", kind: "text" },
  { name: "cpu", kind: "number" },
  { name: "function", kind: "symbol" },
  { name: "waitsFor", kind: "text" },
  { name: "sinceLastRun", kind: "number", unit: "seconds" },
  { name: "rss", kind: "number", unit: "bytes" },
  { name: "ppid", kind: "number" },
  { name: "task", kind: "task" },
  { name: "running", kind: "text" },
];
const at = (name: TaskColumn): number => COLUMNS.findIndex((column) => column.name === name);
const [PID, COMM, PPID, TASK] = [at("pid"), at("comm"), at("ppid"), at("task")];
export const FUNCTION = at("function");
export const WAITS_FOR = at("waitsFor");

/** Returns the address of a row's `task_struct`. */
export const taskOf = (row: GridRow): string => cellText(row[TASK] ?? null);

/**
 * Rows of all tasks, in the order of `ps`.
 * @param ps `ps`
 * @param waits `waits`: what blocked tasks wait for, and who holds it
 * @param lastRun `ps -l`: how long ago a task got its CPU, which for one that sleeps is how long it has slept at most
 */
export function taskRows(
  ps: Grid,
  { lastRun, waits }: { readonly lastRun?: Grid | undefined; readonly waits?: Grid | undefined },
  stacks: ReadonlyMap<string, TaskStack>,
): GridRow[] {
  const waiting = new Map<GridCell, GridCell>();
  for (const record of waits?.tables.flatMap(recordsOf<WaitKey>) ?? [])
    waiting.set(record.get("task") ?? null, waitText(record));
  const ago = new Map<GridCell, GridCell>();
  for (const record of lastRun?.tables.flatMap(recordsOf<PageKeys["ps -l"]>) ?? []) {
    ago.set(record.get("task") ?? null, seconds(record.get("ago_ns") ?? null));
  }
  return ps.tables.flatMap(recordsOf<TaskColumn>).map((record) => {
    const task = record.get("task") ?? null;
    const known = new Map<TaskColumn, GridCell>([
      ["waitsFor", waiting.get(task) ?? null],
      ["sinceLastRun", ago.get(task) ?? null],
      ["running", record.get("running") === true ? true : null],
      ["function", functionOf(stacks.get(cellText(task)))],
    ]);
    return COLUMNS.map(({ name }) => (known.has(name) ? (known.get(name) ?? null) : (record.get(name) ?? null)));
  });
}

/**
 * Returns a resource with its holder: `mutex inode_lock, possibly held by bash [279]`. Without a known holder, and for
 * what is no lock, the text of the command follows: `its vfork child: sh [12]`.
 */
function waitText(record: WaitRecord): GridCell {
  const [what, who] = [record.get("waitsFor") ?? null, record.get("heldBy") ?? null];
  if (typeof what !== "string" || typeof who !== "string") return what;
  const isHeld =
    isLockType(cellText(record.get("type") ?? null)) && cellText(record.get("holders.task") ?? null) !== "";
  if (!isHeld) return `${what}: ${who}`;
  const [, doubt = "", holder = who] = /^(likely |possibly )(.*)$/s.exec(who) ?? [];
  return `${what}, ${doubt}held by ${holder}`;
}

const seconds = (cell: GridCell): GridCell => {
  if (cell === null || typeof cell === "object") return cell;
  const nanoseconds = Number(cell);
  return Number.isFinite(nanoseconds) ? nanoseconds / 1e9 : null;
};

function functionOf(stack: TaskStack | undefined): GridCell {
  if (!stack) return null;
  return (
    stack.frames[stack.at] ??
    (stack.fault === undefined ? null : { fault: "unknown", address: null, message: stack.fault })
  );
}

/** Rows and their positions in the outline. `keys` names each row that can be opened; it is "" for the others. */
export interface Outlined {
  readonly rows: readonly GridRow[];
  readonly outline: readonly OutlinePosition[];
  readonly keys: readonly string[];
}

/**
 * Returns tasks below their parents. The ancestors of a task that passes the filter are always shown.
 *
 * @param rows in the order of siblings
 * @param closed keys of rows whose children are not shown
 */
export function treeOf(
  rows: readonly GridRow[],
  isWanted: (row: GridRow) => boolean,
  closed: ReadonlySet<string>,
): Outlined {
  const byPid = new Map<GridCell, GridRow>();
  for (const row of rows) if (!byPid.has(row[PID] ?? null)) byPid.set(row[PID] ?? null, row);
  const parentOf = (row: GridRow): GridRow | undefined => {
    const parent = byPid.get(row[PPID] ?? null);
    return parent === row || row[PID] === 0 ? undefined : parent;
  };
  const wanted = new Set<GridRow>();
  for (const row of rows.filter(isWanted)) {
    // Stops at tasks that are included already, which also ends a loop of parents.
    for (let one: GridRow | undefined = row; one && !wanted.has(one); one = parentOf(one)) wanted.add(one);
  }
  const children = new Map<GridRow | undefined, GridRow[]>();
  for (const row of rows) {
    if (!wanted.has(row)) continue;
    const parent = parentOf(row);
    children.set(parent, [...(children.get(parent) ?? []), row]);
  }
  return unfold(children, closed);
}

function unfold(children: ReadonlyMap<GridRow | undefined, readonly GridRow[]>, closed: ReadonlySet<string>): Outlined {
  const [rows, outline, keys]: [GridRow[], OutlinePosition[], string[]] = [[], [], []];
  // Parents in a loop, which only a damaged dump has, are not shown, because no root leads to them.
  const waiting = (children.get(undefined) ?? []).map((row) => ({ row, depth: 0 })).reverse();
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { row, depth } = next;
    const below = children.get(row) ?? [];
    const isOpen = !closed.has(taskOf(row));
    rows.push(row);
    keys.push(below.length > 0 ? taskOf(row) : "");
    outline.push({ depth, open: below.length > 0 ? isOpen : undefined });
    if (isOpen) for (const child of below.toReversed()) waiting.push({ row: child, depth: depth + 1 });
  }
  return { rows, outline, keys };
}

/** Maximum number of functions in a group's row. The tooltip has the others. */
const SHOWN_FUNCTIONS = 5;

/** How tasks are grouped: by what the members of a group share, and what the row of a group says of that. */
interface Grouping {
  /** Returns the key of a task's group, which is not empty. */
  readonly key: (row: GridRow, stack: TaskStack) => string;
  readonly heading: (row: GridRow, stack: TaskStack) => Omit<GroupHeading, "members">;
  /** Whether a group comes before the others, whatever their size. */
  readonly isFirst: (row: GridRow) => boolean;
}

const BY_STACK: Grouping = {
  key: (_row, stack) => stack.frames.join(" ") || `<${stack.fault ?? ""}>`,
  heading: (_row, stack) => callers(stack),
  isFirst: () => false,
};

const BY_WAIT: Grouping = {
  key: (row) => `${waitFunction(row)} ${cellText(row[WAITS_FOR] ?? null)}`,
  heading: (row) => {
    const waitsFor = cellText(row[WAITS_FOR] ?? null);
    return { name: waitFunction(row), more: waitsFor === "" ? "" : `, waits for ${waitsFor}` };
  },
  isFirst: (row) => cellText(row[WAITS_FOR] ?? null) !== "",
};

/** Returns tasks below the stack that they share. The stack with most tasks comes first. */
export const groupsOf = (
  rows: readonly GridRow[],
  stacks: ReadonlyMap<string, TaskStack>,
  opened: ReadonlySet<string>,
): Outlined => grouped(rows, stacks, opened, BY_STACK);

/**
 * Returns tasks below the function in which they wait and the resource for which they wait. Groups whose resource is
 * known come first.
 */
export const waitGroupsOf = (
  rows: readonly GridRow[],
  stacks: ReadonlyMap<string, TaskStack>,
  opened: ReadonlySet<string>,
): Outlined => grouped(rows, stacks, opened, BY_WAIT);

/**
 * Returns tasks below their groups. The key of the group whose stacks are not read yet is "". @param opened keys of the
 * groups whose tasks are shown
 */
function grouped(
  rows: readonly GridRow[],
  stacks: ReadonlyMap<string, TaskStack>,
  opened: ReadonlySet<string>,
  by: Grouping,
): Outlined {
  const groups = new Map<string, GridRow[]>();
  for (const row of rows) {
    const stack = stacks.get(taskOf(row));
    const key = stack ? by.key(row, stack) : "";
    const members = groups.get(key);
    if (members) members.push(row);
    else groups.set(key, [row]);
  }
  const result: { rows: GridRow[]; outline: OutlinePosition[]; keys: string[] } = { rows: [], outline: [], keys: [] };
  /** Groups that are first, then the largest; tasks whose stack is not read yet are last. */
  const rank = ([key, members]: [string, GridRow[]]): number => (key === "" ? 2 : by.isFirst(members[0] ?? []) ? 0 : 1);
  const ordered = [...groups].sort((a, b) => rank(a) - rank(b) || b[1].length - a[1].length);
  for (const [key, members] of ordered) {
    const [first = []] = members;
    const stack = stacks.get(taskOf(first));
    const of = stack ? by.heading(first, stack) : { name: "not read yet", more: "" };
    const heading: GroupHeading = { members: groupName(members), ...of };
    result.rows.push(COLUMNS.map(({ name }) => (name === "function" ? headingText(heading) : null)));
    const detail = stack?.frames.join("\n") ?? "";
    result.outline.push({ depth: 0, open: opened.has(key), heading, ...(detail === "" ? {} : { detail }) });
    result.keys.push(key);
    for (const row of opened.has(key) ? members : []) {
      result.rows.push(row);
      result.outline.push({ depth: 1, open: undefined });
      result.keys.push("");
    }
  }
  return result;
}

/** Returns the function of a row without its offset, or why the stack is not readable. */
const waitFunction = (row: GridRow): string =>
  demangleRustIn(cellText(row[FUNCTION] ?? null).replace(/\+0x[0-9a-f]+$/, "")) || "no frames";

function groupName(members: readonly GridRow[]): string {
  const [first] = members;
  return members.length > 1
    ? `${members.length} tasks`
    : `${cellText(first?.[COMM] ?? null)} [${cellText(first?.[PID] ?? null)}]`;
}

/** Returns `do_nanosleep ← hrtimer_nanosleep ← ...`, beginning with the function that says what the task waits for. */
function callers({ frames, at: start, fault }: TaskStack): Omit<GroupHeading, "members"> {
  if (frames.length === 0) return { name: `<${fault ?? "no frames"}>`, more: "" };
  const names = frames.slice(start).map((frame) => demangleRustIn(frame.replace(/\+0x[0-9a-f]+$/, "")));
  const rest = names.length > SHOWN_FUNCTIONS ? [`… ${names.length - SHOWN_FUNCTIONS} more`] : [];
  const [name = "", ...more] = [...names.slice(0, SHOWN_FUNCTIONS), ...rest];
  return { name, more: more.map((one) => ` ← ${one}`).join("") };
}
