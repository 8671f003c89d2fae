/** One result of the command `doctor`. */
export interface Diagnosis {
  /** "missing": a requirement that is not met. "note": worth knowing. */
  readonly state: "ok" | "missing" | "note";
  /** What was looked at: `CONFIG_CRASH_DUMP`, `/sys/kernel/kexec_crash_loaded`. */
  readonly what: string;
  /**
   * What was found. For a missing requirement also what does not work without it, and what to do. One or two sentences.
   */
  readonly says: string;
}

/** Makes a diagnosis. */
export const diagnosis = (state: Diagnosis["state"], what: string, says: string): Diagnosis => ({ state, what, says });
