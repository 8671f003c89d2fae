/** Documents for kernel sources in a git repository or an archive. */
import * as vscode from "vscode";
import { TYPE, askUnlessRefused } from "../session.ts";

/** URI scheme of sources in a repository or an archive: `vmcore-source://v6.1.192/kernel/panic.c`. */
export const SOURCE_SCHEME = "vmcore-source";

/**
 * Registers read-only documents for sources that are not files on this machine, in the version of the dump's kernel.
 */
export function storedSources(): vscode.Disposable[] {
  const sources = new StoredSources();
  const isReadonly = new vscode.MarkdownString(
    vscode.l10n.t("This is the source of the crashed kernel's release, not your work tree."),
  );
  return [
    vscode.workspace.registerFileSystemProvider(SOURCE_SCHEME, sources, { isReadonly, isCaseSensitive: true }),
    vscode.debug.onDidStartDebugSession((session) => sources.add(session)),
    vscode.debug.onDidTerminateDebugSession((session) => sources.remove(session)),
  ];
}

/** Returns the URI of a source from the adapter: a path of this machine, or a URI of SOURCE_SCHEME. */
export const sourceUri = (path: string): vscode.Uri =>
  path.startsWith(`${SOURCE_SCHEME}:`) ? vscode.Uri.parse(path, true) : vscode.Uri.file(path);

/** The sources from the adapters of open dumps. A source that was shown stays after its session. */
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
      // The source belongs to another dump; try the next session.
      if (!answer) continue;
      const bytes = new TextEncoder().encode(answer.text);
      this.known.set(address, bytes);
      return bytes;
    }
    throw vscode.FileSystemError.FileNotFound(
      vscode.l10n.t("No open crash dump has this source. Open its dump again."),
    );
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
