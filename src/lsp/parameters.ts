/** Checks the parameters of requests before a handler sees them. */
import { type Connection, ErrorCodes, Message, type MessageStrategy, ResponseError } from "vscode-languageserver/node";

/** Paths of the members that handlers read, and their types. */
type Members = Readonly<Record<string, "string" | "number">>;

const DOCUMENT: Members = { "textDocument.uri": "string" };
const POSITION: Members = { ...DOCUMENT, "position.line": "number", "position.character": "number" };
const REPORT: Members = { uri: "string", line: "number" };

const PARAMETERS: ReadonlyMap<string, Members> = new Map([
  ["textDocument/documentSymbol", DOCUMENT],
  ["textDocument/foldingRange", DOCUMENT],
  ["textDocument/documentLink", DOCUMENT],
  ["textDocument/codeLens", DOCUMENT],
  ["textDocument/inlayHint", { ...DOCUMENT, "range.start.line": "number", "range.end.line": "number" }],
  ["textDocument/hover", POSITION],
  ["textDocument/definition", POSITION],
  ["workspace/symbol", { query: "string" }],
  ["workspaceSymbol/resolve", { name: "string" }],
  ["vmcore/resolvedReport", REPORT],
  ["vmcore/analysis", REPORT],
]);

/** Returns what is wrong with the parameters of a request; undefined if they are as its handler expects them. */
function faultOf(method: string, params: unknown): string | undefined {
  for (const [path, type] of Object.entries(PARAMETERS.get(method) ?? {})) {
    const value = path.split(".").reduce<unknown>((at, name) => (at as Record<string, unknown> | null)?.[name], params);
    if (typeof value !== type) return `${method}: "${path}" must be a ${type}`;
  }
  return undefined;
}

/** The method by which a malformed request is handled. */
const MALFORMED = "vmcore/malformed";

/** Turns a malformed request into one of the method MALFORMED, because a strategy cannot answer a request. */
export const messageStrategy: MessageStrategy = {
  handleMessage(message, next) {
    const fault = Message.isRequest(message) ? faultOf(message.method, message.params) : undefined;
    return next(fault === undefined ? message : ({ ...message, method: MALFORMED, params: { fault } } as Message));
  },
};

/** Answers malformed requests with the error that names the member. */
export function refuseMalformed(connection: Connection): void {
  connection.onRequest(MALFORMED, ({ fault }: { fault: string }) => new ResponseError(ErrorCodes.InvalidParams, fault));
}
