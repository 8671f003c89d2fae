/** One answer of the doctor. */
export interface Diagnosis {
  /** "missing": a need that is not served. "note": worth knowing. */
  readonly state: "ok" | "missing" | "note";
  /** What was looked at: `CONFIG_CRASH_DUMP`, `/sys/kernel/kexec_crash_loaded`. */
  readonly what: string;
  /** What was found; for a missing need what it costs and what to do. One or two sentences. */
  readonly says: string;
}

/** Makes a diagnosis. */
export const diagnosis = (state: Diagnosis["state"], what: string, says: string): Diagnosis => ({ state, what, says });
