/** Memory in the hex editor or as text. */
import type { DebugProtocol } from "@vscode/debugprotocol";
import * as vscode from "vscode";

const SCHEME = "vmcore-memory";
const HEX_EDITOR = "ms-vscode.hexeditor";

/** Number of bytes per page of text. */
const PAGE = 4096;

/** Registers memory as text, for installations without the hex editor, with links to the previous and next page. */
export const memoryDocument = (): vscode.Disposable[] => [
  vscode.workspace.registerTextDocumentContentProvider(SCHEME, { provideTextDocumentContent: contents }),
  vscode.languages.registerCodeLensProvider({ scheme: SCHEME }, { provideCodeLenses }),
  vscode.commands.registerCommand("vmcore.memoryPage", (sessionId: string, address: string) =>
    open(sessionId, address),
  ),
  vscode.debug.onDidTerminateDebugSession(({ id }) => sessions.delete(id)),
];

/** Opens memory in the hex editor, or as text if that is not installed. */
export async function showMemory(session: vscode.DebugSession, address: string): Promise<void> {
  if (!vscode.extensions.getExtension(HEX_EDITOR)) {
    sessions.set(session.id, session);
    return open(session.id, address);
  }
  // The URI is built like that of VS Code's "View Binary Data" (vs/workbench/contrib/debug/common/debugUtils.ts).
  const uri = vscode.Uri.from({
    scheme: "vscode-debug-memory",
    authority: session.id,
    path: `/${encodeURIComponent(address)}/memory.bin`,
  });
  await vscode.commands.executeCommand("vscode.openWith", uri, "hexEditor.hexedit");
}

/** Sessions with a page, by id, until they end: VS Code can read a document again after another session became active. */
const sessions = new Map<string, vscode.DebugSession>();

async function open(sessionId: string, address: string): Promise<void> {
  const wanted = BigInt(address);
  const start = wanted - (wanted % 16n);
  const uri = vscode.Uri.from({ scheme: SCHEME, path: `/${hex0x(start)}.txt`, query: sessionId });
  await vscode.window.showTextDocument(uri, { preview: true });
}

async function contents(uri: vscode.Uri): Promise<string> {
  const session = sessions.get(uri.query);
  if (!session) return "The debug session of this page has ended. Open the dump again to see its memory.\n";
  const memoryReference = startOf(uri);
  const args: DebugProtocol.ReadMemoryArguments = { memoryReference: hex0x(memoryReference), count: PAGE };
  const body = (await session.customRequest("readMemory", args)) as DebugProtocol.ReadMemoryResponse["body"];
  const bytes = Buffer.from(body?.data ?? "", "base64");
  return hexLines(memoryReference, bytes, PAGE).join("\n");
}

function provideCodeLenses(document: vscode.TextDocument): vscode.CodeLens[] {
  const address = startOf(document.uri);
  const lens = (title: string, to: bigint, line: number): vscode.CodeLens =>
    new vscode.CodeLens(new vscode.Range(line, 0, line, 0), {
      title,
      command: "vmcore.memoryPage",
      arguments: [document.uri.query, hex0x(BigInt.asUintN(64, to))],
    });
  const size = BigInt(PAGE);
  return [
    lens("Previous Page", address - size, 0),
    lens("Next Page", address + size, Math.max(0, document.lineCount - 1)),
  ];
}

const startOf = (uri: vscode.Uri): bigint => BigInt(/0x[0-9a-f]+/.exec(uri.path)?.[0] ?? "0");

const hex0x = (value: bigint): string => `0x${value.toString(16)}`;

/** Number of bytes in a row. */
const ROW = 16;

/**
 * Formats a page of memory: address, bytes, characters. @param bytes the readable bytes from `address` on; the rest of
 * `size` is shown as `??`
 */
function hexLines(address: bigint, bytes: Uint8Array, size: number): string[] {
  return Array.from({ length: Math.ceil(size / ROW) }, (_, row) => {
    const cells = Array.from({ length: ROW }, (_, i) => bytes[row * ROW + i]);
    const hex = cells.map((byte) => byte?.toString(16).padStart(2, "0") ?? "??");
    const text = cells.map((byte) =>
      byte === undefined ? " " : byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : ".",
    );
    const at = BigInt.asUintN(64, address + BigInt(row * ROW))
      .toString(16)
      .padStart(16, "0");
    return `${at}  ${hex.slice(0, 8).join(" ")}  ${hex.slice(8).join(" ")}  |${text.join("")}|`;
  });
}
