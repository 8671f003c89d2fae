/** The tools of language models on the open dump, and the server of the Model Context Protocol. */
import * as vscode from "vscode";
import { activeSession, askUntil } from "./session.ts";

/** The parts of the manifest that are read here. */
interface Manifest {
  readonly contributes: {
    readonly languageModelTools: readonly { readonly name: string; readonly displayName: string }[];
  };
}

/** Registers the tools that the manifest declares. Each answers about the active session. */
export function languageModelTools({ extension, extensionUri }: vscode.ExtensionContext): vscode.Disposable[] {
  const { contributes } = extension.packageJSON as Manifest;
  return [
    ...contributes.languageModelTools.map(({ name, displayName }) =>
      vscode.lm.registerTool<object>(name, {
        prepareInvocation: () => ({ invocationMessage: displayName }),
        invoke: ({ input }, token) => answer(name.replace(/^vmcore_/, ""), input, token),
      }),
    ),
    ...serverProvider(extensionUri),
  ];
}

/** Asks the active session. @throws Error with the adapter's message */
async function answer(
  name: string,
  input: object,
  token: vscode.CancellationToken,
): Promise<vscode.LanguageModelToolResult> {
  const session = activeSession();
  if (!session) throw new Error("No kernel crash dump is open. Ask the user to open one.");
  const { text, answer: json } = await askUntil(token, session, "vmcore/tool", { name, input });
  return new vscode.LanguageModelToolResult([
    new vscode.LanguageModelTextPart(text),
    new vscode.LanguageModelTextPart(json),
  ]);
}

/** Offers the server to the editor if the setting is on, in trusted workspaces. */
function serverProvider(extensionUri: vscode.Uri): vscode.Disposable[] {
  const changed = new vscode.EventEmitter<void>();
  const isOn = (): boolean =>
    vscode.workspace.isTrusted && vscode.workspace.getConfiguration("vmcore").get<boolean>("mcpServer") === true;
  return [
    changed,
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("vmcore.mcpServer")) changed.fire();
    }),
    vscode.lm.registerMcpServerDefinitionProvider("vmcore.dumps", {
      onDidChangeMcpServerDefinitions: changed.event,
      provideMcpServerDefinitions: () => (isOn() ? [server(extensionUri)] : []),
    }),
  ];
}

/** The server with the open folders as its roots. It runs in the editor's own runtime. */
function server(extensionUri: vscode.Uri): vscode.McpStdioServerDefinition {
  const roots = (vscode.workspace.workspaceFolders ?? []).flatMap(({ uri }) => ["--root", uri.fsPath]);
  const program = vscode.Uri.joinPath(extensionUri, "dist/mcp.js").fsPath;
  return new vscode.McpStdioServerDefinition("Kernel Crash Dumps", process.execPath, [program, ...roots], {
    ELECTRON_RUN_AS_NODE: "1",
  });
}
