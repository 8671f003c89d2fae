import { fileURLToPath } from "node:url";
import type { InitializeParams } from "vscode-languageserver/node";
import type { InitializationOptions } from "../protocol/language.ts";

/** What a client understands beyond what the protocol asks of every client. */
export interface ClientTraits {
  readonly refreshesInlayHints: boolean;
  readonly refreshesCodeLenses: boolean;
  /** `DocumentSymbol` with children; other clients know flat lists alone. */
  readonly nestsSymbols: boolean;
  /** It asks for the place of a workspace symbol when that is chosen. */
  readonly resolvesSymbols: boolean;
  /** It serves our commands, and follows `command:` links. */
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

/** Options as far as they are an object: clients other than ours send what their users write. */
export const optionsOf = (given: unknown): InitializationOptions =>
  typeof given === "object" && given !== null ? given : {};

/** Directories of the workspace. */
export const foldersOf = ({ workspaceFolders }: InitializeParams): string[] =>
  (workspaceFolders ?? []).flatMap(({ uri }) => (uri.startsWith("file:") ? [fileURLToPath(uri)] : []));
