/** Progress reports of long jobs. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import { noticeText } from "../base/notice.ts";
import type { Client } from "./client.ts";

/** Number of milliseconds before a job gets a progress report. */
const FIRST_REPORT_MS = 500;

/** Maximum length of a title in characters. Command lines may be longer. */
const MAX_TITLE = 60;

/** Number of milliseconds between two updates. */
const UPDATE_MS = 100;

/** Reports the progress of a long job to a client that supports it. The user can cancel the job there. */
export class Progress {
  /** Identifies the report for the client. Titles of background tasks are unique. */
  readonly id: string;
  private readonly client: Client;
  private readonly title: string;
  private readonly request: number | undefined;
  private readonly started = performance.now();
  private shown = false;
  private updated = 0;

  /** @param work a request, or the title of a background task */
  constructor(work: DebugProtocol.Request | string, client: Client) {
    this.id = typeof work === "string" ? work : `request-${work.seq}`;
    this.title = typeof work === "string" ? work : titleOf(work);
    this.request = typeof work === "string" ? undefined : work.seq;
    this.client = client;
  }

  /** Begins the report once the job takes long, and updates it if the step has figures. */
  update(step: unknown): void {
    const now = performance.now();
    if (now - this.started < FIRST_REPORT_MS || now - this.updated < UPDATE_MS) return;
    if (!this.client.supports("supportsProgressReporting")) return;
    this.updated = now;
    if (!this.shown) this.start();
    if (!isProgress(step)) return;
    const percentage = step.total > 0 ? Math.min(100, Math.floor((100 * step.done) / step.total)) : undefined;
    const message = percentage === undefined ? `${step.done} ${step.what}` : `${percentage}% of ${step.what}`;
    this.client.send("progressUpdate", { progressId: this.id, message: noticeText(message), percentage });
  }

  private start(): void {
    this.shown = true;
    const title = noticeText(this.title);
    this.client.send("progressStart", {
      progressId: this.id,
      ...(this.request !== undefined && { requestId: this.request }),
      title: title.length > MAX_TITLE ? `${title.slice(0, MAX_TITLE - 1)}…` : title,
      cancellable: true,
    });
  }

  end(): void {
    if (this.shown) this.client.send("progressEnd", { progressId: this.id });
  }
}

/** Titles of custom requests that a user starts. */
const TITLES: Readonly<Record<string, string>> = {
  "vmcore/report": "Writing the report",
  "vmcore/compare": "Comparing the dumps",
};

function titleOf({ command, arguments: given }: DebugProtocol.Request): string {
  const { expression, line, lines } = (given ?? {}) as { expression?: unknown; line?: unknown; lines?: unknown };
  const typed = { evaluate: expression, "vmcore/run": line, "vmcore/runCell": lines }[command];
  return typeof typed === "string" ? typed.trim().split("\n", 1).join("") : (TITLES[command] ?? command);
}

interface ProgressStep {
  readonly kind: "progress";
  readonly what: string;
  readonly done: number;
  readonly total: number;
}

const isProgress = (step: unknown): step is ProgressStep =>
  typeof step === "object" && step !== null && (step as { kind?: unknown }).kind === "progress";
