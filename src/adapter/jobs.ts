/** The running jobs of a session: requests and background tasks. */
import { setTimeout } from "node:timers/promises";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Client } from "./client.ts";
import { Progress } from "./progress.ts";
import type { Target } from "./target.ts";

/** Number of milliseconds without a request after which the client counts as idle. */
const QUIET_MS = 120;
/** Number of milliseconds after which background work starts even if the client is not idle. */
const MAX_WAIT_MS = 3000;

interface Running {
  /** The target that the job uses. Undefined while the dump is being opened. */
  readonly target: Target | undefined;
  readonly abort: AbortController;
  readonly progress: Progress;
}

/**
 * The running jobs by id: the request's number, or a negative id for a background task. By the id the client can cancel
 * a job and follow its progress.
 */
export class Jobs {
  private readonly running = new Map<number, Running>();
  private readonly client: () => Client;
  private background = 0;
  private lastActivity = 0;

  constructor(client: () => Client) {
    this.client = client;
  }

  /** Notes that the client sent a message. */
  noteActivity(): void {
    this.lastActivity = performance.now();
  }

  /**
   * Runs a job that may take long.
   * @param about the request, or the title of a background task
   * @param key the request's number, if `about` is the title of a request's work
   */
  async run<T>(
    about: DebugProtocol.Request | string,
    work: (signal: AbortSignal, progress: Progress) => Promise<T>,
    { key = typeof about === "string" ? --this.background : about.seq, target }: { key?: number; target?: Target } = {},
  ): Promise<T> {
    const abort = new AbortController();
    const progress = new Progress(about, this.client());
    this.running.set(key, { target, abort, progress });
    try {
      return await work(abort.signal, progress);
    } finally {
      progress.end();
      this.running.delete(key);
    }
  }

  /** Whether a job still uses the target. */
  isBusy(target: Target): boolean {
    return [...this.running.values()].some((one) => one.target === target);
  }

  cancel({ requestId, progressId }: DebugProtocol.CancelArguments): void {
    for (const [key, { abort, progress }] of this.running)
      if (key === requestId || (progressId !== undefined && progress.id === progressId)) abort.abort();
  }

  cancelAll(): void {
    for (const { abort } of this.running.values()) abort.abort();
  }

  /** Waits until the client is idle after a stop, so that background work does not delay its requests. */
  async untilIdle(): Promise<void> {
    const end = performance.now() + MAX_WAIT_MS;
    while (performance.now() < end && (this.running.size > 0 || performance.now() - this.lastActivity < QUIET_MS))
      await setTimeout(QUIET_MS / 4);
  }
}
