/** The background work of a session after the dump is open: remarks, caches, init commands, missing debuginfo. */
import { basename } from "node:path";
import { Cancelled, drive } from "../base/job.ts";
import type { Client } from "./client.ts";
import { openingCommands } from "./console.ts";
import type { Jobs } from "./jobs.ts";
import { fetchDebuginfo, serversOf } from "./lateDebuginfo.ts";
import { vmlinuxNotice } from "../session/find/missingDebuginfo.ts";
import type { Target } from "./target.ts";

/** The services of a session that background work uses. */
export interface BackgroundHost {
  readonly jobs: Jobs;
  client(): Client;
  /** Whether the session still shows this target. */
  isCurrent(target: Target): boolean;
  /** Reports an error of the adapter: a summary in the Debug Console, the stack in the trace log. */
  reportError(error: unknown): void;
}

/**
 * Runs after the first stop: prints remarks, fills caches, runs the user's init commands, fetches missing debuginfo.
 */
export async function afterStop(target: Target, host: BackgroundHost): Promise<void> {
  try {
    remark(host.client(), target.remarks());
    const notice = vmlinuxNotice(target.session);
    if (notice) host.client().output(`${notice.sentence}${notice.install === undefined ? "" : ` To install it: ${notice.install}`}\n`); // prettier-ignore
    await host.jobs.untilIdle();
    await makeReady(target, host);
    await drive(openingCommands(target), new AbortController().signal);
  } catch (error) {
    host.reportError(error);
  }
  await fetchMissing(target, host);
}

/** Fills the caches that the user's next requests need. */
export async function makeReady(target: Target, host: BackgroundHost): Promise<void> {
  void readArchive(target, host);
  await drive(target.warmUp(), new AbortController().signal);
}

/** Prints sentences in the Debug Console. The first one is "important", which VS Code shows as a notification too. */
function remark(client: Client, [first, ...others]: readonly string[]): void {
  if (first !== undefined) client.output(`${first}\n`, { category: "important" });
  for (const sentence of others) client.output(`${sentence}\n`);
}

/** Fetches missing debuginfo from the debuginfod servers that the user configured, if any. */
async function fetchMissing(target: Target, host: BackgroundHost): Promise<void> {
  const servers = serversOf(target.arguments);
  if (servers.urls.length === 0 || !host.isCurrent(target)) return;
  try {
    const { names, remarks } = await host.jobs.run("Fetching debuginfo", (signal, progress) =>
      drive(fetchDebuginfo(target, [], servers), signal, { onStep: (step) => progress.update(step) }),
    );
    const sentences = names.length > 0 ? [`Fetched the debuginfo of ${names.join(", ")}`, ...remarks] : remarks;
    remark(host.client(), sentences);
  } catch (error) {
    if (!(error instanceof Cancelled)) host.reportError(error);
  }
}

/** Reads the archive of kernel sources, if there is one; its sources are shown afterwards. */
async function readArchive(target: Target, host: BackgroundHost): Promise<void> {
  const path = target.wantedArchive;
  if (path === undefined) return;
  try {
    await host.jobs.run(`Reading ${basename(path)}`, (signal, progress) =>
      target.readArchive(path, {
        signal,
        onProgress: (done, total) => progress.update({ kind: "progress", what: "the archive", done, total }),
      }),
    );
    const { sourceRemark } = target;
    if (sourceRemark !== undefined) host.client().output(`${sourceRemark}\n`, { category: "important" });
  } catch (error) {
    if (!host.isCurrent(target)) return;
    const why = error instanceof Error ? error.message : String(error);
    host.client().output(`the sources in ${path} are not shown: ${why}\n`, { category: "important" });
  }
}
