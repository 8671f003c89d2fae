/** Runs worker processes that make records of dumps. */
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { statSync } from "node:fs";
import { attemptSystem } from "../../base/systemError.ts";
import { failedRecord, type TriageRecord } from "../../crash/triage/triageRecord.ts";
import { script } from "../node.ts";

/** Maximum time in milliseconds for one dump; a slower one is given up. */
const LIMIT_MS = 300_000;

export interface Workers {
  readonly jobs: number;
  /** Options of the program for each worker. */
  readonly options: readonly string[];
}

/**
 * Records dumps in worker processes, each one dump at a time. If a worker ends or takes too long, its dump gets a record
 * that says so, and another worker is started. Calls `onRecord` in the order in which dumps are done.
 */
export async function recordAll(
  paths: Iterator<string>,
  { jobs, options }: Workers,
  signal: AbortSignal,
  onRecord: (record: TriageRecord) => void,
): Promise<void> {
  const line = async (): Promise<void> => {
    for (let next = paths.next(); !next.done && !signal.aborted;) {
      const worker = startWorker(options, signal);
      // One worker records dumps until it ends.
      while (!next.done && !signal.aborted) {
        const record = await worker.record(next.value);
        if (record !== undefined) onRecord(record);
        next = paths.next();
        if (worker.hasEnded()) break;
      }
      worker.end();
    }
  };
  await Promise.all(Array.from({ length: jobs }, line));
}

function startWorker(options: readonly string[], signal: AbortSignal) {
  const child = spawn(process.execPath, [script(), "triage", "--worker", ...options], {
    stdio: ["pipe", "pipe", "inherit"],
  });
  const answers = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ended = new Promise<string>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("exit", (code, by) => resolve(by ? `the worker process was ended by ${by}` : `the worker process ended with status ${code ?? 0}`)); // prettier-ignore
  });
  const abort = (): void => void child.kill();
  signal.addEventListener("abort", abort);
  // Writing to a process that has ended is reported by its exit.
  child.stdin.on("error", () => {});
  return {
    hasEnded: () => hasEnded(child),
    end(): void {
      signal.removeEventListener("abort", abort);
      child.stdin.end();
    },
    /** @returns undefined if the user cancelled */
    async record(path: string): Promise<TriageRecord | undefined> {
      child.stdin.write(`${JSON.stringify(path)}\n`);
      let isLate = false;
      const limit = setTimeout(() => {
        isLate = true;
        child.kill("SIGKILL");
      }, LIMIT_MS);
      const answer = await answers.next();
      clearTimeout(limit);
      if (!answer.done) return JSON.parse(answer.value) as TriageRecord;
      if (signal.aborted) return undefined;
      const reason = await ended;
      const size = attemptSystem(() => statSync(path).size) ?? 0;
      return failedRecord(path, size, isLate ? `no answer within ${LIMIT_MS / 1000} s` : reason);
    },
  };
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null;
