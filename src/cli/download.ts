/** Downloads debuginfo for the terminal, with progress on stderr. */
import { printable } from "../base/printable.ts";
import { cacheOf } from "../session/find/debuginfoPlaces.ts";
import { debuginfodOptions } from "../session/fetch/debuginfod.ts";
import { drive } from "../base/job.ts";
import { fetchMissing, type Missing, type missingModules } from "../session/find/missingDebuginfo.ts";
import { ProgressLine } from "./progress.ts";

/** Whether DEBUGINFOD_URLS names servers. */
export const hasServers = (): boolean => debuginfodOptions(process.env, "").urls.length > 0;

/**
 * Downloads debuginfo from the servers of DEBUGINFOD_URLS, if any. Prints progress and failures on stderr. Ctrl-C
 * cancels the downloads, not the program. @returns number of downloaded files
 */
export async function download(missing: readonly Missing[]): Promise<number> {
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  process.on("SIGINT", cancel);
  const progress = new ProgressLine();
  try {
    const options = { ...debuginfodOptions(process.env, cacheOf(process.env)), signal: abort.signal };
    const { names, remarks } = await fetchMissing(missing, options, (name, done, total = 0) =>
      progress.show({ kind: "progress", what: `fetching the debuginfo of ${name}`, done, total }),
    );
    progress.clear();
    for (const remark of remarks) process.stderr.write(`vmcore-debug: ${printable(remark)}\n`);
    return names.length;
  } finally {
    process.off("SIGINT", cancel);
  }
}

/** Runs the search for missing debuginfo, with progress on stderr. */
export async function runSearch(job: ReturnType<typeof missingModules>): Promise<readonly Missing[]> {
  const line = new ProgressLine();
  try {
    return await drive(job, new AbortController().signal, { onStep: (step) => line.show(step) });
  } finally {
    line.clear();
  }
}
