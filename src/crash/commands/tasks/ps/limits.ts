/** Resource limits of tasks: `ps -r`. */
import type { Obj } from "../../../../model/object.ts";
import { TableLayout } from "../../../../render/layout.ts";
import { lazyRecord, type Json, type Piece } from "../../../../say/piece.ts";
import type { Column, Fields, Table } from "../../../../say/table.ts";
import { taskColumns, taskFacts, taskHeading } from "../../../say/taskHeading.ts";

/** RLIMIT_* by number (include/uapi/asm-generic/resource.h); a machine can number some otherwise. */
const LIMITS = [
  "CPU",
  "FSIZE",
  "DATA",
  "STACK",
  "CORE",
  "RSS",
  "NPROC",
  "NOFILE",
  "MEMLOCK",
  "AS",
  "LOCKS",
  "SIGPENDING",
  "MSGQUEUE",
  "NICE",
  "RTPRIO",
  "RTTIME",
];

const limitName = ({ task, index }: Limit): string => task.kernel.arch.resourceLimits?.[index] ?? LIMITS[index] ?? "";

interface Limit {
  readonly task: Obj;
  /** Index in `LIMITS`. */
  readonly index: number;
}

const column = (title: string, member: "rlim_cur" | "rlim_max"): Column<Limit> => ({
  kind: "integer",
  title,
  width: "(unlimited)".length,
  align: "center",
  value: ({ task, index }) => task.at(`signal.rlim[${index}].${member}`).value(),
  text: (value, { task }) => (isInfinity(task, value) ? "(unlimited)" : String(value)),
});

/** RLIM_INFINITY is all ones. */
const isInfinity = (task: Obj, value: bigint): boolean => value === (1n << BigInt(task.kernel.arch.wordSize * 8)) - 1n;

const limits: Table<Limit, "current" | "maximum"> = {
  gap: "   ",
  columns: { current: column("CURRENT", "rlim_cur"), maximum: column("MAXIMUM", "rlim_max") },
};

const shown: Table<Limit> = {
  gap: "   ",
  columns: {
    name: { kind: "text", title: "RLIMIT", width: 12, align: "right", value: limitName },
    ...limits.columns,
  },
};

/** The keys of a `ps -r` record in docs/json.md. */
export const limitsFields: Fields = {
  ...taskColumns,
  limits: {
    kind: "data",
    about: "by name of the limit; all bits set means unlimited",
    fields: Object.fromEntries(LIMITS.map((name) => [name, { kind: "data", fields: limits.columns }])),
  },
};

/** Yields the resource limits of each task. */
export function* tasksLimits(tasks: Iterable<Obj>): Generator<Piece, void, void> {
  for (const task of tasks) {
    const rows = LIMITS.map((_, index): Limit => ({ task, index }));
    const [layout, values] = [new TableLayout(task.kernel, shown), new TableLayout(task.kernel, limits)];
    const data = (): Json => ({
      ...taskFacts(task),
      limits: Object.fromEntries(rows.map((row): [string, Json] => [limitName(row), values.data(row)])),
    });
    yield lazyRecord(
      data,
      () => [taskHeading(task), layout.headingLine(), ...rows.map((row) => layout.line(row)), []],
      { fields: limitsFields },
    );
  }
}
