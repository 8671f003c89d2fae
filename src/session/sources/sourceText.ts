/** Provides the texts of source files to commands. */
import { attemptSystem } from "../../base/systemError.ts";
import { basename } from "node:path";
import { type Budget } from "../../base/budget.ts";
import { MAX_SOURCE } from "./sourceRoot.ts";
import { wholeFile } from "../../base/file.ts";
import type { SourceText } from "../../crash/language/command.ts";
import { type Piece, text } from "../../say/piece.ts";
import type { SourceFiles } from "./source.ts";
import { openSourceArchive, type SourceArchive } from "./sourceArchive.ts";
import { waitingFor } from "../waiting.ts";

/** How the archive of the kernel's sources is read. */
export interface ArchiveReading {
  readonly budget?: Budget | undefined;
  /**
   * If given, the reading goes on when the command that needs it is stopped, so that a later command finds it further,
   * until this signal. Default: it stops with the command.
   */
  readonly goesOnUntil?: AbortSignal | undefined;
}

/**
 * Returns the function that provides source texts. If a source is in no directory, but the packed archive of the
 * kernel's sources is on this machine, the archive is read, at most once a session. That takes half a minute the first
 * time and no time once it is copied to the cache.
 * @param cache undefined for a user interface that reads archives itself
 */
export function sourceTexts(
  files: () => SourceFiles,
  cache: string | undefined,
  reading: ArchiveReading = {},
): SourceText {
  let isRead = false;
  const read = cache === undefined ? undefined : archiveReader(cache, reading);
  return function* (file) {
    const known = textOf(files(), file);
    const archive = known === undefined && !isRead && !files().isRefused(file) ? files().wantedArchive : undefined;
    if (archive === undefined || read === undefined) return known;
    const opened = yield* read(archive);
    isRead = true;
    if (typeof opened === "string") yield text(`${archive}: its sources cannot be read: ${opened}`);
    else files().addArchive(opened);
    return textOf(files(), file);
  };
}

/** Reads a source; undefined if it is not found or can no longer be read. */
function textOf(files: SourceFiles, file: string): readonly string[] | undefined {
  const found = files.locate(file);
  if (!found) return undefined;
  const text = found.stored
    ? found.stored.text()
    : attemptSystem(() => wholeFile(found.path, MAX_SOURCE))?.toString("utf8");
  // A checkout on Windows can have its lines end with a carriage return too.
  return text?.split(/\r?\n/);
}

/** Returns the function that opens an archive. That returns why the archive cannot be opened, in words, if it cannot. */
function archiveReader(cache: string, { budget, goesOnUntil }: ArchiveReading) {
  let [done, total] = [0, 0];
  const onProgress = (bytes: number, of: number): void => void ([done, total] = [bytes, of]);
  let running: Promise<SourceArchive | string> | undefined;
  return function* (path: string): Generator<Piece, SourceArchive | string, void> {
    const start = (signal: AbortSignal): Promise<SourceArchive | string> =>
      openSourceArchive(path, cache, { signal, onProgress, budget }).catch((error: unknown) =>
        error instanceof Error ? error.message : String(error),
      );
    const from = goesOnUntil ? () => (running ??= start(goesOnUntil)) : start;
    return yield* waitingFor(from, () => ({ what: `reading sources out of ${basename(path)}`, done, total }));
  };
}
