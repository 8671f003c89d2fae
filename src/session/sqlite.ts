/** Opens SQLite databases with Node's own library. */
import type { DatabaseSync } from "node:sqlite";

/**
 * Opens or creates a database, without Node's warning that the library is new. The library is loaded only now.
 * @param path ":memory:" for a database in memory
 * @throws Error for which `isSqlError` is true
 */
export async function openDatabase(path: string): Promise<DatabaseSync> {
  const emitWarning = Object.getOwnPropertyDescriptor(process, "emitWarning");
  process.emitWarning = () => undefined;
  try {
    const sqlite = await import("node:sqlite");
    return new sqlite.DatabaseSync(path);
  } finally {
    if (emitWarning) Object.defineProperty(process, "emitWarning", emitWarning);
  }
}

/** Whether an error is one of SQLite. */
export const isSqlError = (error: unknown): error is Error =>
  error instanceof Error && "code" in error && error.code === "ERR_SQLITE_ERROR";
