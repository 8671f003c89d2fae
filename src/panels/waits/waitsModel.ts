/** Tasks and the resources they wait for, as nodes of a graph. It does not use the DOM. */
import type { Grid, GridCell } from "../../protocol/grid.ts";
import type { PageKeys } from "../../protocol/records.ts";
import type { VerdictCertainty as Certainty } from "../../protocol/verdict.ts";
import { recordsOf } from "../memoryParts.ts";

/** Columns of a row, including those of one holder, because the command prints a row for each holder. */
export type WaitKey =
  PageKeys["waits"] | "holders.task" | "holders.pid" | "holders.comm" | "certainty" | "how" | "activity";
export type WaitRecord = ReadonlyMap<WaitKey, GridCell>;

export interface TaskNode {
  readonly kind: "task";
  /** Address of the `task_struct` of the task, which identifies the node. */
  readonly key: string;
  readonly name: string;
  /** The text below the name of the task: "UN, last ran 12.1 s ago", or the activity of a holder, such as "running". */
  readonly state: string;
  /** Key of the resource that the task waits for. */
  readonly waitsFor: string | undefined;
  readonly inCycle: boolean;
}

export interface ResourceNode {
  readonly kind: "resource";
  readonly key: string;
  readonly name: string;
  /** The text below the name of a resource without known holders: that it is free, a note, or why its holder is not known. */
  readonly state: string;
  readonly address: string | undefined;
  readonly holders: readonly Holder[];
  /** Whether the resource is a lock, which tasks hold; the waiters of other resources depend on a task instead. */
  readonly isLock: boolean;
  readonly inCycle: boolean;
}

export interface Holder {
  /** Key of the holder's node. */
  readonly task: string;
  readonly certainty: Certainty;
  readonly how: string;
}

export interface Cycle {
  /** Keys of the tasks of the cycle; each waits for the next. */
  readonly tasks: readonly string[];
  /** "certain" if each lock names its holder; otherwise the certainty of the least certain holder. */
  readonly certainty: Certainty;
}

export interface WaitsModel {
  readonly tasks: ReadonlyMap<string, TaskNode>;
  readonly resources: ReadonlyMap<string, ResourceNode>;
  readonly cycles: readonly Cycle[];
  /** Keys of the waiting tasks, in the order of the command. */
  readonly order: readonly string[];
}

/**
 * Tells whether a record of `waits` is about a lock, by its `type`. The kinds are those of LOCKS in
 * linux/locks/resource.ts, and the modes, such as `-read`, those of insight/waits/words.ts.
 */
export const isLockType = (type: string): boolean =>
  /^(mutex|rwsem|semaphore|rt_mutex|percpu_rwsem|spinlock|rwlock|file-lock)\b/.test(type);

/** Returns the model of the wait graph. @param grid the output of `waits` */
export function waitsModel(grid: Grid): WaitsModel {
  const records = grid.tables.flatMap(recordsOf<WaitKey>);
  const tasks = new Map<string, TaskNode>();
  const resources = new Map<string, ResourceNode>();
  const order: string[] = [];
  const byPid = new Map<string, string>();
  for (const record of records) {
    const key = text(record, "task");
    if (key === "") continue;
    byPid.set(text(record, "pid"), key);
    if (!tasks.has(key)) order.push(key);
    const resource = resourceOf(record, key);
    tasks.set(key, {
      kind: "task",
      key,
      name: `${text(record, "comm")} [${text(record, "pid")}]`,
      state: sleepText(record),
      waitsFor: resource?.key,
      inCycle: text(record, "cycle") !== "",
    });
    if (resource) resources.set(resource.key, merged(resources.get(resource.key), resource));
  }
  // Holders that do not wait for anything have no row of their own.
  for (const record of records) {
    const key = text(record, "holders.task");
    if (key === "" || tasks.has(key)) continue;
    const [pid, comm] = [text(record, "holders.pid"), text(record, "holders.comm")];
    const name = pid === "" ? key : `${comm} [${pid}]`;
    tasks.set(key, { kind: "task", key, name, state: text(record, "activity"), waitsFor: undefined, inCycle: false });
  }
  const cycles = cyclesOf(records, byPid).map((cycle): Cycle => ({ tasks: cycle, certainty: leastOf(cycle, tasks, resources) })); // prettier-ignore
  return { tasks, resources, order, cycles };
}

const text = (record: WaitRecord, key: WaitKey): string => {
  const cell = record.get(key) ?? null;
  return cell === null || typeof cell === "object" ? "" : String(cell);
};

/** Returns the state of a task: `UN, last ran 12.1 s ago`. */
function sleepText(record: WaitRecord): string {
  const ago = Number(text(record, "ago_ns"));
  const lastRan =
    text(record, "ago_ns") === "" || !Number.isFinite(ago) ? "" : `, last ran ${(ago / 1e9).toFixed(1)} s ago`;
  return `${text(record, "state")}${lastRan}`;
}

function resourceOf(record: WaitRecord, task: string): ResourceNode | undefined {
  const name = text(record, "waitsFor");
  if (name === "") return undefined;
  const address = text(record, "resource");
  const holder = text(record, "holders.task");
  const given = text(record, "certainty");
  const certainty = CERTAINTIES.find((one) => one === given) ?? "possible";
  const holders = holder === "" ? [] : [{ task: holder, certainty, how: text(record, "how") }];
  return {
    kind: "resource",
    // A resource without an address belongs to only one task.
    key: address === "" ? `of ${task}` : `${text(record, "type").replace(/-(read|write)$/, "")} ${address}`,
    name: name.replace(/ for (reading|writing)$/, ""),
    state: holders.length > 0 ? "" : text(record, "heldBy"),
    address: address === "" ? undefined : address,
    holders,
    isLock: isLockType(text(record, "type")),
    inCycle: text(record, "cycle") !== "",
  };
}

/** Returns a resource with the holders of several rows. */
function merged(known: ResourceNode | undefined, more: ResourceNode): ResourceNode {
  if (!known) return more;
  const holders = [
    ...known.holders,
    ...more.holders.filter(({ task }) => !known.holders.some((one) => one.task === task)),
  ];
  return { ...known, state: holders.length > 0 ? "" : known.state, holders, inCycle: known.inCycle || more.inCycle };
}

/** The least certain first. */
const CERTAINTIES: readonly Certainty[] = ["possible", "likely", "certain"];

/** Returns the certainty of the least certain holder in a cycle; "possible" if a holder is not in the output. */
function leastOf(cycle: readonly string[], tasks: WaitsModel["tasks"], resources: WaitsModel["resources"]): Certainty {
  const known = cycle.map((key, at) => {
    const resource = resources.get(tasks.get(key)?.waitsFor ?? "");
    const next = cycle[(at + 1) % cycle.length];
    return resource?.holders.find(({ task }) => task === next)?.certainty ?? "possible";
  });
  return CERTAINTIES.find((one) => known.includes(one)) ?? "possible";
}

/** Returns the keys of the tasks of each cycle. */
function cyclesOf(records: readonly WaitRecord[], byPid: ReadonlyMap<string, string>): string[][] {
  const cycles = new Set(records.map((record) => text(record, "cycle")).filter((cycle) => cycle !== ""));
  return [...cycles].map((cycle) => cycle.split(", ").flatMap((pid) => byPid.get(pid) ?? []));
}
