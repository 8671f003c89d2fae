// The records of dumps in PostgreSQL. Writing a record again updates it, because a queue can deliver a job twice.
import pg from "pg";

const SCHEMA = `CREATE TABLE IF NOT EXISTS records (
  key text PRIMARY KEY,
  crash_key text,
  title text,
  kind text,
  release text,
  build_id text,
  host text,
  time timestamptz,
  path text NOT NULL,
  level text NOT NULL,
  failed text,
  record jsonb NOT NULL
);
CREATE INDEX IF NOT EXISTS records_by_crash ON records (crash_key, time)`;

/** A dump that was read fully keeps its record when it is read quickly later. */
const PUT = `INSERT INTO records VALUES ($1, $2, $3, $4, $5, $6, $7, to_timestamp($8), $9, $10, $11, $12)
ON CONFLICT (key) DO UPDATE SET
  crash_key = excluded.crash_key, title = excluded.title, kind = excluded.kind, release = excluded.release,
  build_id = excluded.build_id, host = excluded.host, time = excluded.time, path = excluded.path,
  level = excluded.level, failed = excluded.failed, record = excluded.record
WHERE NOT (records.level = 'full' AND excluded.level = 'quick')`;

const GROUPS = `SELECT crash_key, min(title) AS title, count(*)::int AS dumps, min(time) AS first, max(time) AS last,
  count(DISTINCT host)::int AS hosts, count(DISTINCT release)::int AS releases
FROM records WHERE failed IS NULL GROUP BY crash_key ORDER BY dumps DESC, crash_key`;

/** Two workers that create the table at the same time must not disturb each other. */
const LOCK = 0x766d63;

/** Opens the database and makes its table. @param {string} url */
export async function openStore(url) {
  const pool = new pg.Pool({ connectionString: url });
  // An idle connection that ends is replaced at the next query.
  pool.on("error", (error) => process.stderr.write(`vmcore-debug-fleet: PostgreSQL: ${error.message}\n`));
  const client = await pool.connect();
  try {
    await client.query("SELECT pg_advisory_lock($1)", [LOCK]);
    await client.query(SCHEMA);
    await client.query("SELECT pg_advisory_unlock($1)", [LOCK]);
  } finally {
    client.release();
  }
  return {
    /** @param {any} one a record of `vmcore-debug triage --json` */
    async put(one) {
      const { key, group, title, kind, release, buildId, host, time, path, level, failed } = one;
      await pool.query(PUT, [key, group, title, kind, release, buildId, host, time, path, level, failed, cleaned(one)]);
    },
    groups: async () => (await pool.query(GROUPS)).rows,
    failed: async () =>
      (await pool.query("SELECT path, failed FROM records WHERE failed IS NOT NULL ORDER BY path")).rows,
    close: () => pool.end(),
  };
}

/** Returns a record as JSON without the character that jsonb cannot hold. @param {unknown} one */
const cleaned = (one) => JSON.stringify(one).replaceAll("\\u0000", "");
