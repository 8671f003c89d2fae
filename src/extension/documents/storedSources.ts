import * as vscode from "vscode";
import { TYPE, askUnlessRefused } from "../session.ts";

/** Scheme of sources that a repository or an archive keeps: `vmcore-source://v6.1.192/kernel/panic.c`. */
export const SOURCE_SCHEME = "vmcore-source";

/** Read-only documents of sources that are no files here, as they were when the dump's kernel was released. */
export function storedSources(): vscode.Disposable[] {
  const sources = new StoredSources();
  const isReadonly = new vscode.MarkdownString(
    "This is the source of the crashed kernel's release, not your work tree.",
  );
  return [
    vscode.workspace.registerFileSystemProvider(SOURCE_SCHEME, sources, { isReadonly, isCaseSensitive: true }),
    vscode.debug.onDidStartDebugSession((session) => sources.add(session)),
    vscode.debug.onDidTerminateDebugSession((session) => sources.remove(session)),
  ];
}

/** The address of a source as the adapter gives it: a path of this machine, or one of our scheme. */
export const sourceUri = (path: string): vscode.Uri =>
  path.startsWith(`${SOURCE_SCHEME}:`) ? vscode.Uri.parse(path, true) : vscode.Uri.file(path);

/** What the adapters of the open dumps give; what was shown once outlives its session. */
class StoredSources implements vscode.FileSystemProvider {
  private readonly sessions = new Set<vscode.DebugSession>();
  private readonly known = new Map<string, Uint8Array>();
  readonly onDidChangeFile = new vscode.EventEmitter<vscode.FileChangeEvent[]>().event;

  add(session: vscode.DebugSession): void {
    if (session.type === TYPE) this.sessions.add(session);
  }

  remove(session: vscode.DebugSession): void {
    this.sessions.delete(session);
  }

  async readFile(uri: vscode.Uri): Promise<Uint8Array> {
    const address = uri.authority.toLowerCase() + uri.path;
    const known = this.known.get(address);
    if (known) return known;
    for (const session of this.sessions) {
      const answer = await askUnlessRefused(session, "vmcore/sourceText", { address });
      // Of another dump: the next one may know it.
      if (!answer) continue;
      const bytes = new TextEncoder().encode(answer.text);
      this.known.set(address, bytes);
      return bytes;
    }
    throw vscode.FileSystemError.FileNotFound("No open crash dump has this source: open its dump again.");
  }

  async stat(uri: vscode.Uri): Promise<vscode.FileStat> {
    const { length: size } = await this.readFile(uri);
    return { type: vscode.FileType.File, ctime: 0, mtime: 0, size, permissions: vscode.FilePermission.Readonly };
  }

  watch(): vscode.Disposable {
    return new vscode.Disposable(() => {});
  }

  readDirectory(): [string, vscode.FileType][] {
    return [];
  }

  createDirectory(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  writeFile(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  delete(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }

  rename(uri: vscode.Uri): never {
    throw vscode.FileSystemError.NoPermissions(uri);
  }
}
