import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import {
  type ClientCapabilities,
  createProtocolConnection,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import type { InitializationOptions, SessionQuestion } from "../../src/protocol/language.ts";

/** Answers the server's questions, as the extension does from the debug session. */
export type Answer = (question: SessionQuestion) => Promise<unknown>;

const VSCODE: ClientCapabilities = {
  workspace: { symbol: { resolveSupport: { properties: ["location.range"] } } },
  textDocument: { documentSymbol: { hierarchicalDocumentSymbolSupport: true } },
};

/** An LSP client over a pipe to the real server in a process of its own. */
export class LspClient {
  readonly process: ChildProcess;
  readonly connection: ProtocolConnection;
  readonly questions: SessionQuestion[] = [];
  answer: Answer = () => Promise.resolve(null);

  private constructor() {
    const argv = ["--disable-warning=ExperimentalWarning", resolve("src/lsp/main.ts"), "--stdio"];
    this.process = spawn(process.execPath, argv, { stdio: ["pipe", "pipe", "inherit"] });
    const { stdin, stdout } = this.process;
    if (!stdin || !stdout) throw new Error("the server has no pipes");
    this.connection = createProtocolConnection(new StreamMessageReader(stdout), new StreamMessageWriter(stdin));
    this.connection.onRequest("vmcore/ask", (question: SessionQuestion) => {
      this.questions.push(question);
      return this.answer(question);
    });
    this.connection.listen();
  }

  /** @param capabilities as far as the server asks for them, those of VS Code unless told otherwise */
  static async start(
    folders: readonly string[] = [],
    options: InitializationOptions = {},
    capabilities: ClientCapabilities = VSCODE,
  ): Promise<LspClient> {
    const client = new LspClient();
    await client.request("initialize", {
      processId: process.pid,
      rootUri: null,
      capabilities,
      initializationOptions: { commands: true, ...options },
      workspaceFolders: folders.map((uri) => ({ uri, name: uri })),
    });
    await client.connection.sendNotification("initialized", {});
    return client;
  }

  request<T>(method: string, params: object): Promise<T> {
    return this.connection.sendRequest<T>(method, params);
  }

  async open(uri: string, text: string, languageId = "kernel-log"): Promise<void> {
    await this.connection.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId, version: 1, text },
    });
  }

  /** A request about the place of `piece` in a line of a document. */
  at<T>(method: string, uri: string, text: string, line: RegExp, piece: string): Promise<T> {
    const lines = text.split("\n");
    const number = lines.findIndex((one) => line.test(one));
    const character = lines[number]?.indexOf(piece) ?? -1;
    if (character < 0) throw new Error(`${piece} is not in the log`);
    return this.request(method, { textDocument: { uri }, position: { line: number, character } });
  }

  async close(): Promise<void> {
    const gone = once(this.process, "exit");
    await this.request("shutdown", {});
    await this.connection.sendNotification("exit");
    await gone;
    this.connection.dispose();
  }
}
