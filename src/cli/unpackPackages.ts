/** Unpacks packages for the terminal, with progress on stderr. */
import { basename } from "node:path";
import { printable } from "../base/printable.ts";
import { storeOf } from "../session/find/debuginfoPlaces.ts";
import type { OpenOptions } from "../session/open/open.ts";
import { hasPackages, withoutPackages } from "../session/fetch/packages.ts";
import { ProgressLine } from "./progress.ts";

/**
 * Replaces packages that are named, or are next to the dump, by the files in them. Prints progress on stderr. Ctrl-C
 * cancels the unpacking, not the program. @throws OpenError
 */
export async function unpackPackages<Options extends OpenOptions>(options: Options): Promise<Options> {
  if (!hasPackages(options)) return options;
  const abort = new AbortController();
  const cancel = (): void => abort.abort();
  process.on("SIGINT", cancel);
  const progress = new ProgressLine();
  const onProgress = (path: string, done: number, total: number): void =>
    progress.show({ kind: "progress", what: `unpacking ${basename(path)}`, done, total });
  try {
    const { options: unpacked, remarks } = await withoutPackages(options, storeOf(process.env), { signal: abort.signal, onProgress }); // prettier-ignore
    progress.clear();
    for (const remark of remarks) process.stderr.write(`vmcore-debug: ${printable(remark)}\n`);
    return unpacked;
  } finally {
    progress.clear();
    process.off("SIGINT", cancel);
  }
}
