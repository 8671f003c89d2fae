import { cacheOf } from "../session/debuginfoPlaces.ts";
import { debuginfodOptions, fetchDebuginfo } from "../session/debuginfod.ts";
import { ProgressLine } from "./progress.ts";

/** Debuginfo that this machine does not have. */
export interface Wanted {
  /** "vmlinux", or a module's name. */
  readonly name: string;
  readonly buildId: string | undefined;
}

/**
 * Asks the servers of DEBUGINFOD_URLS, if it names any; says on stderr how far it is and what it did not get. Ctrl-C
 * gives up the downloads, not the program.
 * @returns how many files the cache now has
 */
export async function download(wanted: readonly Wanted[]): Promise<number> {
  const options = debuginfodOptions(process.env, cacheOf(process.env));
  if (options.urls.length === 0) return 0;
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  process.on("SIGINT", cancel);
  let count = 0;
  try {
    for (const { name, buildId } of wanted) {
      if (buildId === undefined || abort.signal.aborted) continue;
      const progress = new ProgressLine();
      const what = `fetching the debuginfo of ${name}`;
      const onProgress = (done: number, total = 0): void => progress.show({ kind: "progress", what, done, total });
      const { path, remarks } = await fetchDebuginfo(buildId, { ...options, signal: abort.signal, onProgress });
      progress.clear();
      if (path !== undefined) count++;
      else process.stderr.write(`vmcore-debug: no debuginfo of ${name} from debuginfod: ${remarks.join("; ")}\n`);
    }
  } finally {
    process.off("SIGINT", cancel);
  }
  return count;
}
