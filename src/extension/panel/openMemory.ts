/** Opens the page of memory. It is a command, because only crashDumpPanel.ts has the sessions of the pages. */
import * as vscode from "vscode";

/** Internal command with a `MemoryPlace`. */
export const OPEN_MEMORY = "vmcore.openMemory";

export interface MemoryPlace {
  /** Id of the debug session. */
  readonly session: string;
  /** An address. */
  readonly address: string;
}

/** Opens memory at an address as a page. */
export const showMemory = ({ id }: vscode.DebugSession, address: string): Thenable<void> =>
  vscode.commands.executeCommand(OPEN_MEMORY, { session: id, address } satisfies MemoryPlace);
