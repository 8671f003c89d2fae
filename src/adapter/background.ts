/** What a session does of its own once a dump is open: it makes ready what the user will want next. */
import { basename } from "node:path";
import { Cancelled, drive } from "../base/job.ts";
import type { Client } from "./client.ts";
import { openingCommands } from "./console.ts";
import type { Jobs } from "./jobs.ts";
import { fetchDebuginfo, serversOf } from "./lateDebuginfo.ts";
import type { Target } from "./target.ts";

/** What background work needs of its session. */
export interface BackgroundHost {
  readonly jobs: Jobs;
  client(): Client;
  /** Whether the target is still the one in front. */
  isCurrent(target: Target): boolean;
  /** Says in the console what went wrong, and in the trace log where. */
  complain(error: unknown): void;
}

/** What follows the first stop: remarks, caches, the user's own commands, debuginfo that is missing. */
export async function afterStop(target: Target, host: BackgroundHost): Promise<void> {
  try {
    remark(host.client(), target.remarks());
    await host.jobs.quiet();
    await makeReady(target, host);
    await drive(openingCommands(target), new AbortController().signal);
  } catch (error) {
    host.complain(error);
  }
  await fetchMissing(target, host);
}

/** Reads what the user will want next. */
export async function makeReady(target: Target, host: BackgroundHost): Promise<void> {
  void readArchive(target, host);
  await drive(target.warmUp(), new AbortController().signal);
}

/** Says sentences in the console, the first also where it is seen: VS Code makes a toast of it. */
function remark(client: Client, [first, ...others]: readonly string[]): void {
  if (first !== undefined) client.output(`${first}\n`, { category: "important" });
  for (const sentence of others) client.output(`${sentence}\n`);
}

/** Fetches the debuginfo that is missing from the debuginfod servers that the user configured, if any. */
async function fetchMissing(target: Target, host: BackgroundHost): Promise<void> {
  const servers = serversOf(target.arguments);
  if (servers.urls.length === 0 || !host.isCurrent(target)) return;
  try {
    const { names, remarks } = await host.jobs.run("Fetching debuginfo", (signal, progress) =>
      drive(fetchDebuginfo(target, [], servers), signal, { onStep: (step) => progress.see(step) }),
    );
    const said = names.length > 0 ? [`debuginfod gave the debuginfo of ${names.join(", ")}`, ...remarks] : remarks;
    remark(host.client(), said);
  } catch (error) {
    if (!(error instanceof Cancelled)) host.complain(error);
  }
}

/** Sources that lie in an archive are shown once they are read. */
async function readArchive(target: Target, host: BackgroundHost): Promise<void> {
  const path = target.wantedArchive;
  if (path === undefined) return;
  try {
    await host.jobs.run(`Reading ${basename(path)}`, (signal, progress) =>
      target.readArchive(path, {
        signal,
        onProgress: (done, total) => progress.see({ kind: "progress", what: "the archive", done, total }),
      }),
    );
    const { sourceRemark } = target;
    if (sourceRemark !== undefined) host.client().output(`${sourceRemark}\n`, { category: "important" });
  } catch (error) {
    if (!host.isCurrent(target)) return;
    const why = error instanceof Error ? error.message : String(error);
    host.client().output(`${path}: its sources are not shown: ${why}\n`, { category: "important" });
  }
}
