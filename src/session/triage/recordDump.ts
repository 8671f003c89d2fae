/** Makes the record of one dump. */
import { statSync } from "node:fs";
import { Fault } from "../../base/fault.ts";
import type { Job } from "../../base/job.ts";
import { attemptSystem } from "../../base/systemError.ts";
import { kernelFacts } from "../../crash/triage/record.ts";
import { failedRecord, recordKey, type TriageRecord } from "../../crash/triage/triageRecord.ts";
import type { Piece } from "../../say/piece.ts";
import { kernelBuildId } from "../find/kernelBuildId.ts";
import { openingSession, type Session } from "../open/open.ts";
import { OpenError } from "../open/openError.ts";
import type { OpenOptions } from "../open/openOptions.ts";

/** Opens a dump and records it. A dump that cannot be opened gives a record with the reason. */
export function* recordingDump(path: string, isFull: boolean, options: Partial<OpenOptions>): Job<TriageRecord, Piece> {
  const size = attemptSystem(() => statSync(path).size) ?? 0;
  let session: Session | undefined;
  try {
    session = yield* openingSession({ ...options, vmcore: [path] });
    const facts = yield* kernelFacts(session.kernel, isFull);
    const level = isFull ? "full" : "quick";
    const record = {
      path,
      size,
      level,
      buildId: kernelBuildId(session.memory),
      warnings: session.warnings,
      ...facts,
    } as const;
    return { key: recordKey(record), ...record };
  } catch (error) {
    if (error instanceof OpenError || error instanceof Fault) return failedRecord(path, size, error.message);
    throw error;
  } finally {
    session?.close();
  }
}
