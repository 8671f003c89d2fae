/** The scripted agent with all tools: it says what the verdict says. */
import type { Finding } from "../truth.ts";
import type { Conclusion } from "./agent.ts";
import type { Connection } from "./connection.ts";

/** Reads the verdict to its end. */
export async function concludeWithVerdict(connection: Connection, path: string): Promise<Conclusion> {
  const opened = await connection.ask("open_dump", { path });
  const { kind } = opened?.data[0] as { readonly kind: string | null };
  const findings: Finding[] = [];
  for (let offset: number | null = 0; offset !== null;) {
    const answer = await connection.ask("verdict", { evidence: false, offset });
    findings.push(...((answer?.data ?? []) as readonly Finding[]).filter(({ id }) => id !== "unchecked"));
    offset = answer?.next ?? null;
  }
  return { kind: kind ?? "none", findings };
}
