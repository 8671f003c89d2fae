/** The jobs of a session that are running: requests, and what is done in the background. */
import { setTimeout } from "node:timers/promises";
import type { DebugProtocol } from "@vscode/debugprotocol";
import type { Client } from "./client.ts";
import { Progress } from "./progress.ts";
import type { Target } from "./target.ts";

/** Milliseconds without a request after which a client has what it wants. */
const QUIET_MS = 120;
/** Milliseconds after which a client that never stops asking is not waited for. */
const PATIENCE_MS = 3000;

interface Running {
  /** What it is about, once that is open. */
  readonly target: Target | undefined;
  readonly abort: AbortController;
  readonly progress: Progress;
}

/** Each is known by its request's number, background jobs by negative ones: the client can cancel it and sees how far it is. */
export class Jobs {
  private readonly running = new Map<number, Running>();
  private readonly client: () => Client;
  private background = 0;
  private lastActivity = 0;

  constructor(client: () => Client) {
    this.client = client;
  }

  /** The client sent something. */
  noteActivity(): void {
    this.lastActivity = performance.now();
  }

  /**
   * Does what takes long.
   * @param about the request, or the title of what is done in the background
   * @param key the request's number, where `about` is a title of its work
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

  /** Whether a request is still at work on a target. */
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

  /** Waits until the client has what it asks for at a stop, so that background work comes after it. */
  async quiet(): Promise<void> {
    const end = performance.now() + PATIENCE_MS;
    while (performance.now() < end && (this.running.size > 0 || performance.now() - this.lastActivity < QUIET_MS))
      await setTimeout(QUIET_MS / 4);
  }
}
