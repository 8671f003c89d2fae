/** Reads which optional features a language client supports. */
import { fileURLToPath } from "node:url";
import type { InitializeParams } from "vscode-languageserver/node";
import type { InitializationOptions } from "../protocol/language.ts";

/** Optional features of the client. */
export interface ClientTraits {
  readonly refreshesInlayHints: boolean;
  readonly refreshesCodeLenses: boolean;
  /** Whether the client shows `DocumentSymbol` with children; other clients support only flat lists. */
  readonly nestsSymbols: boolean;
  /** Whether the client requests the location of a workspace symbol when the user chooses the symbol. */
  readonly resolvesSymbols: boolean;
  /** Whether the client runs our commands and follows `command:` links. */
  readonly servesCommands: boolean;
}

export function traitsOf({ capabilities, initializationOptions }: InitializeParams): ClientTraits {
  const { workspace, textDocument } = capabilities;
  return {
    refreshesInlayHints: workspace?.inlayHint?.refreshSupport === true,
    refreshesCodeLenses: workspace?.codeLens?.refreshSupport === true,
    nestsSymbols: textDocument?.documentSymbol?.hierarchicalDocumentSymbolSupport === true,
    resolvesSymbols: workspace?.symbol?.resolveSupport?.properties.includes("location.range") === true,
    servesCommands: optionsOf(initializationOptions).commands === true,
  };
}

/** Returns the options if they are an object, because other clients send what their users write. */
export const optionsOf = (given: unknown): InitializationOptions =>
  typeof given === "object" && given !== null ? given : {};

/** Returns the directories of the workspace. */
export const foldersOf = ({ workspaceFolders }: InitializeParams): string[] =>
  (workspaceFolders ?? []).flatMap(({ uri }) => (uri.startsWith("file:") ? [fileURLToPath(uri)] : []));
