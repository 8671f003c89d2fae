/** The messages between a page and the extension. */
import type { FromPage, ToPage } from "../protocol/panel.ts";
import type { Ask } from "./ask.ts";

declare function acquireVsCodeApi(): {
  postMessage(message: FromPage): void;
  getState(): unknown;
  setState(state: unknown): void;
};

const vscode = acquireVsCodeApi();

interface Waiting {
  readonly done: (body: never) => void;
  readonly fail: (error: Error) => void;
}

const waiting = new Map<number, Waiting>();
let lastId = 0;

/** Returns a function that sends requests to this session, even if another one is active by then. */
export const requester =
  (session: string | undefined): Ask =>
  (request, args) => {
    const id = ++lastId;
    vscode.postMessage({ kind: "ask", id, session, request, args });
    return new Promise((done, fail) => waiting.set(id, { done, fail }));
  };

let visibleSession: string | undefined;

/** Sets the session whose page is visible. */
export function setVisibleSession(session: string | undefined): void {
  visibleSession = session;
}

/** Sends a request to the session whose page is visible, for clicks. */
export const ask: Ask = (request, args) => requester(visibleSession)(request, args);

/** Starts to receive messages. All but answers go to `listener`. */
export function listen(listener: (message: Exclude<ToPage, { kind: "answer" | "refusal" }>) => void): void {
  addEventListener("message", ({ data }: MessageEvent<ToPage>) => {
    if (data.kind !== "answer" && data.kind !== "refusal") return listener(data);
    const one = waiting.get(data.id);
    waiting.delete(data.id);
    if (data.kind === "answer") one?.done(data.body as never);
    else one?.fail(new Error(data.message));
  });
  addEventListener("focus", () => vscode.postMessage({ kind: "focus", has: true }));
  addEventListener("blur", () => vscode.postMessage({ kind: "focus", has: false }));
  vscode.postMessage({ kind: "ready" });
}

/** The state that the extension stored takes precedence, because VS Code writes a page's state only once a minute. */
const state = {
  ...(vscode.getState() as object | undefined),
  ...(JSON.parse(document.body.dataset["state"] ?? "{}") as object),
} as Record<string, unknown>;

/** Returns the state of a topic, which is kept across a reload of the window. */
export function recall<T>(topic: string, otherwise: T): T {
  return (state[topic] as T | undefined) ?? otherwise;
}

export function remember(topic: string, value: unknown): void {
  state[topic] = value;
  vscode.setState(state);
  vscode.postMessage({ kind: "remember", state });
}
