/** How the scripted agent explains a stall: it follows the reported task to what it waits for, and to who holds that. */
import type { Certainty, Finding } from "../truth.ts";
import type { Connection } from "./connection.ts";
import { finding } from "./finding.ts";

/** A row of `waits`. */
interface Wait {
  readonly pid: number;
  readonly task: string;
  readonly resource: string | null;
  readonly holders: readonly {
    readonly pid: number;
    readonly task: string;
    readonly certainty: Certainty;
    readonly activity: string;
  }[];
  readonly chain: readonly number[];
  readonly cycle: readonly number[] | null;
}

/** @param pid the task that the report is about; undefined if it names none */
export async function waiting(connection: Connection, pid: number | undefined): Promise<Finding[]> {
  const rows = ((await connection.ask("waits"))?.data ?? []) as readonly Wait[];
  const reported = rows.find((one) => one.pid === pid);
  // Other tasks that wait are bystanders, unless they wait for the same.
  const concerned = new Set([pid, ...(reported?.chain ?? []), ...rows.flatMap(({ cycle }) => cycle ?? [])]);
  const isConcerned = (row: Wait): boolean => concerned.has(row.pid) || row.resource === reported?.resource;
  const found: Finding[] = [];
  const seen = new Set<string>();
  for (const row of rows.filter(isConcerned)) {
    const { resource, task, holders } = row;
    if (resource === null || seen.has(resource)) continue;
    seen.add(resource);
    for (const holder of holders) {
      if (holder.activity === "dead") {
        found.push(finding("wait.owner-exited", { resource, pid: holder.pid }, holder.certainty));
        continue;
      }
      const isHeld = await connection.holds({ waits: { task, owner: holder.task } });
      if (isHeld || holder.certainty !== "certain")
        found.push(finding("wait.owner", { resource, pid: holder.pid }, holder.certainty));
    }
  }
  const cycles = new Map(
    rows.flatMap(({ cycle }) => (cycle ? [[[...cycle].sort((a, b) => a - b).join(), cycle] as const] : [])),
  );
  for (const cycle of cycles.values()) found.push(finding("wait.cycle", { pids: cycle }));
  return found;
}
