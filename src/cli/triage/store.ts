/** Stores records of dumps in an SQLite file. */
import { UsageError } from "../../base/usageError.ts";
import type { TriageRecord } from "../../crash/triage/triageRecord.ts";
import { isSqlError, openDatabase } from "../../session/sqlite.ts";

const SCHEMA = `CREATE TABLE IF NOT EXISTS records (
  key TEXT PRIMARY KEY,
  crash_key TEXT,
  title TEXT,
  kind TEXT,
  release TEXT,
  build_id TEXT,
  host TEXT,
  time INTEGER,
  path TEXT NOT NULL,
  level TEXT NOT NULL,
  failed TEXT,
  record TEXT NOT NULL
) STRICT;
CREATE INDEX IF NOT EXISTS records_by_crash ON records (crash_key, time);`;

/** A dump that was read fully keeps its record when it is read quickly later. */
const PUT = `INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE SET
  crash_key = excluded.crash_key, title = excluded.title, kind = excluded.kind, release = excluded.release,
  build_id = excluded.build_id, host = excluded.host, time = excluded.time, path = excluded.path,
  level = excluded.level, failed = excluded.failed, record = excluded.record
WHERE NOT (records.level = 'full' AND excluded.level = 'quick')`;

/** Number of milliseconds to wait for another process that writes to the file. */
const BUSY_MS = 30_000;

/** A file of records. */
export interface Store {
  put(record: TriageRecord): void;
  all(): TriageRecord[];
  close(): void;
}

/** Opens or creates a file of records. @throws UsageError if it cannot be used */
export async function openStore(path: string): Promise<Store> {
  try {
    return await storeOf(path);
  } catch (error) {
    throw isSqlError(error) ? new UsageError(`${path}: ${error.message}`) : error;
  }
}

async function storeOf(path: string): Promise<Store> {
  const database = await openDatabase(path);
  database.exec(`PRAGMA busy_timeout = ${BUSY_MS}; PRAGMA journal_mode = WAL; ${SCHEMA}`);
  const put = database.prepare(PUT);
  const all = database.prepare("SELECT record FROM records ORDER BY key");
  const column = (value: string | undefined): string | null => value ?? null;
  return {
    put(record) {
      const { key, group, title, kind, release, buildId, host, time, path: file, level, failed } = record;
      const seconds = time === undefined ? null : Math.round(time);
      put.run(key, column(group), column(title), column(kind), column(release), column(buildId), column(host), seconds, file, level, column(failed), JSON.stringify(record)); // prettier-ignore
    },
    all: () => all.all().map(({ record }) => JSON.parse(String(record)) as TriageRecord),
    close: () => database.close(),
  };
}
