/** Runs the scripted agent on a dump, with all tools or without those that conclude by themselves. */
import { type Conclusion, conclude } from "./agent.ts";
import { type Call, Connection, type Limits } from "./connection.ts";
import { concludeWithVerdict } from "./withVerdict.ts";

/** "verdict": all tools; "hands": without `verdict` and `run`. */
export type Mode = "verdict" | "hands";

/** Maximum number of calls without `verdict` and `run`. */
export const MAX_CALLS = 20;

const LIMITS: Readonly<Record<Mode, Limits>> = {
  verdict: { calls: 100, withheld: [] },
  hands: { calls: MAX_CALLS, withheld: ["verdict", "run"] },
};

/** How an agent worked and what it says. */
export interface Investigation {
  readonly conclusion: Conclusion;
  readonly calls: readonly Call[];
  readonly bytes: number;
}

/** Lets an agent find out why the kernel of a dump stopped. */
export async function investigate(vmcore: string, mode: Mode): Promise<Investigation> {
  const connection = await Connection.open(["--no-search", vmcore], LIMITS[mode]);
  try {
    const conclusion = await (mode === "hands" ? conclude : concludeWithVerdict)(connection, vmcore);
    return { conclusion, calls: connection.calls, bytes: connection.bytes };
  } finally {
    await connection.close();
  }
}
