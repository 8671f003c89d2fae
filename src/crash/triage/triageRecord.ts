/** The record of a dump, as it is printed and stored. */
import type { KernelFacts } from "./record.ts";

/**
 * How much of a dump was read. "none": nothing. "quick": what needs no debuginfo. "full": also verdict, waits and health.
 */
export type TriageLevel = "none" | "quick" | "full";

export interface TriageRecord extends Partial<KernelFacts> {
  /** Identifies the crash: build ID, time, CPU and size; of a dump that cannot be opened, its path and size. */
  readonly key: string;
  readonly path: string;
  /** Bytes of the file. */
  readonly size: number;
  readonly level: TriageLevel;
  readonly buildId?: string | undefined;
  /** What is doubtful or incomplete about the dump. */
  readonly warnings?: readonly string[];
  /** Why the dump could not be opened or read. */
  readonly failed?: string | undefined;
  /** Processor time that the record took, in milliseconds. */
  readonly cpuMs?: number;
}

/** Returns the record of a dump that cannot be opened or read. @param size of the file in bytes, 0 if unknown */
export function failedRecord(path: string, size: number, failed: string): TriageRecord {
  const record = { path, size, level: "none", failed } as const;
  return { key: recordKey(record), ...record };
}

/** Returns the key of a record. Times are whole seconds. */
export const recordKey = ({ buildId, time, cpu, size, path, failed }: Omit<TriageRecord, "key">): string =>
  failed === undefined ? [buildId ?? "-", time ?? "-", cpu ?? "-", size].join(":") : `${path}:${size}`;
