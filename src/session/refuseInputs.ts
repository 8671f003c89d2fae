/** Protects the files of a session from being overwritten. */
import { statSync } from "node:fs";
import { UsageError } from "../base/usageError.ts";
import type { SessionFacts } from "../crash/language/command.ts";

/**
 * Refuses to write to the dump or the vmlinux, by whatever name the file is reached. @throws UsageError for a path that
 * the session reads
 */
export function refuseInputs({ vmcore, vmlinux }: Pick<SessionFacts, "vmcore" | "vmlinux">, path: string): void {
  const target = statSync(path, { throwIfNoEntry: false });
  if (!target?.isFile()) return;
  for (const input of vmlinux === undefined ? vmcore : [...vmcore, vmlinux]) {
    const { dev, ino } = statSync(input, { throwIfNoEntry: false }) ?? {};
    if (dev === target.dev && ino === target.ino)
      throw new UsageError(`${path} is open in this session and cannot be overwritten: name another file`);
  }
}
