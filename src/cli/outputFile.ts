import { closeSync, openSync, writeSync } from "node:fs";
import { UsageError } from "../base/usageError.ts";
import type { OutputFile, SessionFacts } from "../crash/language/command.ts";
import { refuseInputs } from "../session/refuseInputs.ts";

/** Opens files for what commands copy out of a dump. */
export const fileCreator =
  (session: SessionFacts) =>
  (path: string): OutputFile => {
    refuseInputs(session, path);
    let fd: number;
    try {
      fd = openSync(path, "w");
    } catch (error) {
      throw new UsageError(error instanceof Error ? error.message : String(error));
    }
    return {
      write(bytes) {
        for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes, done);
      },
      close: () => closeSync(fd),
    };
  };
