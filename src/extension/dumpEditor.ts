/** The dump page: the editor of a dump file. */
import { fork } from "node:child_process";
import { basename } from "node:path";
import * as vscode from "vscode";
import type { DumpFacts } from "../protocol/dumpFacts.ts";
import { factsPage } from "./factsPage.ts";

export const DUMP_EDITOR = "vmcore.dump";

/** Number of milliseconds after which the page reports that opening takes too long. */
const OPEN_TIMEOUT_MS = 60_000;

/** Registers the editor of dump files: the dump's facts and a Debug button instead of "binary file". */
export const dumpEditor = (context: vscode.ExtensionContext): vscode.Disposable[] => [
  vscode.window.registerCustomEditorProvider(DUMP_EDITOR, {
    openCustomDocument: (uri) => ({ uri, dispose() {} }),
    async resolveCustomEditor({ uri }, panel) {
      const { webview } = panel;
      webview.options = {
        enableScripts: true,
        localResourceRoots: [vscode.Uri.joinPath(context.extensionUri, "media")],
      };
      webview.onDidReceiveMessage((message: { command?: string }) => {
        if (message.command === "debug") void vscode.commands.executeCommand("vmcore.open", uri);
      });
      const asset = (name: string): string =>
        webview.asWebviewUri(vscode.Uri.joinPath(context.extensionUri, "media", name)).toString();
      const page = {
        title: basename(uri.fsPath),
        csp: webview.cspSource,
        style: asset("dump.css"),
        script: asset("dump.js"),
      };
      webview.html = factsPage(page, undefined);
      const facts = await factsOf(context, uri.fsPath);
      // The file has the name of a dump but is text.
      if (!facts.ok && facts.isText) return openAsText(uri, panel);
      webview.html = factsPage(page, facts);
    },
  }),
];

/** Replaces this editor with the text editor. */
async function openAsText(uri: vscode.Uri, panel: vscode.WebviewPanel): Promise<void> {
  await vscode.commands.executeCommand("vscode.openWith", uri, "default", panel.viewColumn);
  panel.dispose();
}

/** Returns the facts from an adapter process, because the extension itself never opens a dump. */
function factsOf(context: vscode.ExtensionContext, path: string): Promise<DumpFacts> {
  return new Promise((resolve) => {
    const adapter = vscode.Uri.joinPath(context.extensionUri, "dist", "adapter.js").fsPath;
    const child = fork(adapter, ["--facts", path], {
      silent: true,
      execArgv: [],
      env: { ...process.env, ELECTRON_RUN_AS_NODE: "1" },
    });
    let [out, errors] = ["", ""];
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (out += text));
    child.stderr?.setEncoding("utf8").on("data", (text: string) => (errors += text));
    const timer = setTimeout(() => child.kill(), OPEN_TIMEOUT_MS);
    const refuse = (message: string): void => resolve({ ok: false, message, isText: false });
    child.on("error", (error) => refuse(error.message));
    child.on("close", (code, signal) => {
      clearTimeout(timer);
      try {
        resolve(JSON.parse(out) as DumpFacts);
      } catch (error) {
        if (!(error instanceof SyntaxError)) throw error;
        refuse(
          signal
            ? vscode.l10n.t(
                "Opening the dump took longer than a minute. Use Debug This Dump to open it without this limit.",
              )
            : errors.trim() || vscode.l10n.t("The debug adapter ended with exit code {0}", String(code)),
        );
      }
    });
  });
}
